# -*- test-case-name: tests.gp.test_delegated -*-
"""
L{cardgw.gp.delegated}.
"""

from __future__ import annotations

import contextlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import MalformedAnswer
from cardgw.gp import delegated
from cardgw.gp.commands import field
from cardgw.gp.delegated import Receipt, parse_receipt, token_input, with_token
from cardgw.gp.delete import Delete
from cardgw.gp.errors import ReceiptInvalid
from cardgw.gp.install import for_extradition, for_install
from cardgw.gp.parameters import InstallParameters

KEY = bytes(range(16))
PACKAGE = bytes.fromhex("D0D1D2D3D4D501")
APPLET = bytes.fromhex("D0D1D2D3D4D50101")
DOMAIN = bytes.fromhex("D4D4D4D4D4010101")


def mac(data: bytes) -> bytes:
    """
    A receipt as cards with an AES key make it.
    """
    made = CMAC(AES(KEY))
    made.update(data)
    return made.finalize()


def verify(receipt: bytes, data: bytes) -> bool:
    """
    Whether it is one.
    """
    made = CMAC(AES(KEY))
    made.update(data)
    try:
        made.verify(receipt)
    except InvalidSignature:
        return False
    return True


class TokenTests(SynchronousTestCase):
    """
    Tokens.
    """

    def test_known(self) -> None:
        """
        What others make tokens from, for the same commands.
        """
        extradition = for_extradition(DOMAIN, bytes.fromhex("D0D1D2D3D4D50101"))
        self.assertEqual(token_input(extradition).hex(), "10001508d4d4d4d4d40101010008d0d1d2d3d4d501010000")
        deletion = Delete((PACKAGE, APPLET), related=True)
        self.assertEqual(token_input(deletion).hex(), "0080134f07d0d1d2d3d4d5014f08d0d1d2d3d4d50101")

    def test_long(self) -> None:
        """
        A length above 255 has three bytes.
        """
        made = for_install(PACKAGE, APPLET, APPLET, parameters=InstallParameters(bytes(300)))
        self.assertEqual(token_input(made)[:5].hex(), "0c0000" + len(made.data).to_bytes(2, "big").hex())

    def test_with(self) -> None:
        """
        The token is made from the command without it, and goes where the command has it.
        """
        seen: list[bytes] = []
        plain = for_extradition(DOMAIN, APPLET)

        def sign(data: bytes) -> bytes:
            seen.append(data)
            return b"token"

        made = with_token(plain, sign)
        self.assertEqual(seen, [token_input(plain)])
        self.assertEqual(made.command().data, plain.data + field(b"token"))
        self.assertEqual(token_input(made), token_input(plain))
        deletion = with_token(Delete((PACKAGE,)), lambda _: b"token")
        self.assertTrue(deletion.command().data.endswith(b"\x9e\x05token"))


class ReceiptTests(SynchronousTestCase):
    """
    Receipts.
    """

    def confirmation(self, done: bytes, *more: bytes) -> bytes:
        """
        What a card answers.
        """
        data = b"".join(map(field, (b"\0\7", b"unique", *more)))
        return field(mac(data + done)) + data

    def test_right(self) -> None:
        """
        Of loading, installing, extradition, an update of the registry, and deletion; with a length before it, or without.
        """
        for done in (
            delegated.loaded(PACKAGE, DOMAIN),
            delegated.installed(PACKAGE, APPLET),
            delegated.extradited(DOMAIN, APPLET, PACKAGE),
            delegated.updated(APPLET, b"\4", before=DOMAIN),
            delegated.deleted(PACKAGE),
        ):
            for more in ((), (b"token",), (b"token", b"digest")):
                plain = self.confirmation(done, *more)
                for answer in (plain, field(plain)):
                    receipt = parse_receipt(answer)
                    assert receipt is not None
                    receipt.check(done, verify)
                    self.assertEqual((receipt.counter, receipt.unique_data), (7, b"unique"))
                    self.assertEqual((receipt.token_identifier, receipt.token_digest), (*more, b"", b"")[:2])

    def test_inputs(self) -> None:
        """
        AIDs with their lengths, in their order.
        """
        self.assertEqual(delegated.installed(PACKAGE, APPLET).hex(), "07d0d1d2d3d4d50108d0d1d2d3d4d50101")
        self.assertEqual(delegated.extradited(DOMAIN, APPLET, DOMAIN), field(DOMAIN) + field(APPLET) + field(DOMAIN))
        self.assertEqual(delegated.updated(APPLET, b"\4", after=DOMAIN), b"\0" + field(APPLET) + field(DOMAIN) + b"\1\4\0")

    def test_wrong(self) -> None:
        """
        A receipt for something else is not believed.
        """
        receipt = parse_receipt(self.confirmation(delegated.deleted(PACKAGE)))
        assert receipt is not None
        error = self.assertRaises(ReceiptInvalid, receipt.check, delegated.deleted(APPLET), verify)
        self.assertEqual(error.detail, "confirmation 7")

    def test_none(self) -> None:
        """
        Most cards confirm nothing.
        """
        self.assertEqual([parse_receipt(each) for each in (b"", b"\0")], [None, None])

    @given(st.binary(min_size=1, max_size=16), st.integers(0, 0xFFFF), st.binary(max_size=20), st.binary(max_size=4))
    def test_roundTrip(self, signature: bytes, counter: int, unique: bytes, token: bytes) -> None:
        """
        All fields are found.
        """
        confirmation = field(counter.to_bytes(2, "big")) + field(unique) + field(token)
        wanted = Receipt(signature, confirmation, counter, unique, token)
        self.assertEqual(Receipt.decode(field(signature) + confirmation), wanted)

    def test_malformed(self) -> None:
        """
        A receipt without a signature, without a counter, and with more fields than there are.
        """
        for answer in (b"\0\1\1\1\1", b"\1s\0\1u", b"\1s\1c", b"\1s" + b"\1x" * 5):
            self.assertRaises(ValueError, Receipt.decode, answer)

    @given(st.binary(max_size=40))
    def test_anything(self, answer: bytes) -> None:
        """
        Any answer is a receipt, none, or L{MalformedAnswer}.
        """
        with contextlib.suppress(MalformedAnswer):
            receipt = parse_receipt(answer)
            self.assertTrue(receipt is None or receipt.confirmation in answer)

    def test_shown(self) -> None:
        """
        What tells one card from others is in no C{repr}.
        """
        self.assertNotIn("unique", repr(Receipt.decode(self.confirmation(b""))).replace("unique_data", ""))
