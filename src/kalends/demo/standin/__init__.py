"""Stand-ins for the seventeen platforms: one local server that speaks each one's protocol, for demos and tests.

It is called through the connectors' gateway: https://graph.facebook.com/v25.0/me becomes
http://127.0.0.1:PORT/graph.facebook.com/v25.0/me.
"""
