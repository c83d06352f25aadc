# -*- test-case-name: tests.gp.test_identity -*-
"""
L{cardgw.gp.identity}.
"""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gp.card_data import CardData, Cplc
from cardgw.gp.identity import gp_identity
from cardgw.identities import MOST_CIN, MOST_IIN, is_identity
from tests.gp.card import CIN, CPLC, CUID, IIN, IIN_CIN


class IdentityTests(SynchronousTestCase):
    """
    L{gp_identity}.
    """

    def test_chip(self) -> None:
        """
        First of all a card is its chip: fabricator, type, batch and serial number.
        """
        self.assertEqual(gp_identity(CardData(Cplc.decode(CPLC), IIN, CIN)), CUID)

    def test_numbers(self) -> None:
        """
        Else it is what its issuer numbered: both numbers are needed.
        """
        self.assertEqual(gp_identity(CardData(None, IIN, CIN)), IIN_CIN)
        for data in (CardData(), CardData(None, IIN), CardData(None, b"", CIN), CardData(None, IIN, bytes(7))):
            self.assertEqual(gp_identity(data), "")

    def test_nobody(self) -> None:
        """
        A serial number that nobody has given is nobody's.
        """
        for serial in (bytes(4), b"\xff" * 4):
            cplc = evolve(Cplc.decode(CPLC), ic_serial_number=serial)
            self.assertEqual(gp_identity(CardData(cplc, IIN, CIN)), IIN_CIN)
            self.assertEqual(gp_identity(CardData(cplc)), "")

    @given(
        st.one_of(st.none(), st.binary(min_size=42, max_size=42).map(Cplc.decode)),
        st.binary(max_size=MOST_IIN),
        st.binary(max_size=MOST_CIN),
    )
    def test_form(self, cplc: Cplc | None, iin: bytes, cin: bytes) -> None:
        """
        Whatever a card tells, it makes an identity, or none.
        """
        found = gp_identity(CardData(cplc, iin, cin))
        self.assertTrue(not found or is_identity(found), found)
