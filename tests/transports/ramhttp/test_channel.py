# -*- test-case-name: tests.transports.ramhttp.test_channel -*-
"""
Tests for L{cardgw.transports.ramhttp.channel}.
"""
