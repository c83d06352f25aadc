# -*- test-case-name: tests.scp.test_errors -*-
"""
What can go wrong with secure channels.  None of these says anything about keys but which ones were meant.
"""

from __future__ import annotations

from typing import Self

from cardgw.apdu.response import Response
from cardgw.errors import CardError, LocalError, NotSupported, UnexpectedStatus

_COUNTS = "Do not try again with the same keys: the card may count failures, and block them for good."


class LevelNotPossible(LocalError):
    """
    This security level is not possible with this card.
    """


class CommandNotProtectable(NotSupported):
    """
    This command cannot be sent in the secure channel.
    """


class SecureSessionOver(CardError):
    """
    The secure channel to the card is over.
    """

    hint = "Open it again."


class WrongProtocol(CardError):
    """
    The card speaks another secure channel protocol.
    """

    hint = "AES keys are for SCP03, triple DES keys for SCP02, key pairs for SCP11."

    @classmethod
    def of(cls, version: int, told: int, wanted: int) -> Self:
        """
        @param version: of the keys.
        @param told: the number of the protocol that the card has named.
        """
        return cls(f"with keys {version:02X} it speaks SCP{told:02X}, not SCP{wanted:02X}")


class KeysDiffer(CardError):
    """
    The card does not have the keys that it was expected to have.
    """

    hint = _COUNTS


class HostRefused(UnexpectedStatus):
    """
    The card did not accept the keys.
    """

    hint = _COUNTS


class ChallengeDiffers(CardError):
    """
    The card's challenge is not the one that follows from its keys.
    """

    hint = _COUNTS


class AnswerNotAuthentic(CardError):
    """
    The card's answer is not protected as it must be.

    @ivar responses: the answers before it, where a script was running.
    """

    hint = "Somebody may be in between; what the card has done is not known."
    responses: tuple[Response, ...] = ()
