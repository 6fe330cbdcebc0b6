"""Charts, defined in Python and drawn in the browser: one theme, a few kinds, each with its words."""
