"""How much an account is worth and how often it is called on: tiers, points, a score learned from
what was won and lost; potential, visits and hours of them, each traced to its parts."""
