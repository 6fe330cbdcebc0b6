"""The doors by which payloads come in, and what is promised about them: streams, webhooks, contracts, replays."""
