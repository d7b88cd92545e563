"""Ledger: the folders of past runs, and which of them is the last good one.

Begin with ``runs``. Knows files and folders alone: no plan file, no model, no table of a run.
"""
