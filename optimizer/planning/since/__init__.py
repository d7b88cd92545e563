"""Since the last run: what changed and what that moved, and new weeks held against what was planned.

``past`` reads the last run, ``differences`` what differs, ``chain`` the figures between the two by way of ``refits``,
``refresh`` all of it for the report; ``actuals`` and ``watching`` are of ``cac monitor``, ``replans`` of what it
proposes. Begin with ``refresh``. Imports inputs and stages.
"""
