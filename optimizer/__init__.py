"""Optimizer: from response curves to the spend with the lowest blended CAC, with a proof."""
