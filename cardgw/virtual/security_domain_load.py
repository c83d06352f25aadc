# -*- test-case-name: tests.virtual.test_security_domain_load -*-
"""
INSTALL [for load] and LOAD of the software card (GlobalPlatform Card Specification 2.3.1, 9.3 and 11.6): blocks in strict order,
and a package that is what it was said to be.  No byte code runs.
"""

from __future__ import annotations

from cardgw.apdu import tlv
from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.gp.life_cycle import Kind, LoadFileState
from cardgw.gp.load_file import CIPHERED, ICV, LAST_BLOCK, PLAIN, SIGNATURE_BLOCK
from cardgw.gp.parameters import CODE_NON_VOLATILE, SYSTEM
from cardgw.gp.privileges import Privilege
from cardgw.virtual.euicc_values import SW_CONDITIONS, SW_DATA, SW_OK, SW_PARAMETERS, SW_WRONG_LENGTH, Refused
from cardgw.virtual.security_domain_delegated import confirm
from cardgw.virtual.security_domain_load_file import HASHES, read_load_file, verifiers
from cardgw.virtual.security_domain_registry import OVERHEAD, Item
from cardgw.virtual.security_domain_state import Card, Loading, LogicalChannel, Permit, require_authority, require_host
from cardgw.virtual.security_domain_values import confirmed

_LEAST_AID, _MOST_AID = 5, 16


def begin_load(card: Card, channel: LogicalChannel, fields: tuple[bytes, ...], permit: Permit, *, combined: bool) -> None:
    """
    INSTALL [for load].

    @param fields: load file, security domain, hash, parameters.
    @param permit: on whose behalf; its receipt comes with the answer to the last block.
    @raise Refused: it cannot be loaded.
    """
    aid, domain, file_hash, parameters = fields
    check_aid(aid)
    if aid in card.registry.items:
        raise Refused(SW_CONDITIONS)
    owner = card.registry.domain(domain) if domain else channel.selected
    require_authority(card, channel, owner, Privilege.AuthorizedManagement)
    if file_hash and len(file_hash) not in HASHES:
        raise Refused(SW_DATA)
    if not file_hash and (permit.delegated or verifiers(card, owner)):
        raise Refused(SW_DATA)
    card.registry.room(_wanted(parameters) + OVERHEAD)
    channel.loading = Loading(aid, owner.aid, file_hash, combined, permit)


def check_aid(aid: bytes) -> bytes:
    """
    @return: the same.
    @raise Refused: it is none.
    """
    if not _LEAST_AID <= len(aid) <= _MOST_AID:
        raise Refused(SW_DATA)
    return aid


def _wanted(parameters: bytes) -> int:
    system = tlv.decode(parameters).find(SYSTEM)
    return 0 if system is None else int.from_bytes(system.children().value(CODE_NON_VOLATILE), "big")


def load(card: Card, channel: LogicalChannel, command: Command) -> Response:
    """
    One block.  Whatever is wrong with it ends the loading.
    """
    require_host(channel)
    loading, channel.loading = channel.loading, None
    if loading is None:
        raise Refused(SW_CONDITIONS)
    try:
        if command.p1 & ~LAST_BLOCK or command.p2 != loading.number:
            raise Refused(SW_PARAMETERS)
        if not command.data or len(command.data) > card.options.block:
            raise Refused(SW_WRONG_LENGTH)
        _take(card, loading, command.data)
        if command.p1 & LAST_BLOCK:
            return Response(_complete(card, channel, loading), SW_OK)
        loading.number += 1
        channel.loading = loading
    except (Refused, ValueError):
        abandon(card, loading)
        raise
    return Response(confirmed(), SW_OK)


def _complete(card: Card, channel: LogicalChannel, loading: Loading) -> bytes:
    if loading.total != len(loading.octets):
        raise Refused(SW_DATA)
    found = read_load_file(card, loading)
    card.registry.add(
        Item(
            loading.aid,
            Kind.PKG,
            LoadFileState.LOADED,
            loading.domain,
            version=found.version,
            modules=found.modules,
            size=found.size,
        )
    )
    channel.installing = loading.aid if loading.combined else None
    return confirm(card, loading.permit, loading.aid, loading.domain)


def _take(card: Card, loading: Loading, block: bytes) -> None:
    loading.octets += block
    if loading.total is None:
        loading.total = _announced(loading.octets)
    if loading.total is not None:
        card.registry.room(loading.total + OVERHEAD)
        if len(loading.octets) > loading.total:
            raise Refused(SW_DATA)
    card.registry.room(len(loading.octets) + OVERHEAD)


def _announced(octets: bytes) -> int | None:
    """
    Bytes of the load file; C{None} while too few have come to know.
    """
    at = 0
    try:
        while True:
            tag, size, start = tlv.header(octets, at)
            at = start + size
            if tag in (PLAIN, CIPHERED):
                return at
            if tag not in (SIGNATURE_BLOCK, ICV):
                raise Refused(SW_DATA)
    except ValueError:
        return None


def abandon(card: Card, loading: Loading | None) -> None:
    """
    A load file does not come any more.  On cards of some families there is a part of it then.
    """
    if loading is None or not loading.octets or not card.options.family.leaves_partial:
        return
    if loading.aid not in card.registry.items:
        card.registry.items[loading.aid] = Item(
            loading.aid, Kind.PKG, LoadFileState.LOADED, loading.domain, size=len(loading.octets)
        )
