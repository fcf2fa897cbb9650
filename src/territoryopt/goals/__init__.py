"""What a territory is asked to bring, and how well it is cut: quotas, KPIs, quality, whitespace."""
