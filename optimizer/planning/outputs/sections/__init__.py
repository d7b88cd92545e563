"""Sections: what stands in the report, a module and a template of the same name each.

A module gives its ``Section``: what the template shows of a run, its figures, and its tables for CSV;
``contents`` lists them in order. A new section is a module, a template and a line there. Begin with ``section``.
"""
