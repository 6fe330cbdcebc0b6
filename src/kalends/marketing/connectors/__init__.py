"""Connectors: how each platform is asked, and the one core that does the asking."""
