"""Several futures solved side by side, each kept as it finishes; compared, and a robust choice."""
