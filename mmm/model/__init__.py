"""Model: what is assumed about media, baseline and noise, composed of small frozen objects.

``priors`` are single distributions, ``effects`` beliefs about channels, ``adstock`` and ``saturation`` what spend does
over time and in size, ``baseline`` what customers do without media. Nothing is computed here: ``mmm.sampling`` turns
model and panel into arrays. Begin with ``model``. Imports curves and data.
"""
