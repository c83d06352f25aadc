"""
What is said to cards of GlobalPlatform: who they are, what is on them, and how that is changed.  No I/O but by channels.
"""
