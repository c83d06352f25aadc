# -*- test-case-name: tests.transports.ramhttp.test_http -*-
"""
Tests for L{cardgw.transports.ramhttp.http}.
"""
