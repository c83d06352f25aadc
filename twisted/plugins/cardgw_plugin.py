# -*- test-case-name: tests.functional.test_packaging -*-
"""
The C{twistd cardgw} command.  Nothing is imported from cardgw until the command is used.
"""

from twisted.application.service import ServiceMaker

cardgw = ServiceMaker("cardgw", "cardgw.tap", "gateway to remote smart cards", "cardgw")
