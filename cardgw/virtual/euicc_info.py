# -*- test-case-name: tests.virtual.test_euicc_info -*-
"""
What the software eUICC tells about itself: EUICCInfo1 and 2, EID, configured addresses, Rules Authorisation Table
(SGP.22 5.7.3, 5.7.4, 5.7.8, 5.7.20, 5.7.22).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import Factory, define

from cardgw.apdu.tlv import Tlvs, encode
from cardgw.virtual.euicc_identity import Identity
from cardgw.virtual.euicc_metadata import write_rules
from cardgw.virtual.euicc_options import Options
from cardgw.virtual.euicc_values import shaped, write_integer

INFO1, INFO2, ADDRESSES, EID, SET_ADDRESS, RAT = 0xBF20, 0xBF22, 0xBF3C, 0xBF3E, 0xBF3F, 0xBF43
SVN = bytes.fromhex("020202")
"""The version of SGP.22 that is spoken, 2.2.2."""
ADDRESS_MAX = 128
OK, UNDEFINED = 0, 127
ANY_OPERATOR = encode(0x30, encode(0x80, bytes.fromhex("EEEEEE")))
"""C{OperatorId} with wildcards for all digits of MCC and MNC (SGP.22 annex H)."""
CONSENT = bytes.fromhex("0780")
"""C{pprFlags}: the holder's consent is required."""
FREE_RAM = 8192


@define
class Info:
    """
    Facts that do not change, and the default SM-DP+ address, which does.

    @ivar free: gives the bytes left for profiles.
    """

    identity: Identity
    options: Options
    free: Callable[[], int]
    installed: Callable[[], int]
    default_smdp: str = Factory(lambda self: self.options.default_smdp, takes_self=True)

    def functions(self) -> dict[int, Callable[[Tlvs], bytes]]:
        """
        Tags of requests to what answers them.
        """
        return {
            INFO1: lambda request: self._plain(request, self.info1),
            INFO2: lambda request: self._plain(request, self.info2),
            RAT: lambda request: self._plain(request, self._rules),
            ADDRESSES: lambda request: self._plain(request, self._addresses),
            SET_ADDRESS: self._set_address,
            EID: self._eid,
        }

    def forget_address(self) -> None:
        """
        Have no default SM-DP+ address.
        """
        self.default_smdp = ""

    def _plain(self, request: Tlvs, answer: Callable[[], bytes]) -> bytes:
        shaped(request)
        return answer()

    def info1(self) -> bytes:
        """
        EUICCInfo1, the whole BF20.
        """
        return encode(INFO1, encode(0x82, SVN), *self._key_ids())

    def _key_ids(self) -> tuple[bytes, bytes]:
        return _key_ids(0xA9, self.identity.roots), _key_ids(0xAA, self.identity.chains)

    def info2(self) -> bytes:
        """
        EUICCInfo2, the whole BF22.
        """
        forbidden = self.options.forbidden_rules
        return encode(
            INFO2,
            encode(0x81, bytes.fromhex("020301")),
            encode(0x82, SVN),
            encode(0x83, bytes.fromhex("010000")),
            encode(0x84, self._resources()),
            encode(0x85, bytes.fromhex("067F36C0")),
            encode(0x86, bytes.fromhex("090200")),
            encode(0x87, bytes.fromhex("020300")),
            encode(0x88, bytes.fromhex("04D0")),
            *self._key_ids(),
            encode(0x99, write_rules(forbidden)) if forbidden else b"",
            encode(0x04, bytes.fromhex("010000")),
            encode(0x0C, b"EX-VE-UP-0101"),
        )

    def _resources(self) -> bytes:
        """
        C{extCardResource} (ETSI TS 102 226, 8.2.1.7.2): installed applications, free memory.
        """
        numbers = (self.installed(), max(0, self.free()), FREE_RAM)
        return b"".join(encode(tag, write_integer(number)) for tag, number in zip((0x81, 0x82, 0x83), numbers, strict=True))

    def _rules(self) -> bytes:
        rules = self.options.authorised_rules
        entry = encode(0x30, encode(0x80, write_rules(rules)), encode(0xA1, ANY_OPERATOR), encode(0x82, CONSENT))
        return encode(RAT, encode(0xA0, entry if rules else b""))

    def _addresses(self) -> bytes:
        default = encode(0x80, self.default_smdp.encode()) if self.default_smdp else b""
        return encode(ADDRESSES, default, encode(0x81, self.options.root_smds.encode()))

    def _set_address(self, request: Tlvs) -> bytes:
        address = shaped(request, 0x80)[0].value
        result = OK
        try:
            if len(address) > ADDRESS_MAX:
                raise ValueError
            self.default_smdp = address.decode()
        except ValueError:
            result = UNDEFINED
        return encode(SET_ADDRESS, encode(0x80, bytes((result,))))

    def _eid(self, request: Tlvs) -> bytes:
        if shaped(request, 0x5C)[0].value != b"\x5a":
            raise ValueError("only the EID (5A) can be asked for")
        return encode(EID, encode(0x5A, self.identity.eid))


def _key_ids(tag: int, identifiers: Iterable[bytes]) -> bytes:
    return encode(tag, *(encode(0x04, each) for each in identifiers))
