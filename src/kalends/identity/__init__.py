"""Tenants, people, roles, and the ways in: sessions, API keys, invitations, the local owner token."""
