"""Marketing-mix model: from weekly spend and new customers to response curves with uncertainty."""
