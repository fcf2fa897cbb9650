"""Few reps, tight capacities: the generalised assignment problem as a game of its own."""
