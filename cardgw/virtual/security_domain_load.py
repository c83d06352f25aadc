# -*- test-case-name: tests.virtual.test_security_domain_load -*-
"""
INSTALL [for load] and LOAD of the software card (GlobalPlatform Card Specification 2.3.1, 9.3 and 11.6): blocks in strict order,
and a package that is what it was said to be.  No byte code runs.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from hashlib import new

from cardgw.apdu import tlv
from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.gp.cap_components import Component, Header, framed, parse_applets, parse_header
from cardgw.gp.life_cycle import Kind, LoadFileState
from cardgw.gp.load_file import CIPHERED, LAST_BLOCK, PLAIN, SIGNATURE_BLOCK
from cardgw.gp.parameters import CODE_NON_VOLATILE, SYSTEM
from cardgw.virtual.euicc_values import SW_CONDITIONS, SW_DATA, SW_OK, SW_PARAMETERS, SW_WRONG_LENGTH, Refused
from cardgw.virtual.security_domain_registry import OVERHEAD, Item
from cardgw.virtual.security_domain_state import Card, Loading, LogicalChannel, require_manager
from cardgw.virtual.security_domain_values import confirmed

_HASHES = {20: "sha1", 32: "sha256", 48: "sha384", 64: "sha512"}
_LEAST_AID, _MOST_AID = 5, 16


def begin_load(card: Card, channel: LogicalChannel, fields: tuple[bytes, ...], *, combined: bool) -> None:
    """
    INSTALL [for load].

    @param fields: load file, security domain, hash, parameters.
    @raise Refused: it cannot be loaded.
    """
    aid, domain, file_hash, parameters = fields
    check_aid(aid)
    if aid in card.registry.items:
        raise Refused(SW_CONDITIONS)
    owner = card.registry.domain(domain) if domain else channel.selected
    if file_hash and len(file_hash) not in _HASHES:
        raise Refused(SW_DATA)
    card.registry.room(_wanted(parameters) + OVERHEAD)
    channel.loading = Loading(aid, owner.aid, file_hash, combined)


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
    require_manager(card, channel)
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
            card.registry.add(_package(loading))
            channel.installing = loading.aid if loading.combined else None
        else:
            loading.number += 1
            channel.loading = loading
    except (Refused, ValueError):
        abandon(card, loading)
        raise
    return Response(confirmed(), SW_OK)


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
    try:
        tag, size, start = tlv.header(octets)
    except ValueError:
        return None
    if tag in (SIGNATURE_BLOCK, CIPHERED):
        raise Refused(SW_CONDITIONS)  # there is no domain here that could verify or decipher it
    if tag != PLAIN:
        raise Refused(SW_DATA)
    return start + size


def _package(loading: Loading) -> Item:
    if loading.total != len(loading.octets):
        raise Refused(SW_DATA)
    code = tlv.only(loading.octets, PLAIN).value
    if loading.file_hash and not hmac.compare_digest(new(_HASHES[len(loading.file_hash)], code).digest(), loading.file_hash):
        raise Refused(SW_DATA)
    header, modules = _read(code)
    if header.package.aid != loading.aid:
        raise Refused(SW_DATA)
    version = bytes(header.package.version)
    return Item(loading.aid, Kind.PKG, LoadFileState.LOADED, loading.domain, version=version, modules=modules, size=len(code))


def _read(code: bytes) -> tuple[Header, tuple[bytes, ...]]:
    try:
        components = dict(_components(code))
        header = parse_header(components[Component.Header])
        applets = components.get(Component.Applet)
        return header, () if applets is None else parse_applets(applets, extended=header.is_extended)
    except (ValueError, KeyError):
        raise Refused(SW_DATA) from None


def _components(code: bytes) -> Iterator[tuple[Component, bytes]]:
    at, extended = 0, False
    while at < len(code):
        component, end = framed(code, at, extended=extended)
        if component is Component.Header:
            extended = parse_header(code[at:end]).is_extended
        yield component, code[at:end]
        at = end


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
