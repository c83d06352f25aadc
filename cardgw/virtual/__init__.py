"""
Counterparts in software, cryptographically real: cards, terminals, servers and a test PKI.
"""
