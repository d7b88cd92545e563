"""Model: what is assumed about media, baseline and noise."""
