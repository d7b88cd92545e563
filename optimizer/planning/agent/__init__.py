"""The tool server ``cac serve``: what an assistant may ask of the files of one folder, and how it is answered.

``server`` speaks the Model Context Protocol; ``work`` does what the command of a tool's name does, by ``process`` in a
process of its own; ``inside`` keeps it to the folder; ``kept`` and ``answers`` turn a run's folder into figures with
their intervals. Has no logic of its own; begin with ``work``. Only ``cli`` imports this room.
"""
