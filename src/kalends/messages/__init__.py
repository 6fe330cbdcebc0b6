"""Weekly schedules of paid messages and bumps for creator pages."""
