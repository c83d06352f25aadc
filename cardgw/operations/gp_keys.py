# -*- test-case-name: tests.operations.test_gp_keys -*-
"""
C{gp.keys.put}: the keys of a security domain, new or others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol, runtime_checkable

from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.apdu.command import Command
from cardgw.errors import NotSupported, ParameterError
from cardgw.fields import choice, integer, option, text
from cardgw.gp.keys import Encrypt, InnerLength, KeyField, aes_key, des_key
from cardgw.gp.put_key import PutKey
from cardgw.interfaces import IOperation, ISession
from cardgw.operations.gp_domain import Domain, Secured
from cardgw.operations.gp_head import ChangeParameters
from cardgw.operations.gp_operation import GpOperation
from cardgw.operations.gp_signing import KeySource
from cardgw.scp.keys import DES_BLOCK, KeySet, StaticKey

_ALWAYS, _NEEDED = "always", "needed"
_INNER = {_ALWAYS: InnerLength.ALWAYS, _NEEDED: InnerLength.NEEDED}


@runtime_checkable
class PuttableKey(Protocol):
    """
    A key that can be put on a card: it does not stay in a token.
    """

    def put(self, make: Callable[[bytes], KeyField]) -> KeyField:
        """
        See L{cardgw.scp.keys.AesKey.put}.
        """


@frozen
class PutKeysParameters(ChangeParameters):
    """
    What the caller gives.
    """

    new: str = option(text, "the name of the key set that is put on the card ([keys])")
    version: int | None = option(integer(1, 0x7F), "its version on the card; by itself that of the settings", default=None)
    replaces: int | None = option(
        integer(1, 0xFF), "the version of the key set that it replaces; without it, it is added", default=None
    )
    inner_length: str = option(
        choice(*_INNER),
        "whether the length of an AES key stands before it: always, as in Amendment D, or only where it is needed",
        default=_ALWAYS,
    )


@implementer(IPlugin, IOperation)
class PutGpKeys(GpOperation):
    """
    See L{IOperation}.
    """

    name = "gp.keys.put"
    summary = "put a key set on a security domain, or replace one"
    help = """\
Puts the three keys of a key set of the settings on the card, encrypted for it, and compares the check values that it answers.
The first key set that is put replaces the one from the factory (version 255), whatever "replaces" says.  Whoever loses the keys
has lost the card: see first, with dry_run, that their check values are the right ones.
"""
    parameters: Any = PutKeysParameters

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        See L{GpOperation.perform}.

        @return: C{version}, and C{check_values} of ENC, MAC and DEK, which the card has confirmed.
        @raise NotSupported: the keys do not leave their token.
        @raise KeyCheckFailed: the card has stored others.
        """
        parameters: PutKeysParameters = session.parameters
        if domain.secured is None:
            raise ParameterError("keys: missing")
        keys = session.keys(parameters.new).for_card(domain.secured.diversification)
        command = _put(parameters, keys, domain.secured)
        session.stage("gp_put_keys", version=command.version)
        answer = await domain.slowly(command.command(), "PUT KEY")
        command.check(answer.data)
        return {"version": command.version, "check_values": [each.hex().upper() for each in keys.check_values()]}

    def plan(self, parameters: PutKeysParameters, keys: KeySource) -> Iterable[Command]:
        """
        See L{GpOperation.plan}.  PUT KEY is encrypted for one session, so it cannot be told before; the check values can.
        """
        return ()

    def key_sets(self, parameters: PutKeysParameters) -> tuple[str, ...]:
        """
        See L{GpOperation.key_sets}.
        """
        return (parameters.keys, parameters.new)


def _put(parameters: PutKeysParameters, keys: KeySet, secured: Secured) -> PutKey:
    version = keys.version if parameters.version is None else parameters.version
    dek = secured.channel.dek
    fields = (_field(each, dek, _INNER[parameters.inner_length]) for each in (keys.enc, keys.mac, keys.dek))
    return PutKey(version, tuple(fields), replaces=parameters.replaces)


def _field(key: StaticKey, dek: StaticKey, inner: InnerLength) -> KeyField:
    if not isinstance(key, PuttableKey):
        raise NotSupported("a key that does not leave its token cannot be put on a card")
    encrypt: Encrypt = dek.encrypt
    if key.block == DES_BLOCK:
        return key.put(partial(des_key, encrypt=encrypt, block=dek.block))
    return key.put(partial(aes_key, encrypt=encrypt, inner=inner, block=dek.block))
