"""
What is said to cards of GlobalPlatform: who they are.
"""
