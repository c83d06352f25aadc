"""
The HTTP API: L{cardgw.web.endpoints} is the table of what it offers, L{cardgw.web.api} serves it, L{cardgw.web.openapi} describes
it.
"""
