"""File: the plan file becomes the objects an analyst would build by hand.

``document`` reads YAML and remembers lines, ``config`` checks it against ``keys`` and names file, line and the nearest
valid key, ``assemble`` and ``column_roles`` build plans, journeys and panels. Begin with ``config``. YAML's mappings
end here: nothing further on reads a key.
"""
