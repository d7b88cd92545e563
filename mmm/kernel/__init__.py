"""The log density of the mix model and its gradient as compiled loops; plain arrays in, plain arrays out.

The sampled vector is first mapped to natural values with the priors' terms (``prior``), then one reverse sweep through
adstock (``carryover``), saturation (``response``), channels (``channel``) and the marginalised Gaussian baseline or
another likelihood (``noise``) gives the likelihood and its gradient (``density``). ``mmm.sampling.pymc_graph`` builds
the same density as a PyMC graph; a test holds the two together. Panels of several geos have a density of their own
(``geo``), with what all geos share (``shared``).
"""
