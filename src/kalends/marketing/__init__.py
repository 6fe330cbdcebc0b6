"""Platform data: brought in, checked, versioned, and traceable to the raw payload."""
