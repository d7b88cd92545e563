"""Pictures of plans that are long enough for files of their own; ``optimizer.plots`` hands them out.

``steps`` draws what leads from one figure to another, a row per step, and shares of spend against shares of effect.
Imports the look of all pictures from ``attribution.drawing`` and no plan: tables go in, axes come out.
"""
