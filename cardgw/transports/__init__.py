"""
How cards are reached: one package per way, each with its wire format, its channel and its service.
"""
