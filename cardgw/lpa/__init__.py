"""
GSMA SGP.22: activation codes, ES10, ES9+, bound profile packages, notifications, and whose certificates are believed.
"""
