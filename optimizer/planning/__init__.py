"""The quarterly planning run: from a plan file to a run folder, with the objects that an analyst would use by hand.

``file`` reads plan.yaml, ``stages`` are the run, one file a stage, ``outputs`` writes and prints; ``run`` puts them in
order and ``cli`` is the command. Begin with ``run``. Imports all three packages; nothing outside imports this room.
"""
