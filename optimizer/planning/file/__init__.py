"""File: the plan file becomes the objects an analyst would build by hand."""
