"""
What card holders read, in their language: L{cardgw.texts.catalogue}, and a file for each language in C{languages/}.
"""
