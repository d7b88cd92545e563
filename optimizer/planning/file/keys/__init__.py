"""The sections of the plan file, one class each: keys, defaults, and what belongs together.

``data`` names tables and columns, ``analyses`` attribution and model, ``plan`` the question and what-ifs; ``base`` is
what all share. docs/plan-file.md lists the same keys, and a test holds the two together. Begin with ``data``.
"""
