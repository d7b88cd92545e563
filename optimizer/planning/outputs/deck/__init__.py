"""Five slides of a run: what they say, kept with the run as ``slides.json``, and PowerPoint made of that.

``content`` is plain data that JSON holds, ``five`` makes it of a finished run, ``pptx_file`` draws it in native charts
and is the only module that imports python-pptx, the extra ``slides``. Begin with ``five``.
"""
