# -*- test-case-name: tests.functional.test_touch_daemon -*-
"""
The C{twistd cardgw-touch} command.  Nothing is imported from cardgw until the command is used.
"""

from twisted.application.service import ServiceMaker

cardgw_touch = ServiceMaker(
    "cardgw-touch", "cardgw.touch_tap", "lends the card in a reader here to the servers of web pages", "cardgw-touch"
)
