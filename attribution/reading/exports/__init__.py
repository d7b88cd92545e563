"""Exports: files as advertising platforms, shops and CRM systems write them become long tables with the same columns.

One file a platform names its columns, marks and habits; ``cells`` gives any file as rows of text, ``header`` looks for
the line of names below a preamble, ``amounts`` and ``days`` read numbers and dates strictly, ``advertising`` makes
spend of rows, ``orders`` makes orders of them. Begin with ``registry``, which knows all kinds. Imports only errors,
numbers and its own room.
"""
