"""Models: journeys become credit."""
