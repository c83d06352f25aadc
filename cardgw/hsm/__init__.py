"""
Keys in PKCS#11 tokens: they are used there, and never leave.
"""
