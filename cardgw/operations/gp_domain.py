# -*- test-case-name: tests.operations.test_gp_domain -*-
"""
The way to a security domain: it is selected, on a logical channel where there are any, and authenticated to.

Which secure channel that is, L{cardgw.operations.gp_protocol} and L{cardgw.operations.gp_agreement} find out; failures are
counted (L{cardgw.operations.gp_failures}).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from attrs import evolve, field, frozen
from twisted.internet.defer import CancelledError

from cardgw.apdu.base import Answers, Watch
from cardgw.apdu.command import SHORT_DATA, SHORT_LE, Command
from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.iso7816 import BASIC, class_byte
from cardgw.apdu.logical import close_channel, open_any
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, OK, PROACTIVE, WARNINGS, Script, Step
from cardgw.apdu.tlv import only
from cardgw.apdu.unbroken import to_its_end
from cardgw.apdu.wrong_length import WrongLength
from cardgw.errors import CardGatewayError, UnexpectedStatus
from cardgw.gp import commands, isd
from cardgw.gp.commands import Ins
from cardgw.gp.identity import gp_identity
from cardgw.interfaces import ICardChannel, ISession
from cardgw.operations.gp_agreement import plan_agreement, read_diversification
from cardgw.operations.gp_errors import NoSecureConnection, NoSecurityDomain
from cardgw.operations.gp_failures import Failures
from cardgw.operations.gp_head import PLAIN, SCP11B, SCP81, GpParameters
from cardgw.operations.gp_protocol import CardKeys, is_unprotected, look_around, static_handshake, wanted_keys
from cardgw.operations.gp_warnings import UNPROTECTED, warnings_of
from cardgw.scp.aside import aside_of
from cardgw.scp.channel import SecureChannel, run_handshake
from cardgw.scp.host_keys import HostKeys
from cardgw.scp.scp11 import scp11
from cardgw.scp.session import Handshake, Session

_SELECTED = (OK, PROACTIVE, WARNINGS)
_READING = frozenset({Ins.GET_DATA, Ins.GET_STATUS})
"""What a card may be asked twice.  That it has not done the rest, it alone can say; 6Cxx could come from anybody."""


class _ReadAgain(WrongLength):
    """
    Asks again after 6Cxx, protected anew, for what is only read.
    """

    def _incomplete(self, step: Step, response: Response) -> bool:
        return step.command.ins in _READING and super()._incomplete(step, response)


@frozen(eq=False)
class Secured:
    """
    A secure channel that is open.

    @ivar diversification: what the card told of itself for it, 10 bytes; in SCP11 empty where it does not tell.
    """

    channel: SecureChannel
    scp: Session
    diversification: bytes = field(repr=False)


@frozen(eq=False)
class Domain:
    """
    A security domain that is selected.

    @ivar aid: its AID, where it is known.
    @ivar below: the channel without protection.
    @ivar number: the logical channel.
    @ivar secured: C{None} where nobody has authenticated.
    @ivar most: most bytes of data in a command, as it has told when it was selected; C{None} where it did not.
    """

    aid: bytes
    below: ICardChannel
    number: int
    secured: Secured | None = None
    most: int | None = None

    @property
    def channel(self) -> ICardChannel:
        """
        What commands go through; it repairs 61xx, and 6Cxx: in a secure channel, of what only reads.
        """
        return WrongLength(self.below) if self.secured is None else _ReadAgain(self.secured.channel)

    @property
    def block(self) -> int:
        """
        Most bytes of plain data in one short command: what the level, the connection and the card let through.
        """
        limit = SHORT_DATA if self.most is None else min(self.most, SHORT_DATA)
        if self.secured is None:
            return limit
        return min(self.secured.channel.most_data, self.secured.scp.most_data(limit))

    async def send(self, script: Script, what: str, watch: Watch = None) -> Answers:
        """
        Run a script that is written for the basic logical channel.

        @param what: for errors, which tell also which command it is if there are several.
        @raise UnexpectedStatus: an answer is not allowed.
        """
        answers = await self.channel.exchange(commands.at(script, self.number), watch)
        for number, (step, answer) in enumerate(zip(script.steps, answers, strict=False), 1):
            if not step.allows(answer):
                total = len(script.steps)
                raise UnexpectedStatus(answer, f"{what}, {number} of {total}" if total > 1 else what)
        return answers

    async def slowly(self, command: Command, what: str) -> Response:
        """
        Send one command that may take the card long.
        """
        return (await self.send(Script((Step(command, slow=True),)), what))[-1]

    async def close(self) -> None:
        """
        End the secure channel, and close the logical one.  Never fails.
        """
        if self.secured is not None:
            self.secured.channel.end()
            if self.number == BASIC:
                await _leave(self.below, self.aid)
        await close_channel(self.below, self.number)


async def _leave(channel: ICardChannel, aid: bytes) -> None:
    """
    On the basic channel a session ends with the next SELECT: so nobody finds one that is open, also where this is cancelled.
    """
    try:
        _, cancelled = await to_its_end(_select_any(channel, aid))
    except CardGatewayError:
        return
    if cancelled:
        raise CancelledError


async def _select_any(channel: ICardChannel, aid: bytes) -> Answers:
    return await channel.exchange(Script((Step(_select_command(aid, BASIC), (ANY,)),)))


async def open_domain(session: ISession) -> Domain:
    """
    Select the security domain that the parameters name (L{GpParameters}), and authenticate to it with the keys that they name.

    @raise NoSecurityDomain: there is none.
    @raise NoSecureConnection: the connection is to be the secure channel, and is none.
    @raise AuthenticationFailedBefore: it is not tried once more.
    @raise SecretError: no key set is called so.
    @raise CardError: the card refuses, or has other keys.
    """
    parameters: GpParameters = session.parameters
    keys, protocol = wanted_keys(session)
    if protocol == SCP81:
        return await _connected(session)
    number = await open_any(session.channel)
    try:
        await _identify(session, number)
        aid, most = await _select(session.channel, number, bytes.fromhex(parameters.domain))
        domain = Domain(aid, session.channel, number, most=most)
        if protocol == PLAIN:
            return domain
        return evolve(domain, secured=await _authenticate(session, domain, keys, protocol))
    except (CardGatewayError, CancelledError):
        await close_channel(session.channel, number)
        raise


async def _connected(session: ISession) -> Domain:
    """
    The connection is the secure channel of a security domain (Amendment B), which is selected where no other one is named.
    """
    if not session.channel.info.secure:
        raise NoSecureConnection
    aid, most = await _select(session.channel, BASIC, bytes.fromhex(session.parameters.domain))
    return Domain(aid, session.channel, BASIC, most=most)


async def _identify(session: ISession, number: int) -> None:
    """
    Failures are counted of a card that is known.
    """
    if not session.identity:
        session.stage("gp_identify")
        data = await isd.read_card_data(session.channel, number)
        identity = "" if data is None else gp_identity(data)
        if identity:
            session.identified(identity)


async def _select(channel: ICardChannel, number: int, aid: bytes) -> tuple[bytes, int | None]:
    for wanted in (aid,) if aid else isd.AIDS:
        (answer,) = await WrongLength(channel).exchange(Script((Step(_select_command(wanted, number), _SELECTED),)))
        if any(answer.status in statuses for statuses in _SELECTED):
            return _named(answer.data, wanted), isd.most_data(answer.data)
    raise NoSecurityDomain(str(UnexpectedStatus(answer, f"SELECT {aid.hex().upper()}".rstrip()).detail))


def _select_command(aid: bytes, number: int) -> Command:
    return Command(class_byte(0x00, number), isd.INS_SELECT, isd.BY_NAME, 0x00, aid, SHORT_LE)


def _named(information: bytes, wanted: bytes) -> bytes:
    """
    The AID of what was selected, which begins with what was wanted: another domain may have the same keys.
    """
    found = _name_in(information) or wanted
    if not found.startswith(wanted):
        raise NoSecurityDomain(f"the card was asked for {wanted.hex().upper()}, and has selected {found.hex().upper()}")
    return found


def _name_in(information: bytes) -> bytes:
    try:
        return only(information, isd.FCI).children().value(isd.DF_NAME)
    except ValueError:
        return b""


async def _authenticate(session: ISession, domain: Domain, keys: Any, protocol: str) -> Secured:
    parameters: GpParameters = session.parameters
    failures = Failures(session, parameters.keys, domain.aid)
    if protocol != SCP11B:
        await failures.look(force=parameters.force)
    place = await look_around(session, domain.channel, domain.aid, domain.number)
    below, asked = GetResponse(domain.below), CardKeys(keys)
    if isinstance(keys, HostKeys):
        asked.diversification = await read_diversification(place)
        handshake: Handshake = scp11(await plan_agreement(session, keys, protocol, place), number=domain.number)
    else:
        handshake = static_handshake(parameters, protocol, asked, place)
    aside = aside_of(keys)
    warnings = await aside(partial(warnings_of, keys, parameters.keys, session.identity, failures.count))
    warnings += [UNPROTECTED] if is_unprotected(parameters, protocol, place) else []
    session.stage("gp_authenticate", keys=parameters.keys, **({"warnings": warnings} if warnings else {}))
    opening = run_handshake if protocol == SCP11B else failures.run  # there the card knows nobody, and counts nothing
    try:
        scp = await opening(below, handshake, aside)
    except Exception:
        if domain.number == BASIC:
            await _leave(domain.below, domain.aid)  # the card may have a session that nobody has
        raise
    return Secured(SecureChannel(below, scp, domain.number), scp, asked.diversification or b"")
