# -*- test-case-name: tests.scp.test_diversification -*-
"""
L{cardgw.scp.diversification}.  Check values are those that GlobalPlatformPro publishes with its tests.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.scp.diversification import TEMPLATES, Diversification, MasterKeys, diversification
from cardgw.scp.keys import AesKey, DesKey

MASTER = bytes(range(0x40, 0x60))
DATA = bytes(range(10))
KDF3 = {16: "E79C05 D1BD77 3FDE8C", 24: "1DE8EA 47C00C C04D76", 32: "2972D2 036F94 5D57B8"}


class DiversificationTests(SynchronousTestCase):
    """
    L{Diversification} and L{MasterKeys}.
    """

    def values(self, keys: MasterKeys) -> str:
        """
        The check values of a card's keys.
        """
        return " ".join(value.hex().upper() for value in keys.for_card(DATA).check_values())

    def test_des(self) -> None:
        """
        EMV and VISA2, of triple DES.
        """
        for name, expected in (("emv", "C33013 6F4CA6 BB8179"), ("VISA2", "2BE598 58DA38 3C328E")):
            keys = MasterKeys.of(1, DesKey(MASTER[:16]), diversification(name), DesKey)
            self.assertEqual(self.values(keys), expected)

    def test_visa(self) -> None:
        """
        VISA takes other bytes.
        """
        visa, visa2 = (diversification(name).derive(DesKey(MASTER[:16]), 1, DATA) for name in ("visa", "visa2"))
        self.assertNotEqual(visa, visa2)
        data = bytes.fromhex("000102030809F001000102030809 0F01".replace(" ", ""))
        master = DesKey(MASTER[:16])
        self.assertEqual(visa, master.encrypt(data[:8]) + master.encrypt(data[8:]))

    def test_kdf3(self) -> None:
        """
        KDF3, for all lengths of AES.
        """
        for size, expected in KDF3.items():
            self.assertEqual(self.values(MasterKeys.of(1, AesKey(MASTER[:size]), diversification("kdf3"))), expected)

    def test_kdf3Key(self) -> None:
        """
        A key of which all bytes are known.
        """
        master = AesKey(bytes.fromhex("8C72C72CF908411653018807950D82FBAD947562F0828A0B10B8B9606ABF3BCD"))
        key = diversification("kdf3").derive(master, 1, bytes.fromhex("D9B1DE5D0362DEDCE4FB"))
        self.assertEqual(key.hex().upper(), "9AAC5D0B3601F89438A0D9D0B6B256CFB47E6462DFA5228D3420C4AC7C224781")

    def test_mixed(self) -> None:
        """
        Keys of AES may come of a triple DES master key, and each key of a master of its own.
        """
        one, two = DesKey(MASTER[:16]), DesKey(MASTER[16:])
        found = MasterKeys(1, one, two, two, diversification("emv")).for_card(DATA)
        self.assertEqual(found.enc.kcv(), AesKey(diversification("emv").derive(one, 1, DATA)).kcv())
        self.assertEqual(found.mac.kcv(), AesKey(diversification("emv").derive(two, 2, DATA)).kcv())
        self.assertEqual((found.version, found.dek.length), (1, 16))

    def test_template(self) -> None:
        """
        A template of somebody's own, spaces and 0x left out.
        """
        mine = diversification("$4$5$6$7$8$9 0xF0$k $4 $5 $6 $7 $8 $9 0x0F $k")
        self.assertEqual(mine.tokens, diversification("emv").tokens)
        bits = diversification("$_ $k $l$l $0")
        key = AesKey(MASTER[:24])
        expected = key.cmac(b"\x01\x02\x00\xc0\x00") + key.cmac(b"\x02\x02\x00\xc0\x00")
        self.assertEqual(bits.derive(key, 2, DATA), expected[:24])

    def test_refused(self) -> None:
        """
        What is no template, or does not fit, is said.
        """
        for text in ("", "emw", "$a", "$l", "123", "$_ $_"):
            self.assertRaises(ParameterError, diversification, text)
        for text, data in (("F0 $k", DATA), ("emv", DATA[:9])):
            self.assertRaises(ParameterError, diversification(text).derive, DesKey(MASTER[:16]), 1, data)

    @given(st.sampled_from(sorted(TEMPLATES)), st.binary(min_size=10, max_size=10))
    def test_numbers(self, name: str, data: bytes) -> None:
        """
        The three keys of a card differ.
        """
        master = AesKey(MASTER[:16]) if name == "kdf3" else DesKey(MASTER[:16])
        self.assertEqual(len({diversification(name).derive(master, number, data) for number in (1, 2, 3)}), 3)

    def test_shown(self) -> None:
        """
        Master keys are not shown.
        """
        keys = MasterKeys.of(5, AesKey(MASTER), diversification("kdf3"))
        self.assertEqual(repr(keys), "MasterKeys(version=5, diversification=Diversification(name='kdf3'))")

    def test_parse(self) -> None:
        """
        A template has a name for people.
        """
        self.assertEqual(Diversification.parse("00").name, "template")
        self.assertEqual(diversification("KDF3").name, "kdf3")
