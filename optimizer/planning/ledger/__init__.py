"""Ledger: the folders of past runs, and which of them is the last good one.

Begin with ``runs``, which names everything in an output folder; ``place`` refuses a folder before the work, ``lock``
keeps it to one run, ``record`` writes a run's set and makes it the latest, ``manifest`` vouches for it, ``cleaning``
removes old ones. Knows files and folders alone: no plan file, no model, no table of a run.
"""
