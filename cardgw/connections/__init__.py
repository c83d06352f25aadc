"""
What transports whose cards dial in have in common: a connection and its deadline, how many there may be, and how they end.
"""
