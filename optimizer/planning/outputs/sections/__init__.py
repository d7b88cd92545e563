"""Sections of the report: a module and a template of the same name each, listed in contents.py."""
