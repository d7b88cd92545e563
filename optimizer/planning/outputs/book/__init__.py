"""The workbook that people open: a module a sheet, each with its words in one place, and ``whole``, which lists them.

``sheet`` writes titles, sentences and tables that print on few pages, ``formats`` says how a column of numbers is
written, ``charts`` makes native charts of cells. Reads finished runs and computes nothing that the report has not,
but for live formulas where a reader types spend. Begin with ``whole``.
"""
