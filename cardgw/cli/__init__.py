"""
The C{cardgw} command.
"""
