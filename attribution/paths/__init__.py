"""Paths: touches become journeys.

``path_rules`` says which touches belong to which conversion, once, as an expression that an engine runs; a log in the
embedded engine is partitioned (``partition``) and folded (``fold``) into arrays instead, with the same result.
``touches`` is the one language in which models read both, as arrays (``array_touches``) or as expressions
(``ibis_touches``). Begin with ``journeys``. Imports ``attribution.reading``; knows no model.
"""
