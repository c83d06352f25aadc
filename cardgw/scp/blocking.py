# -*- test-case-name: tests.scp.test_blocking -*-
"""
Secure channels without a reactor: the same sessions, over anything that sends and receives bytes.
"""

from __future__ import annotations

from typing import Protocol, Unpack

from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key

from cardgw.apdu.command import SHORT_LE, Command
from cardgw.apdu.iso7816 import BASIC, INS_GET_RESPONSE, MAX_ROUNDS, SW1_MORE, SW1_WRONG_LENGTH, get_response_class
from cardgw.apdu.response import Response
from cardgw.errors import MalformedAnswer, ParameterError, PeerMisbehaved
from cardgw.scp.errors import SecureSessionOver
from cardgw.scp.keys import Keys
from cardgw.scp.level import Level
from cardgw.scp.outgoing import Outgoing, Secured, ending, is_taken
from cardgw.scp.scp02 import SCP02_LEVEL, Scp02Options, scp02
from cardgw.scp.scp03 import Scp03Options, scp03
from cardgw.scp.scp11 import MakeKey, Scp11Plan, scp11
from cardgw.scp.session import Handshake, Session

_EXTENDED_COMMAND = 65544
_SHORT_COMMAND = 261


class Device(Protocol):
    """
    A card that can be talked to.
    """

    def send_and_receive(self, command: bytes, /) -> bytes:
        """
        @param command: a command APDU.
        @return: the answer, status word included.
        """

    def is_extended_length_apdu_supported(self) -> bool:
        """
        Whether commands of extended length come through.
        """

    def close_connection(self) -> None:
        """
        There is no more to be said.
        """


class SecureConnection(Secured):
    """
    A L{Device} whose commands and answers are protected.  What ends the session, and that nothing is sent twice, is as with
    L{cardgw.scp.channel.SecureChannel}.
    """

    def __init__(self, device: Device, session: Session, number: int = BASIC) -> None:
        self._device = device
        self._session = session
        extended = device.is_extended_length_apdu_supported()
        self._limits = Outgoing(session, number, extended, _EXTENDED_COMMAND if extended else _SHORT_COMMAND)

    @property
    def _outgoing(self) -> Outgoing:
        return self._limits

    def exchange(self, command: Command) -> Response:
        """
        @param command: plain.
        @return: the plain answer, whatever its status.
        @raise CommandNotProtectable: nothing was sent.
        @raise AnswerNotAuthentic: the answer is not protected as it must be.
        @raise SecureSessionOver: the session was over before.
        """
        if self._session.over:
            raise SecureSessionOver(self._session.over)
        self._outgoing.refuse_unfit(command)
        reason = ending(command)
        if reason:
            self._session.end(reason)
            return ask(self._device, command)
        try:
            return self._protected(command)
        except BaseException:
            self._session.end("an answer was lost")
            raise

    def _protected(self, command: Command) -> Response:
        *more, last = self._outgoing.wrap(command)
        for segment in more:
            response = ask(self._device, segment)
            if not is_taken(self._session, command, response):
                plain = self._session.unwrap(command, response)
                self._session.end("the card did not take a command that was cut")
                return plain
        return self._session.unwrap(command, ask(self._device, last))

    def send_and_receive(self, command: bytes, /) -> bytes:
        """
        The same in bytes.

        @raise ParameterError: this is no command.
        """
        try:
            plain = Command.decode(command)
        except ValueError as problem:
            raise ParameterError(str(problem)) from None
        return self.exchange(plain).encode()

    def is_extended_length_apdu_supported(self) -> bool:
        """
        As the device says.
        """
        return self._device.is_extended_length_apdu_supported()

    def close_connection(self) -> None:
        """
        End the session, and the connection.
        """
        self._session.end("the connection to the card is closed")
        self._device.close_connection()


def ask(device: Device, command: Command) -> Response:
    """
    Send one command, and get the whole answer.

    @raise MalformedAnswer: it is no answer.
    @raise PeerMisbehaved: it does not end.
    """
    response = _transmit(device, command)
    data, cla = response.data, get_response_class(command.cla)
    for _ in range(MAX_ROUNDS):
        if response.sw1 != SW1_MORE:
            return Response(data, response.status)
        response = _transmit(device, Command(cla, INS_GET_RESPONSE, expected=response.sw2 or SHORT_LE))
        if response.sw1 == SW1_WRONG_LENGTH:
            response = _transmit(device, Command(cla, INS_GET_RESPONSE, expected=response.sw2 or SHORT_LE))
        data += response.data
    raise PeerMisbehaved(f"the answer to one command does not end after {MAX_ROUNDS} GET RESPONSE")


def _transmit(device: Device, command: Command) -> Response:
    try:
        return Response.decode(bytes(device.send_and_receive(command.encode())))
    except ValueError as problem:
        raise MalformedAnswer(str(problem)) from None


def run_handshake(device: Device, handshake: Handshake) -> Session:
    """
    Let a handshake talk to a card.
    """
    try:
        command = next(handshake)
        while True:
            command = handshake.send(ask(device, command))
    except StopIteration as done:
        session: Session = done.value
        return session
    finally:
        handshake.close()


def open_session(device: Device, handshake: Handshake, number: int = BASIC) -> SecureConnection:
    """
    Authenticate, by any handshake, and protect what follows.

    @param number: the logical channel that the handshake uses.
    """
    return SecureConnection(device, run_handshake(device, handshake), number)


def open_scp03(
    device: Device, keys: Keys, level: int = Level.FULL, *, number: int = BASIC, **options: Unpack[Scp03Options]
) -> SecureConnection:
    """
    Open a secure channel to the application that is selected, with the options of L{cardgw.scp.scp03.scp03}.
    """
    return open_session(device, scp03(keys, level, number=number, **options), number)


def open_scp11(
    device: Device, plan: Scp11Plan, *, number: int = BASIC, make_key: MakeKey = generate_private_key
) -> SecureConnection:
    """
    Likewise with certificates: see L{cardgw.scp.scp11.scp11}.
    """
    return open_session(device, scp11(plan, number=number, make_key=make_key), number)


def open_scp02(
    device: Device, keys: Keys, level: int = SCP02_LEVEL, *, number: int = BASIC, **options: Unpack[Scp02Options]
) -> SecureConnection:
    """
    Likewise for older cards, with the options of L{cardgw.scp.scp02.scp02}.
    """
    return open_session(device, scp02(keys, level, number=number, **options), number)
