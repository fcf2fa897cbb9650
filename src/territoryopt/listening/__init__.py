"""What reps and managers ask for, priced against the plan, decided, and kept."""
