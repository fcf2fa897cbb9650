"""What was planned when, from what, and what changed: run folders read as a history."""
