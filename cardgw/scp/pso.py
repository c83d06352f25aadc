# -*- test-case-name: tests.scp.test_pso -*-
"""
PERFORM SECURITY OPERATION [verify certificate] (GlobalPlatform Card Specification 2.3 Amendment F, 7.5): certificates go to the
card, in pieces where they are long.  Cards understand one way of saying that more pieces follow, and not another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import evolve

from cardgw.apdu.command import Command
from cardgw.apdu.iso7816 import BASIC, class_byte
from cardgw.errors import ParameterError
from cardgw.scp.certificate import Certificate, is_issued_by
from cardgw.scp.chain import arrange
from cardgw.scp.chaining import P1_MORE, segments
from cardgw.scp.families import Chaining
from cardgw.scp.scp11_terms import INS_PERFORM_SECURITY_OPERATION
from cardgw.scp.store import CLA_GP, Authority, KeyReference

P2_MORE_CERTIFICATES = 0x80
IN_P1 = (Chaining.P1, Chaining.BOTH)


def verify_certificates(
    chain: Sequence[Certificate],
    authority: KeyReference,
    chaining: Chaining,
    *,
    number: int = BASIC,
    expected: int | None = None,
) -> Iterator[Command]:
    """
    The commands that give the card the certificates of the host.

    @param chain: in either order, with the root or without: the card has its key, and refuses to be told.
    @param authority: that key.
    @param chaining: C{NONE} sends long ones with extended length.
    @param number: the logical channel.
    @param expected: Le of these commands; most cards want none.
    @raise ScpChainBroken: they are not one chain.
    @raise ParameterError: the key's version or identifier needs the bit that says that more follows.
    """
    if authority.kid & P2_MORE_CERTIFICATES or (authority.kvn & P1_MORE and chaining in IN_P1):
        raise ParameterError(f"{authority} cannot check certificates: bit 8 says in this command that more follows")
    cla = class_byte(CLA_GP, number)
    sent = [each for each in reversed(arrange(chain)) if not is_issued_by(each, each) or len(chain) == 1]
    for position, certificate in enumerate(sent, 1):
        p2 = authority.kid | (P2_MORE_CERTIFICATES if position < len(sent) else 0)
        command = Command(cla, INS_PERFORM_SECURITY_OPERATION, authority.kvn, p2, certificate.raw, expected)
        pieces = (command,) if chaining is Chaining.NONE else segments(command, chaining)
        yield from (evolve(piece, expected=expected) for piece in pieces)


def find_authority(chain: Sequence[Certificate], authorities: Sequence[Authority]) -> KeyReference | None:
    """
    Which key of the card a host's certificates are below.

    @param chain: as for L{verify_certificates}.
    @param authorities: what the card has told (L{cardgw.scp.store.read_authorities}).
    @return: C{None} where the card knows none of them.
    @raise ScpChainBroken: they are not one chain.
    """
    top = arrange(chain)[-1].facts
    names = {top.issuer, top.issuer_key_identifier} | ({top.key_identifier} if top.issuer == top.subject else set())
    return next((each.key for each in authorities if each.identifier and each.identifier in names), None)
