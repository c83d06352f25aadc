# -*- test-case-name: tests.operations.test_gp_keys -*-
"""
C{gp.keys.put}: the keys of a security domain, new or others.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.apdu.command import Command
from cardgw.errors import OperationRefused, ParameterError
from cardgw.fields import choice, integer, matching, option, text
from cardgw.gp.put_key import HIGHEST, PutKey
from cardgw.interfaces import IOperation, ISession
from cardgw.operations.gp_domain import Domain, Secured
from cardgw.operations.gp_head import ChangeParameters
from cardgw.operations.gp_new_keys import ALL, ALWAYS, AUTO, LONE, NEEDED, PRIVATE, PUBLIC, SINGLE, Choice, Form
from cardgw.operations.gp_operation import GpOperation, shown_keys
from cardgw.operations.gp_signing import NOBODY, KeySource
from cardgw.operations.gp_warnings import are_for_trial, for_trial
from cardgw.scp.diversification import DATA_LENGTH, MasterKeys

_CARD = matching(f"{DATA_LENGTH} bytes in hexadecimal", f"([0-9A-Fa-f]{{{2 * DATA_LENGTH}}})?")


FIRST = 1
"""The identifier of the first key of a version."""


@frozen
class PutKeysParameters(ChangeParameters):
    """
    What the caller gives.
    """

    new: str = option(text, "the name of the key set, key pair or public key that is put on the card ([keys])")
    version: int | None = option(integer(1, HIGHEST), "its version on the card; by itself that of the settings", default=None)
    replaces: int | None = option(
        integer(1, 0xFF), "the version of the key set that it replaces; without it, it is added", default=None
    )
    identifier: int | None = option(
        integer(0, HIGHEST),
        "the identifier of the key, or of the first of three (1); 17, 19 and 21 are the card's own for SCP11a, b and c, 16 and "
        "32 to 47 those of who certifies hosts; by itself 1, but of a key pair only with the versions for tokens and signatures "
        "(112, 113, 115 to 117)",
        default=None,
    )
    key: str = option(choice(ALL, *SINGLE), "all three keys of a key set, or a single one (for signatures, say)", default=ALL)
    part: str = option(
        choice(AUTO, PRIVATE, PUBLIC),
        "which half of a key pair; by itself the private one with the identifiers 17, 19 and 21, else the public one",
        default=AUTO,
    )
    inner_length: str = option(
        choice(AUTO, ALWAYS, NEEDED),
        "whether the length of a key stands before it where it is encrypted: always, or only where padding hides it; by itself "
        "always with AES (Amendment D), but not with a yubikey",
        default=AUTO,
    )
    diversification: str = option(
        _CARD, "the key diversification data of the card (10 bytes): a dry run tells the check values of this one", default=""
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
has lost the card: see first, with dry_run, that their check values are the right ones.  With diversification (gp.data.get tells
it) they are those of one card.

Or a single key of it; or of a key pair the private half, for SCP11, or the public half, of whoever certifies hosts for SCP11,
signs load files, or makes tokens.
"""
    parameters: Any = PutKeysParameters

    def check(self, session: ISession) -> None:
        """
        See L{GpOperation.check}.
        """
        found = session.keys(session.parameters.new)
        _choice(session.parameters, found).check(found)

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        See L{GpOperation.perform}.

        @return: C{version}, C{identifier} (of the first key), and C{check_values}, which the card has confirmed: of ENC, MAC and
            DEK, of a single key, or none: key pairs have none.
        @raise ParameterError: the keys do not leave their token.
        @raise KeyCheckFailed: the card has stored others.
        @raise OperationRefused: it is another card than C{diversification} says.
        """
        parameters: PutKeysParameters = session.parameters
        if domain.secured is None:
            raise ParameterError(f"keys: missing; without them (protocol={parameters.protocol}) nothing can encrypt the new ones")
        command = await self.aside(session)(partial(_put, parameters, session.keys(parameters.new), domain.secured))
        session.stage("gp_put_keys", version=command.version)
        answer = await domain.slowly(command.command(), "PUT KEY")
        command.check(answer.data)
        values = [each.check.hex().upper() for each in command.keys if each.check]
        return {"version": command.version, "identifier": command.identifier, "check_values": values}

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

    def shown(self, session: ISession, name: str) -> dict[str, Any]:
        """
        See L{GpOperation.shown}.
        """
        card = bytes.fromhex(session.parameters.diversification)
        return shown_keys(session, name, card or None)

    def warnings(self, session: ISession) -> list[str]:
        """
        See L{GpOperation.warnings}.
        """
        new = session.parameters.new
        return [for_trial(new)] if are_for_trial(session.keys(new)) else []


def _of_card(parameters: PutKeysParameters, told: bytes) -> bytes:
    """
    Of the card that is here.
    """
    wanted = bytes.fromhex(parameters.diversification)
    if wanted and told and wanted != told:
        raise OperationRefused("diversification: these keys are for another one")
    return told or wanted


def _version(parameters: PutKeysParameters, found: Any) -> int:
    version: int = getattr(found, "version", 0) if parameters.version is None else parameters.version
    return version


def _choice(parameters: PutKeysParameters, found: Any) -> Choice:
    lone = parameters.identifier is None and _version(parameters, found) in LONE
    return Choice(parameters.key, parameters.part, FIRST if lone else parameters.identifier)


def _put(parameters: PutKeysParameters, found: Any, secured: Secured) -> PutKey:
    form = Form(secured.channel.dek, parameters.inner_length, secured.scp.family.name)
    chosen, version = _choice(parameters, found), _version(parameters, found)
    card = _of_card(parameters, secured.diversification)
    if isinstance(found, MasterKeys) and not card:
        raise ParameterError("diversification: missing; each card has keys of its own, and this one has not told which it is")
    fields = chosen.fields(found, form, card or NOBODY)
    return PutKey(
        version, fields, identifier=FIRST if chosen.identifier is None else chosen.identifier, replaces=parameters.replaces
    )
