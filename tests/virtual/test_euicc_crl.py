# -*- test-case-name: tests.virtual.test_euicc_crl -*-
"""
Tests for L{cardgw.virtual.euicc_crl}.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from attrs import evolve
from cryptography import x509
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import encode, only
from cardgw.virtual.certificates import Identity
from cardgw.virtual.crl import PART_NUMBER, issue_crl
from cardgw.virtual.euicc_options import Options
from cardgw.virtual.pki import make_pki
from tests.virtual.rig import Rig

OK = "BF3502A000"
EARLIER = datetime.now(UTC) - timedelta(days=1)


def refused(code: int) -> str:
    """
    The answer with this code.
    """
    return f"BF35038101{code:02X}"


class CrlTestCase(SynchronousTestCase):
    """
    One card.
    """

    def setUp(self) -> None:
        self.rig = Rig.make()
        self.pki = self.rig.pki

    def load(self, der: bytes) -> str:
        """
        LoadCRL.

        @return: the answer.
        """
        return self.rig.ask(encode(0xBF35, encode(0xA0, only(der, 0x30).value)).hex())

    def code(self, signer: Identity | None = None) -> int:
        """
        The code that AuthenticateServer ends in; 0 for a good end.
        """
        self.rig.begin()
        (choice,) = only(self.rig.send(self.rig.authentication(signer=signer)), 0xBF38).children()
        return 0 if choice.tag == 0xA0 else choice.children().need(0x02).value[0]


class LoadTests(CrlTestCase):
    """
    Which lists are taken.
    """

    def test_revoked(self) -> None:
        """
        Before, the server is good; afterwards its certificate is invalid, and others still are good.
        """
        self.assertEqual(self.code(), 0)
        self.assertEqual(self.load(issue_crl(self.pki.ci, [self.pki.dp_auth])), OK)
        self.assertEqual((self.code(), self.code(self.pki.ds_auth)), (1, 0))

    def test_lasting(self) -> None:
        """
        A list outlives a reset of the card.
        """
        self.load(issue_crl(self.pki.ci, [self.pki.dp_auth]))
        self.rig.card.reset()
        self.assertEqual(self.code(), 1)

    def test_binding(self) -> None:
        """
        A certificate for profile binding can be revoked too.
        """
        self.load(issue_crl(self.pki.ci, [self.pki.dp_pb]))
        self.rig.authenticate()
        (choice,) = only(self.rig.send(self.rig.preparation()), 0xBF21).children()
        self.assertEqual((choice.tag, choice.children().need(0x02).value), (0xA1, b"\x01"))

    def test_signature(self) -> None:
        """
        A list that the CI has not signed is not taken.
        """
        der = bytearray(issue_crl(self.pki.ci, [self.pki.dp_auth]))
        der[-1] ^= 1
        self.assertEqual(self.load(bytes(der)), refused(1))
        forger = evolve(self.pki.ci, key=make_pki().ci.key)
        forged = issue_crl(evolve(forger, certificate=self.pki.ci.certificate), [self.pki.dp_auth])
        self.assertEqual(self.load(forged), refused(4))
        self.assertEqual(self.code(), 0)

    def test_format(self) -> None:
        """
        Nor is what is no list, has no number, or an extension that is critical and unknown.
        """
        strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00")
        half = x509.UnrecognizedExtension(PART_NUMBER, b"\x02\x01\x01")
        for der in (
            b"\x30\x00",
            self.pki.ci.der,
            issue_crl(self.pki.ci, number=None),
            issue_crl(self.pki.ci, extra=[strange]),
            issue_crl(self.pki.ci, extra=[half]),
            issue_crl(self.pki.ci, part=(3, 2)),
            issue_crl(self.pki.ci, part=(0, 2)),
        ):
            self.assertEqual(self.load(der), refused(2))
        self.assertEqual(self.rig.ask("BF3500"), "6A80")
        self.assertEqual(self.rig.ask("BF35023000"), "6A80")

    def test_otherCi(self) -> None:
        """
        Nor one of a CI that the card does not know.
        """
        self.assertEqual(self.load(issue_crl(make_pki().ci)), refused(4))

    def test_memory(self) -> None:
        """
        Nor one for which there is no memory.
        """
        self.rig = Rig.make(Options(memory=100))
        self.assertEqual(self.load(issue_crl(self.pki.ci)), refused(3))

    def test_brainpool(self) -> None:
        """
        Brainpool works too.
        """
        self.rig = Rig.make(curve="brainpool")
        self.pki = self.rig.pki
        self.assertEqual(self.load(issue_crl(self.pki.ci, [self.pki.dp_auth])), OK)
        self.assertEqual(self.code(), 1)


class FreshnessTests(CrlTestCase):
    """
    One list after another.
    """

    def test_newer(self) -> None:
        """
        A newer list takes the place of the older; the same one may come again, an older one not.
        """
        self.assertEqual(self.load(issue_crl(self.pki.ci, [self.pki.dp_auth], number=5, now=EARLIER)), OK)
        second = issue_crl(self.pki.ci, number=6)
        self.assertEqual((self.load(second), self.load(second)), (OK, OK))
        self.assertEqual(self.code(), 0)
        self.assertEqual(self.load(issue_crl(self.pki.ci, number=5)), refused(5))
        self.assertEqual(self.load(issue_crl(self.pki.ci, number=7, now=EARLIER)), refused(5))

    def test_parts(self) -> None:
        """
        The numbers of missing parts are told until all are there; what was revoked stays revoked meanwhile.
        """
        self.load(issue_crl(self.pki.ci, [self.pki.dp_auth], number=1, now=EARLIER))
        answer = self.load(issue_crl(self.pki.ci, [self.pki.ds_auth], number=2, part=(2, 3)))
        self.assertEqual(answer, "BF350AA008A006020101020103")
        self.assertEqual((self.code(), self.code(self.pki.ds_auth)), (1, 1))
        self.assertEqual(self.load(issue_crl(self.pki.ci, number=2, part=(1, 3))), "BF3507A005A003020103")
        self.assertEqual(self.load(issue_crl(self.pki.ci, number=2, part=(3, 3))), OK)
        self.assertEqual(self.code(self.pki.ds_auth), 1)

    def test_additions(self) -> None:
        """
        A list that adds to another needs that one, whole.
        """
        more = issue_crl(self.pki.ci, [self.pki.ds_auth], number=8, adds_to=7)
        self.assertEqual(self.load(more), refused(6))
        self.load(issue_crl(self.pki.ci, number=7, part=(1, 2), now=EARLIER))
        self.assertEqual(self.load(more), refused(6))
        self.load(issue_crl(self.pki.ci, [self.pki.dp_auth], number=7, part=(2, 2), now=EARLIER))
        self.assertEqual(self.load(more), OK)
        self.assertEqual((self.code(), self.code(self.pki.ds_auth)), (1, 1))
