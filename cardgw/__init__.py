"""
One gateway to every remote card: transports below, operations above, L{cardgw.interfaces.ICardChannel} between them.
"""
