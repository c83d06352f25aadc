# -*- test-case-name: tests.gp.test_isd -*-
"""
A card of GlobalPlatform in software, as small as tests of its data need it: issuer security domain, logical channels, GET DATA.
What it does not know is refused with the status word for that.
"""

from __future__ import annotations

from attrs import define, field

from cardgw.apdu.atr import make_atr
from cardgw.apdu.command import Command
from cardgw.apdu.tlv import encode

ISD = bytes.fromhex("A000000151000000")
FIELDS = {
    "ic_fabricator": "4790",
    "ic_type": "5032",
    "os_id": "4791",
    "os_release_date": "2081",
    "os_release_level": "3B00",
    "ic_fabrication_date": "5180",
    "ic_serial_number": "0612AB34",
    "ic_batch_identifier": "7890",
    "ic_module_fabricator": "4812",
    "ic_module_packaging_date": "5181",
    "icc_manufacturer": "4813",
    "ic_embedding_date": "5182",
    "ic_pre_personalizer": "4814",
    "ic_pre_personalization_date": "5183",
    "ic_pre_personalization_equipment": "0000C001",
    "ic_personalizer": "4815",
    "ic_personalization_date": "5184",
    "ic_personalization_equipment": "0000C002",
}
"""The production life cycle data, field by field."""
CPLC = bytes.fromhex("".join(FIELDS.values()))
CUID = "cuid:4790503278900612AB34"
IIN, CIN = bytes.fromhex("42099999"), bytes.fromhex("3D5F8004132EDA")
IIN_CIN = "iin-cin:42099999-3D5F8004132EDA"
UID = bytes.fromhex("04A1B2C3D4E5F6")
STORAGE_ATR = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")
"""What a reader makes for a MIFARE Classic 1K."""


def gp_atr(channels: int) -> bytes:
    """
    The answer to reset of a card with so many logical channels besides the basic one, up to 7.
    """
    return make_atr(b"\x80" + bytes((0x73, 0xC0, 0x21, (0x10 | channels) if channels else 0)) + b"\x56cardgw", 1)


@define(eq=False)
class GpCard:
    """
    See the module's docstring.

    @ivar objects: what GET DATA gives, by tag: values, which are given in their data objects unless C{bare}.
    @ivar exact: an Le of another length than that of the answer is refused with 6Cxx.
    @ivar nameless: whether the issuer security domain is selected with an empty AID, too.
    @ivar sent: the commands that came.
    """

    objects: dict[int, bytes] = field(factory=lambda: {0x9F7F: CPLC, 0x42: IIN, 0x45: CIN})
    bare: bool = False
    exact: bool = False
    nameless: bool = True
    aid: bytes = ISD
    channels: int = 3
    information: bytes | None = None
    sent: list[bytes] = field(factory=list)
    open: dict[int, bool] = field(factory=lambda: {0: False})

    @property
    def atr(self) -> bytes:
        """
        Its answer to reset.
        """
        return gp_atr(self.channels)

    def reset(self) -> None:
        """
        Start anew: nothing is selected, and but one channel is open.
        """
        self.open = {0: False}

    @property
    def untouched(self) -> bool:
        """
        Whether it is as it was when it started.
        """
        return self.open == {0: False}

    def transmit(self, apdu: bytes) -> bytes:
        """
        One command APDU.

        @return: the response APDU.
        """
        self.sent.append(apdu)
        command = Command.decode(apdu)
        number = command.cla & 0x03
        if command.cla & 0x7C or number not in self.open:
            return b"\x68\x81"
        known = {(0x00, 0x70): self._manage_channel, (0x00, 0xA4): self._select, (0x80, 0xCA): self._get_data}
        run = known.get((command.cla & 0x80, command.ins))
        if run is None:
            return b"\x6d\x00"
        return run(number, command)

    def _manage_channel(self, _: int, command: Command) -> bytes:
        if command.p1 == 0x80:
            return b"\x90\x00" if self.open.pop(command.p2, None) is not None else b"\x68\x81"
        free = [each for each in range(1, self.channels + 1) if each not in self.open]
        if command.p1 or command.p2 or not free:
            return b"\x6a\x81"
        self.open[free[0]] = False
        return bytes((free[0],)) + b"\x90\x00"

    def _select(self, number: int, command: Command) -> bytes:
        if (command.p1, command.p2) != (0x04, 0x00):
            return b"\x6a\x86"
        wanted = command.data
        if not (self.aid.startswith(wanted) if len(wanted) >= 5 else not wanted and self.nameless):
            return b"\x6a\x82"
        self.open[number] = True
        told = encode(0x6F, encode(0x84, self.aid), encode(0xA5)) if self.information is None else self.information
        return told + b"\x90\x00"

    def _get_data(self, number: int, command: Command) -> bytes:
        if not self.open[number]:
            return b"\x69\x85"
        tag = command.p1 << 8 | command.p2
        value = self.objects.get(tag)
        if value is None:
            return b"\x6a\x88"
        answer = value if self.bare else encode(tag, value)
        if self.exact and command.expected != len(answer):
            return bytes((0x6C, len(answer)))
        return answer + b"\x90\x00"
