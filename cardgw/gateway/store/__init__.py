# -*- test-case-name: tests.gateway.store -*-
"""
What outlives the gateway, in SQL: jobs, the outbox, what is remembered about cards, tokens, and who changed what.
"""
