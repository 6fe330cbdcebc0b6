"""The home page and what lies over all rooms: navigation, the Ask box."""
