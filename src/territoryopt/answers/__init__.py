"""Questions about a plan that need a search: what if, what a rule costs, how sure, what trades for
what. Each answer is numbers first, with what is proved and what is claimed; sentences come after.
"""
