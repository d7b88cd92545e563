"""Drawing: the look that pictures of all three packages share.

``canvas`` holds settings, axes, titles and SVG, ``palette`` the colours, ``labels`` names as texts, ``axes`` amounts
and percentages, ``dot_rows`` the picture that most others are made of. Begin with ``dot_rows``. Imports errors,
estimates and numbers only; Matplotlib is loaded when something is drawn.
"""
