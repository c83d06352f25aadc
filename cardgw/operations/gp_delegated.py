# -*- test-case-name: tests.operations.test_gp_delegated -*-
"""
Delegated management, as operations are told of it: tokens, with which the issuer allows what is done, and receipts, with which
the card confirms it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from attrs import define, field, frozen

from cardgw.errors import MalformedAnswer, ParameterError
from cardgw.fields import each_of, octets, option, text
from cardgw.gp.delegated import Verify, parse_receipt, with_token
from cardgw.gp.delete import Delete
from cardgw.gp.errors import ReceiptInvalid
from cardgw.gp.install import Install
from cardgw.gp.parameters import check_control
from cardgw.operations.gp_domain import Domain
from cardgw.operations.gp_head import ChangeParameters
from cardgw.operations.gp_signing import NOBODY, KeySource, signer, verifier
from cardgw.scp.aside import Aside, at_once
from cardgw.scp.diversification import DATA_LENGTH

_Content = TypeVar("_Content", Install, Delete)


@frozen
class DelegatedParameters(ChangeParameters):
    """
    Of those that may be done under delegated management.
    """

    token: str = option(
        text, "the name of the key set that signs tokens ([keys]), for delegated management; empty: none", default=""
    )
    tokens: tuple[bytes, ...] = option(
        each_of(octets), "ready tokens instead: one for each INSTALL or DELETE, in their order", default=(), secret=True
    )
    control: bytes = option(octets, "the data object B6, whole, that tells the card about the token", default=b"")
    receipts: str = option(
        text, "the name of the key set that checks receipts of the card; empty: they are told, and not checked", default=""
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.token and self.tokens:
            raise ParameterError("tokens: token makes them already")
        check_control(self.control)


def card_of(domain: Domain) -> bytes:
    """
    The key diversification data of the card, as the secure channel has told them; of L{NOBODY} where it did not.
    """
    told = b"" if domain.secured is None else domain.secured.diversification
    return told if len(told) == DATA_LENGTH else NOBODY


class Tokens:
    """
    The tokens of one run.
    """

    def __init__(self, parameters: DelegatedParameters, keys: KeySource, diversification: bytes = NOBODY) -> None:
        """
        @raise ParameterError: the key set cannot sign.
        @raise SecretError: there is none.
        """
        self._sign = signer(parameters.token, keys, diversification) if parameters.token else None
        self._ready = list(parameters.tokens)
        self._are_ready = bool(parameters.tokens)

    def on(self, content: _Content) -> _Content:
        """
        The same with its token, where there are any.

        @raise ParameterError: there are fewer tokens than commands.
        """
        if self._sign is not None:
            return with_token(content, self._sign)
        if not self._are_ready:
            return content
        if not self._ready:
            raise ParameterError("tokens: there are fewer than commands that need one")
        return content.with_token(self._ready.pop(0))

    def all_used(self) -> None:
        """
        @raise ParameterError: there are more tokens than commands.
        """
        if self._ready:
            raise ParameterError("tokens: there are more than commands that need one")


@define(eq=False)
class Receipts:
    """
    What the card has confirmed.

    @ivar aside: where they are checked.
    @ivar found: of each receipt C{of} (the command), C{aid}, C{counter}, C{receipt} (hexadecimal) and C{verified}: C{None} where
        nobody was to check it.
    """

    verify: Verify | None
    aside: Aside = at_once
    found: list[dict[str, Any]] = field(factory=list)

    @classmethod
    def of(
        cls, parameters: DelegatedParameters, keys: KeySource, diversification: bytes = NOBODY, aside: Aside = at_once
    ) -> Receipts:
        """
        @raise ParameterError: the key set cannot check.
        @raise SecretError: there is none.
        """
        return cls(verifier(parameters.receipts, keys, diversification) if parameters.receipts else None, aside)

    async def take(self, what: str, aid: bytes, answer: bytes, done: Callable[[], bytes]) -> None:
        """
        What a command was answered with; most answers have no receipt.  It is done already, so nothing is raised.

        @param what: the command.
        @param done: gives what the receipt is about.
        """
        told: dict[str, Any] = {"of": what, "aid": aid.hex().upper(), "counter": None, "receipt": answer.hex().upper()}
        try:
            receipt = parse_receipt(answer)
        except MalformedAnswer:
            self.found.append({**told, "verified": None if self.verify is None else False})
            return
        if receipt is None:
            return
        told |= {"counter": receipt.counter, "receipt": receipt.signature.hex().upper()}
        try:
            if self.verify is not None:
                await self.aside(partial(receipt.check, done(), self.verify))
        except (ReceiptInvalid, ParameterError):
            self.found.append({**told, "verified": False})
        else:
            self.found.append({**told, "verified": None if self.verify is None else True})

    def warnings(self) -> Sequence[str]:
        """
        What is wrong with them, in words.
        """
        wrong = (each for each in self.found if each["verified"] is False)
        return [f"The card's receipt is wrong: {each['of']} of {each['aid']}." for each in wrong]
