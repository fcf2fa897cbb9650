"""Living with a plan: realign it with few moves, place one new account, cut a change into steps."""
