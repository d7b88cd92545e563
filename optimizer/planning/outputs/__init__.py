"""Outputs: what a run writes and prints.

``folder`` writes the run folder whole with a manifest that vouches for it, ``report`` the page, ``sections`` holds what
stands on it, ``terminal`` the short summary. All read a finished run (``stages.result``) and decide nothing. Begin with
``folder``.
"""
