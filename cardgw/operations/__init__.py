"""
What can be done to cards: the implementations that the drop-ins in C{plugins/} name.
"""
