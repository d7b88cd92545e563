"""Experiments for the command line: designs of a plan file, and what a test showed.

``geo_table`` is the table by geo, ``geo_ground`` that table held against the weekly one, ``geo_designs`` what ``cac
test design`` writes, ``geo_readouts`` what ``cac test readout`` makes of it.
"""
