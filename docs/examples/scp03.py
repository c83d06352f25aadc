"""
Read the registry of a card through SCP03, without a reactor: over anything that has C{send_and_receive},
C{is_extended_length_apdu_supported} and C{close_connection}.  A reader of PC/SC, for one:

    reader = Reader("ACS ACR39U")
    print(registry(reader, KeySet.of_aes(0x30, bytes.fromhex("404142434445464748494A4B4C4D4E4F"))).hex())
"""

from __future__ import annotations

from cardgw.apdu.command import Command
from cardgw.scp.blocking import Device, open_scp03
from cardgw.scp.keys import Keys

ISSUER_SECURITY_DOMAIN = bytes.fromhex("A000000151000000")
SELECT = Command(0x00, 0xA4, 0x04, 0x00, ISSUER_SECURITY_DOMAIN, 256)
FIRST = Command(0x80, 0xF2, 0x40, 0x02, b"\x4f\x00", 256)
NEXT = Command(0x80, 0xF2, 0x40, 0x03, b"\x4f\x00", 256)
DONE, MORE, NONE = 0x9000, 0x6310, 0x6A88


class Reader:
    """
    A reader of this machine, by pyscard.
    """

    def __init__(self, name: str) -> None:
        from smartcard.System import readers

        self._connection = next(reader for reader in readers() if name in str(reader)).createConnection()
        self._connection.connect()

    def send_and_receive(self, command: bytes, /) -> bytes:
        """
        One command.
        """
        data, sw1, sw2 = self._connection.transmit(list(command))
        return bytes((*data, sw1, sw2))

    def is_extended_length_apdu_supported(self) -> bool:
        """
        To be on the safe side.
        """
        return False

    def close_connection(self) -> None:
        """
        Let others use the card.
        """
        self._connection.disconnect()


def registry(device: Device, keys: Keys) -> bytes:
    """
    The applications on the card, as it tells them (GlobalPlatform Card Specification 2.3.1, 11.4).
    """
    device.send_and_receive(SELECT.encode())
    connection = open_scp03(device, keys, application=ISSUER_SECURITY_DOMAIN)
    try:
        answer = connection.exchange(FIRST)
        found = answer.data
        while answer.status == MORE:
            answer = connection.exchange(NEXT)
            found += answer.data
        if answer.status not in (DONE, NONE):
            raise SystemExit(f"the card answers with {answer.status:04X}")
        return found
    finally:
        connection.close_connection()
