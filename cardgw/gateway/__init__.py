"""
What is here now, what is to be done, what was done: between the transports and the operations, knowing both only by interface.
"""
