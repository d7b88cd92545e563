"""Stages: one file for each stage of a run, a function from what is known to what is known next.

In order: ``attribute``, ``model``, ``fit``, ``rivals``, ``optimize`` (judged by ``aim``), ``worth``, ``given``,
``trust`` (which hands on ``trusted``), ``belief``, ``next_tests``; ``result`` is what a finished run holds. Begin with
``result``. Imports the three packages, the plan file's classes and inputs; writes nothing.
"""
