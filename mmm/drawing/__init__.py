"""Drawing: plots of the mix model that plots.py hands out."""
