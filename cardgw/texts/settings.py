# -*- test-case-name: tests.texts.test_settings -*-
"""
The settings of what card holders read: C{[texts]}.
"""

from __future__ import annotations

from attrs import frozen

from cardgw.fields import choice, option
from cardgw.texts.catalogue import ENGLISH, languages


@frozen
class TextSettings:
    """
    The table C{[texts]}.
    """

    language: str = option(
        choice(*languages()),
        "the language of the boxes on the card holder's phone; log, API and commands stay English",
        default=ENGLISH,
    )
