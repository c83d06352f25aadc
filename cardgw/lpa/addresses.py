# -*- test-case-name: tests.lpa.test_addresses -*-
"""
The servers that an eUICC knows by itself (ES10a.GetEuiccConfiguredAddresses, SGP.22 5.7.3).
"""

from __future__ import annotations

from attrs import evolve, frozen

from cardgw.apdu.tlv import only
from cardgw.lpa.activation import ActivationCode
from cardgw.lpa.download_errors import NoDefaultServer
from cardgw.lpa.es10 import reading
from cardgw.lpa.isdr import Isdr

GET_ADDRESSES = bytes.fromhex("BF3C00")


@frozen
class Addresses:
    """
    Both may be empty.

    @ivar smdp: the default SM-DP+.
    @ivar smds: the root SM-DS.
    """

    smdp: str
    smds: str


def parse_addresses(answer: bytes) -> Addresses:
    """
    EuiccConfiguredAddressesResponse.

    @raise MalformedAnswer: it cannot be read.
    """
    with reading("GetEuiccConfiguredAddresses"):
        fields = only(answer, 0xBF3C).children()
        return Addresses(fields.value(0x80).decode(), fields.value(0x81).decode())


async def with_server(isdr: Isdr, code: ActivationCode) -> ActivationCode:
    """
    An activation code that names its SM-DP+: where it names none, the eUICC's default one is meant (SGP.22 3.1.3).

    @raise NoDefaultServer: the eUICC has none either.
    """
    if code.host:
        return code
    default = parse_addresses(await isdr.command(GET_ADDRESSES)).smdp.strip().lower()
    if not default:
        raise NoDefaultServer
    return evolve(code, host=default)
