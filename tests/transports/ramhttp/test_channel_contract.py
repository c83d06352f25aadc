# -*- test-case-name: tests.transports.ramhttp.test_channel_contract -*-
"""
Tests for L{cardgw.transports.ramhttp.channel_contract}.
"""
