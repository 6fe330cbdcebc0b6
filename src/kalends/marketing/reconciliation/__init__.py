"""The same thing as several sources measure it, brought to one number that says how sure it is."""
