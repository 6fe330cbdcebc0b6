"""What people are told: an inbox inside Kalends, e-mail and signed webhooks outside."""
