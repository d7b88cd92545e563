"""Analysis: what credit and journeys say beyond one number a channel.

Intervals (``bootstrap``), credit by segment, period and conversion, hold-out scores and the choice of an order
(``evaluation``), flags for channels that meet people who had decided (``intent_riders``), and how people move
(``flow``). One question a file, none needs another. Begin with ``bootstrap``. Imports models, paths and economics.
"""
