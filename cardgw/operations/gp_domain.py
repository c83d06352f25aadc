# -*- test-case-name: tests.operations.test_gp_domain -*-
"""
The way to a security domain: it is selected, on a logical channel where there are any, and authenticated to.

Failed authentications are counted per card and key set in what is remembered of the card: after L{MOST_FAILURES} of them the next
one is refused until an operator wants it nevertheless.
"""

from __future__ import annotations

from attrs import define, evolve, field, frozen
from twisted.internet.defer import CancelledError

from cardgw.apdu.base import Answers, Watch
from cardgw.apdu.command import SHORT_DATA, SHORT_LE, Command
from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.logical import BASIC, class_byte, close_channel, open_channel
from cardgw.apdu.response import Response
from cardgw.apdu.script import ANY, OK, PROACTIVE, WARNINGS, Script, Step
from cardgw.apdu.tlv import only
from cardgw.apdu.wrong_length import WrongLength
from cardgw.errors import CardError, CardGatewayError, UnexpectedStatus
from cardgw.gp import commands, isd
from cardgw.gp.identity import gp_identity
from cardgw.gp.recognition_data import CARD_DATA, RecognitionData, parse_recognition_data
from cardgw.interfaces import ICardChannel, ISession
from cardgw.operations.gp_errors import AuthenticationFailedBefore, NoSecurityDomain
from cardgw.operations.gp_head import AUTO, PLAIN, SCP02, SCP03, GpParameters
from cardgw.operations.gp_warnings import warnings_of
from cardgw.scp.channel import SecureChannel, run_handshake
from cardgw.scp.diversification import DATA_LENGTH
from cardgw.scp.errors import ChallengeDiffers, HostRefused, KeysDiffer
from cardgw.scp.families import family
from cardgw.scp.keys import DES_BLOCK, Keys, KeySet
from cardgw.scp.level import S8, S16, Implementation, Level
from cardgw.scp.scp02 import scp02
from cardgw.scp.scp03 import scp03
from cardgw.scp.session import Handshake, Session

MOST_FAILURES = 2
UNKNOWN = "unknown"
"""Under this name failures are counted of all cards that do not tell who they are."""
_FAILED = (KeysDiffer, HostRefused, ChallengeDiffers)
_SELECTED = (OK, PROACTIVE, WARNINGS)
_SCP02_DEFAULT = 0x15
_SCP02_MOST = Level.C_MAC | Level.C_DECRYPTION


@define(eq=False)
class CardKeys:
    """
    A key set, and what it was asked for.

    @ivar diversification: the key diversification data that the card has told; C{None} before.
    """

    keys: Keys = field(repr=False)
    diversification: bytes | None = field(default=None, repr=False)

    @property
    def version(self) -> int:
        """
        See L{Keys}.
        """
        return self.keys.version

    def for_card(self, diversification: bytes) -> KeySet:
        """
        See L{Keys.for_card}.
        """
        self.diversification = diversification
        return self.keys.for_card(diversification)


@frozen(eq=False)
class Secured:
    """
    A secure channel that is open.

    @ivar diversification: what the card told of itself for it, 10 bytes.
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
        What commands go through; it repairs 61xx and 6Cxx.
        """
        return WrongLength(self.below if self.secured is None else self.secured.channel)

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
    On the basic channel a session ends with the next SELECT: so nobody finds one that is open.
    """
    try:
        await channel.exchange(Script((Step(_select_command(aid, BASIC), (ANY,)),)))
    except CardGatewayError:
        return


async def open_domain(session: ISession) -> Domain:
    """
    Select the security domain that the parameters name (L{GpParameters}), and authenticate to it with the keys that they name.

    @raise NoSecurityDomain: there is none.
    @raise AuthenticationFailedBefore: it is not tried once more.
    @raise SecretError: no key set is called so.
    @raise CardError: the card refuses, or has other keys.
    """
    parameters: GpParameters = session.parameters
    wanted = CardKeys(session.keys(parameters.keys)) if parameters.keys and parameters.protocol != PLAIN else None
    number = await open_channel(session.channel)
    try:
        await _identify(session, number)
        aid, most = await _select(session.channel, number, bytes.fromhex(parameters.domain))
        domain = Domain(aid, session.channel, number, most=most)
        if wanted is None:
            return domain
        return evolve(domain, secured=await _authenticate(session, domain, wanted))
    except (CardGatewayError, CancelledError):
        await close_channel(session.channel, number)
        raise


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
            return _name_in(answer.data) or wanted, isd.most_data(answer.data)
    raise NoSecurityDomain(str(UnexpectedStatus(answer, f"SELECT {aid.hex().upper()}".rstrip()).detail))


def _select_command(aid: bytes, number: int) -> Command:
    return Command(class_byte(0x00, number), isd.INS_SELECT, isd.BY_NAME, 0x00, aid, SHORT_LE)


def _name_in(information: bytes) -> bytes:
    try:
        return only(information, isd.FCI).children().value(isd.DF_NAME)
    except ValueError:
        return b""


async def _authenticate(session: ISession, domain: Domain, keys: CardKeys) -> Secured:
    parameters: GpParameters = session.parameters
    card, place = session.identity or UNKNOWN, f"gp.failures:{parameters.keys}:{domain.aid.hex().upper()}"
    failed = int(await session.recall(card, place) or b"0")
    if failed >= MOST_FAILURES and not parameters.force:
        raise AuthenticationFailedBefore(f'[keys."{parameters.keys}"], {failed} times')
    told = await _recognition_data(domain)
    below = GetResponse(domain.below)
    warnings = warnings_of(keys.keys, parameters.keys, session.identity, failed)
    session.stage("gp_authenticate", keys=parameters.keys, **({"warnings": warnings} if warnings else {}))
    try:
        scp = await run_handshake(below, _handshake(parameters, keys, domain, told))
    except _FAILED:
        await session.remember(card, place, b"%d" % (failed + 1))
        raise
    if failed:
        await session.remember(card, place, None)
    return Secured(SecureChannel(below, scp, domain.number), scp, keys.diversification or bytes(DATA_LENGTH))


async def _recognition_data(domain: Domain) -> RecognitionData:
    try:
        return parse_recognition_data(await isd.get_data(domain.channel, CARD_DATA, domain.number))
    except CardError:
        return RecognitionData()


def _handshake(parameters: GpParameters, keys: CardKeys, domain: Domain, told: RecognitionData) -> Handshake:
    kind, protocol = family(parameters.family), parameters.protocol
    if protocol == AUTO:
        protocol = SCP02 if keys.keys.for_card(bytes(DATA_LENGTH)).enc.block == DES_BLOCK else SCP03
    level = None if parameters.level == AUTO else Level(int(parameters.level, 16))
    if protocol == SCP02:
        form = next(iter(told.options(2)), _SCP02_DEFAULT)
        wanted = _SCP02_MOST if level is None else level
        return scp02(keys, wanted, implementation=form, application=domain.aid or None, number=domain.number, family=kind)
    forms = [Implementation(each) for each in told.options(3)]
    if level is None:
        level = forms[0].most if forms else Level.FULL
    size = S16 if forms and all(each.s16 for each in forms) else S8
    return scp03(keys, level, application=domain.aid or None, number=domain.number, mac_length=size, family=kind)
