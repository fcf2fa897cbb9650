"""territoryopt: the open engine for sales-territory alignment."""
