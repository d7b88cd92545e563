"""Data: weekly tables and experiments become checked arrays.

``panel`` is the table as named arrays, ``column_roles`` what its columns stand for, ``lift_tests`` experiments,
``holidays`` columns that past and coming weeks share; ``panel_checks`` are findings before anything is fitted. Begin
with ``panel``. Imports ``attribution.reading``; knows no model.
"""
