# -*- test-case-name: tests.apdu.test_wrong_length -*-
"""
Repetition after 6Cxx (ISO/IEC 7816-4, 5.6): a card that was asked for the wrong number of bytes tells the right one.
"""

from __future__ import annotations

from attrs import evolve

from cardgw.apdu.command import SHORT_LE
from cardgw.apdu.completion import Completion
from cardgw.apdu.iso7816 import SW1_WRONG_LENGTH
from cardgw.apdu.response import Response
from cardgw.apdu.script import Step


class WrongLength(Completion):
    """
    Sends a command that was answered with 6Cxx again, once, with the Le that the card wants.  The card has not executed the
    first one, so this is the one repetition that is safe.  Where a script has failed before, nothing is repeated.

    It never stands below secure messaging: a wrapped command that is sent twice has a MAC that the card has already counted.
    """

    sw1 = SW1_WRONG_LENGTH
    after_refusal = False

    async def complete(self, step: Step, response: Response) -> Response:
        """
        Ask again.

        @return: the second answer, whatever it is.
        """
        return await self._ask(evolve(step, command=evolve(step.command, expected=response.sw2 or SHORT_LE)))
