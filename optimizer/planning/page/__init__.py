"""Page: the planner of a finished run in a browser, on this machine alone.

Begin with ``screen``, which has the parts in their order; ``state`` is what one tab holds, ``controls`` what a person
moves, ``pieces`` the HTML of what is shown, ``server`` how it is started. It computes nothing: questions go to
``stages.wishes``, files come from ``outputs.wish_files``.
"""
