"""Inputs: the tables that a plan file names become checked values, before anything runs.

``weekly_table`` and ``assembled`` read weeks, ``paths_of_file`` the path log, ``small_tables`` all that stands beside
them; ``reading`` keeps what was read and every problem in words of the plan file. Begin with ``inputs``. Imports the
three packages, the plan file's classes and the ledger; knows no stage of a run.
"""
