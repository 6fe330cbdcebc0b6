"""Kalends."""
