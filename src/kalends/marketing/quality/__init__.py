"""How right the facts are: checks, what they find, and grades out of it."""
