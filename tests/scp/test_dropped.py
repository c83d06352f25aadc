# -*- test-case-name: tests.scp.test_dropped -*-
"""
Keys are gone when a session is over: of all protocols, on both sides.

What Python cannot promise: bytes that held a key are given back to the allocator, and not overwritten; C{cryptography} does the
same with what it made of them.  The tests see that nothing refers to them any more, so that they are gone with the next use of
that memory.  A key that was handed out (C{dek}) and the static keys belong to whoever has them.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from traceback import walk_tb

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.response import Response
from cardgw.scp.keys import AesKey, DesKey
from cardgw.scp.level import Level
from cardgw.scp.scp03 import scp03
from cardgw.scp.scp11 import ReceiptWrong, scp11
from cardgw.scp.scp11_terms import Terms, Variant
from tests.scp import rig
from tests.scp.held import handshakes, reachable, session_keys_of, static_keys
from tests.scp.scp11_rig import card, on_agreement, plan


class DroppedTests(SynchronousTestCase):
    """
    What is left of a session that is over.
    """

    SECRET = (BlockCipherAlgorithm, ec.EllipticCurvePrivateKey, AesKey, DesKey)

    def ciphers(self, root: object) -> list[object]:
        """
        What of C{cryptography} hangs on something.
        """
        return [thing for thing in reachable(root) if type(thing).__module__.startswith("cryptography")]

    def left(self, root: object, keys: Sequence[bytes]) -> list[str]:
        """
        Names of what could still compute with a key, or holds one.
        """
        found = []
        for thing in reachable(root):
            holds = isinstance(thing, (bytes, bytearray)) and any(key in thing for key in keys)
            if holds or isinstance(thing, self.SECRET):
                found.append(type(thing).__name__)
        return found + [type(thing).__name__ for thing in self.ciphers(root)]

    def test_host(self) -> None:
        """
        A session of the host holds no key, no cipher and no chain of MACs when it is over; while it is open, it does.
        """
        for peer, handshake in handshakes():
            session = rig.run(handshake(), peer.answer)
            session.unwrap(rig.GET_STATUS, peer.answer(session.wrap(rig.GET_STATUS)))
            session.wrap(rig.GET_STATUS)
            keys = session_keys_of(session)
            self.assertTrue(keys and self.left(session, keys))
            session.end("enough")
            self.assertEqual(self.left(session, keys), [])

    def test_card(self) -> None:
        """
        So does a card that was reset, or whose application was deselected; its static keys stay.
        """
        for peer, handshake in handshakes():
            session = rig.run(handshake(), peer.answer)
            keys = session_keys_of(session)
            peer.answer(session.wrap(rig.GET_STATUS))
            before = len(self.ciphers(peer.scp))
            peer.scp.terminate()
            self.assertFalse([thing for thing in reachable(peer.scp) if isinstance(thing, bytes) and thing in keys])
            self.assertLess(len(self.ciphers(peer.scp)), before)

    def test_failed(self) -> None:
        """
        A handshake that fails, or is given up, keeps nothing.
        """
        for peer, handshake in handshakes():
            for end in ("close", "fail"):
                beginning = handshake()
                answer = peer.answer(next(beginning))
                if answer.status == 0x9000 and peer.scp.messaging is None:
                    beginning.send(answer)
                if end == "close":
                    beginning.close()
                else:
                    self.assertRaises(RuntimeError, beginning.throw, RuntimeError("gone"))
                self.assertEqual(inspect.getgeneratorstate(beginning), inspect.GEN_CLOSED)

    def test_receipt(self) -> None:
        """
        A wrong receipt leaves no keys, though they were agreed on.
        """
        peer = card()
        peer.tamper = on_agreement(lambda answer: Response(answer.data[:-1] + bytes((answer.data[-1] ^ 1,)), answer.status))
        error = self.assertRaises(ReceiptWrong, rig.run, scp11(plan(Terms(Variant.A))), peer.answer)
        agreed = peer.scp.agreed
        assert agreed is not None
        keys = (agreed.keys.s_enc, agreed.keys.s_mac, agreed.keys.s_rmac)
        own = [frame for frame, _ in walk_tb(error.__traceback__) if frame.f_globals["__name__"].startswith("cardgw.")]
        left = [thing for frame in own for thing in reachable(*frame.f_locals.values()) if isinstance(thing, bytes)]
        self.assertTrue(left)
        self.assertFalse([octets for octets in left if octets in keys])

    def test_level(self) -> None:
        """
        A session at level 00 forgets, too.
        """
        peer = rig.Card()
        session = rig.run(scp03(rig.keys_of(16), Level.NONE, application=rig.AID), peer.answer)
        session.end("enough")
        self.assertEqual(self.left(session, static_keys()), [])
