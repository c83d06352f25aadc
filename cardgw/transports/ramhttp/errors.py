# -*- test-case-name: tests.transports.ramhttp.test_errors -*-
"""
How the card's side of a dialogue over HTTP ends it, by name.
"""

from __future__ import annotations

from cardgw.errors import PeerLost

_TEXT_MAX = 200


class CardRemoved(PeerLost):
    """
    The card was removed from its reader.
    """


class EndedByClient(PeerLost):
    """
    The card's side has ended the session.
    """


class ClientRestarted(PeerLost):
    """
    The card's side has begun anew.
    """


class AnswersUncertain(PeerLost):
    """
    The card's side changed its connection, and whether it answers or repeats cannot be told.
    """

    hint = "What it was to do is not done twice: see on the card what has been done."


def quoted(text: str) -> str:
    """
    A stranger's text, in one line and not too long.
    """
    line = " ".join("".join(each if each.isprintable() else " " for each in text[: 2 * _TEXT_MAX]).split())
    return line if len(line) <= _TEXT_MAX else line[:_TEXT_MAX] + "..."
