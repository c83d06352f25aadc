"""
Ask a card who it is through SCP11b: the card shows its certificates, and the host need not have any.  The device is anything
that has C{send_and_receive}, C{is_extended_length_apdu_supported} and C{close_connection}; C{scp03.py} has one for readers.

    roots = [parse_certificate(Path("card-maker-root.der").read_bytes())]
    print(card_data(reader, roots).hex())
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from cardgw.apdu.command import Command
from cardgw.scp.blocking import Device, open_scp11
from cardgw.scp.certificate import Certificate
from cardgw.scp.chain import check_chain
from cardgw.scp.scp11 import Scp11Plan
from cardgw.scp.scp11_terms import Terms, Variant

ISSUER_SECURITY_DOMAIN = bytes.fromhex("A000000151000000")
SELECT = Command(0x00, 0xA4, 0x04, 0x00, ISSUER_SECURITY_DOMAIN, 256)
CARD_DATA = Command(0x80, 0xCA, 0x00, 0x66, expected=256)
KEY_VERSION = 0x01
DONE = 0x9000


def card_data(device: Device, roots: Sequence[Certificate], now: datetime | None = None) -> bytes:
    """
    What the card says about itself (GlobalPlatform Card Specification 2.3.1, H.2), by a card that a maker of C{roots} has made.
    """
    device.send_and_receive(SELECT.encode())
    believed = partial(check_chain, roots=roots, now=now or datetime.now(UTC))
    connection = open_scp11(device, Scp11Plan(Terms(Variant.B), KEY_VERSION, believed))
    try:
        answer = connection.exchange(CARD_DATA)
        if answer.status != DONE:
            raise SystemExit(f"the card answers with {answer.status:04X}")
        return answer.data
    finally:
        connection.close_connection()
