"""Reasons for a plan, and for there being none."""
