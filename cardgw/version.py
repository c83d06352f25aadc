# -*- test-case-name: tests.test_version -*-
"""
The version of this distribution; C{setup.cfg} reads it from here.
"""

VERSION = "0.1.0"
"""PEP 440; NEWS.md has an entry for it."""
