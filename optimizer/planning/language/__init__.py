"""The languages that outputs speak.

The code writes plain English; this room says it in another language at the boundary of output. The messages are read
off the sources (`sources`, `markup`), their translations lie in `catalogues/`, and a `Translator` holds a finished
English text against them, numbers and dates included. It may import attribution alone; begin with `translator`.
"""
