"""Actuals against goals, month by month: attainment, drift, and whether realigning would pay."""
