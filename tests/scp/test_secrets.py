# -*- test-case-name: tests.scp.test_secrets -*-
"""
Keys are never shown, in no protocol, by nothing that hangs on a session, nor by what fails.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import attrs
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

import cardgw.gp
import cardgw.scp
from cardgw.apdu.response import Response
from cardgw.errors import CardGatewayError, ParameterError
from cardgw.scp import blocking
from cardgw.scp.diversification import MasterKeys, diversification
from cardgw.scp.keys import AesKey, KeySet
from cardgw.scp.scp11_terms import Terms, Variant
from cardgw.scp.session import Handshake
from tests.logs import captured
from tests.scp import rig, scp02_rig
from tests.scp.held import handshakes, reachable, session_keys_of, static_keys, written
from tests.scp.scp11_rig import plan
from tests.scp.test_sessions_on_channels import Device

OWN = ("cardgw.", "tests.scp.")
HIDING = ("PublicKey", "KeyReference", "int", "KeyInformation", "Mapping", "DesMac", "SessionKeys", "KeyField")
"""Types of fields that are not secret, or show nothing by themselves."""


class Known:
    """
    Keys in a variable that does not show them.
    """

    def __init__(self) -> None:
        self.keys: list[bytes] = []


class Rig(SynchronousTestCase):
    """
    Keys and texts.
    """

    def check(self, keys: Sequence[bytes], texts: Sequence[str]) -> None:
        """
        None of the keys is in any text.
        """
        self.assertTrue(keys and texts)
        for key in keys:
            for way in written(key):
                for text in texts:
                    at = text.find(way)
                    self.assertEqual(at, -1, text[max(0, at - 1500) : at + 60])

    def texts(self, *roots: object) -> list[str]:
        """
        How those of our objects show themselves that hang on some.
        """
        own = [thing for thing in reachable(*roots) if type(thing).__module__.startswith(OWN)]
        return [show(thing) for thing in own for show in (repr, str)]


class ShownTests(Rig):
    """
    C{repr} and C{str} of everything.
    """

    def test_sessions(self) -> None:
        """
        Hosts and cards of all protocols, while their sessions are open: everything that hangs on them.
        """
        for peer, handshake in handshakes():
            beginning = handshake()
            secure = blocking.open_session(Device(peer), beginning)
            secure.send_and_receive(rig.GET_STATUS.encode())
            keys = session_keys_of(secure)
            self.assertTrue(keys)
            self.check(static_keys() + keys, self.texts(secure, peer, rig.keys_of(32), scp02_rig.KEYS, plan(Terms(Variant.A))))

    def test_handshakes(self) -> None:
        """
        Handshakes that have begun: their variables are objects that show no key.
        """
        for peer, handshake in handshakes():
            beginning = handshake()
            answer = peer.answer(next(beginning))
            self.assertTrue(beginning.send(answer))
            found = inspect.getgeneratorlocals(beginning)
            self.check(static_keys(), [repr(value) for value in found.values()])
            self.check(static_keys(), self.texts(*found.values()))
            beginning.close()

    def test_masters(self) -> None:
        """
        Master keys, and those that are made of them.
        """
        master = bytes(range(0xA0, 0xB0))
        for name, make in (("kdf3", KeySet.of_aes), ("emv", KeySet.of_des)):
            first = make(0x30, master).enc
            masters = MasterKeys.of(0x30, first, diversification(name), type(first))
            made = masters.for_card(bytes(10))
            self.check([master, made.enc.put(bytes)], self.texts(masters, made))  # type: ignore[attr-defined]

    def test_fields(self) -> None:
        """
        In no class of values is a field shown whose name says that a key is in it.
        """
        names = {"enc", "mac", "dek", "key", "keys", "private", "master", "s_enc", "s_mac", "s_rmac", "receipt_key", "r_mac"}
        wrong = [
            f"{kind.__module__}.{kind.__name__}.{field.name}"
            for kind in value_classes()
            for field in attrs.fields(kind)
            if field.name in names and field.repr is not False and not public(field)
        ]
        self.assertEqual(wrong, [])


def public(field: attrs.Attribute[Any]) -> bool:
    """
    Whether the type of a field says that it shows nothing secret.
    """
    return any(name in str(field.type) for name in HIDING)


def value_classes() -> Iterator[type]:
    """
    Those of L{cardgw.scp} and L{cardgw.gp}.
    """
    for package in (cardgw.scp, cardgw.gp):
        for info in iter_modules(package.__path__):
            module = import_module(f"{package.__name__}.{info.name}")
            for thing in vars(module).values():
                if isinstance(thing, type) and attrs.has(thing) and thing.__module__ == module.__name__:
                    yield thing


class FailureTests(Rig):
    """
    Errors, with the variables of all functions on the way.
    """

    def failure(self, peer: Any, handshake: Handshake, change: Callable[[Any, Response], Response], known: Known) -> str:
        """
        What is told of a session that fails, as verbose as it can be; empty where it does not.

        @param known: gets the keys that must not be in it.
        """
        known.keys = static_keys()

        def answer(command: Any) -> Response:
            answer = peer.answer(command)
            known.keys += session_keys_of(peer)
            return change(command, answer)

        try:
            session = rig.run(handshake, answer)
            session.unwrap(rig.GET_STATUS, answer(session.wrap(rig.GET_STATUS)))
        except CardGatewayError:
            failure = Failure(captureVars=True)
            return failure.getTraceback(detail="verbose") + repr(failure) + str(failure.value)
        return ""

    def test_changed(self) -> None:
        """
        Each answer of each card, changed in its first, last or middle byte, or made an error, or left out.
        """

        def wrong(octets: bytes, at: int) -> bytes:
            at = min(at, len(octets) - 1)
            return octets[:at] + bytes((octets[at] ^ 0x55,)) + octets[at + 1 :] if octets else b"x"

        changes: tuple[Callable[[Response], Response], ...] = (
            lambda answer: Response(wrong(answer.data, 12), 0x9000),
            lambda answer: Response(wrong(answer.data, 20), 0x9000),
            lambda answer: Response(wrong(answer.data, 1000), 0x9000),
            lambda answer: Response(b"", 0x9000),
            lambda answer: Response(b"", 0x6300),
        )
        texts = 0
        for index in range(len(handshakes())):
            for ins in (0x50, 0x82, 0x88, 0xCA, 0x2A, 0xF2):
                for change in changes:
                    peer, handshake = handshakes()[index]

                    def changed(command: Any, answer: Response, ins: int = ins, change: Any = change) -> Response:
                        return change(answer) if command.ins == ins else answer

                    known = Known()
                    text = self.failure(peer, handshake(), changed, known)
                    texts += bool(text)
                    self.check(known.keys, [text])
        self.assertGreater(texts, 50)

    def test_lengths(self) -> None:
        """
        A key of a wrong length is refused without a word about it.  It stands in a variable of the caller; so a program that logs
        variables of failures logs it, as it would any other.
        """
        key = bytes(range(0x70, 0x81))
        failure = self.assertRaises(ParameterError, AesKey, key)
        self.check([key], [str(failure), repr(failure)])


class LoggedTests(Rig):
    """
    Log events.
    """

    def test_nothing(self) -> None:
        """
        There are none: whoever uses these sessions logs what is worth it.
        """
        events = captured(self)
        for peer, handshake in handshakes():
            secure = blocking.open_session(Device(peer), handshake())
            secure.send_and_receive(rig.GET_STATUS.encode())
            secure.close_connection()
        self.assertEqual(events, [])
