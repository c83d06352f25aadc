# -*- test-case-name: tests.transports.ramhttp.test_wire,tests.transports.ramhttp.test_wire_templates -*-
"""
Templates of RAMOverHTTP as the CardContact clients speak it, both ways: see the table in L{cardgw.transports.ramhttp}.

What is sent is in the shortest form, and never in one that a client in the field does not take.  What is read may be in any
definite length form, with any bytes after the template, and with elements that nobody here knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import IntEnum
from typing import TypeAlias, TypeVar

from attrs import frozen

from cardgw.apdu import tlv

_T = TypeVar("_T")

TEMPLATE_MAX = 0xFFFF
"""Most bytes of a template: ram-client takes no longer form of length than 82, and cuts that of its own answers silently."""
DEFAULT_ATR = bytes.fromhex("3B800000")
"""The answer to reset of a card whose side has told none."""
_INTEGER_MAX = 4
"""Most bytes of an integer (ram-client refuses longer ones)."""


class WireError(ValueError):
    """
    These are not the bytes of a template.  The text says why.
    """


class Tag(IntEnum):
    """
    What templates and their elements are; see the table in L{cardgw.transports.ramhttp}.
    """

    INTEGER = 0x02
    TEXT = 0x0C
    COMMAND = 0x22
    RESPONSE = 0x23
    COUNT = 0x80
    REQUEST_TEMPLATE = 0xAA
    RESPONSE_TEMPLATE = 0xAB
    RESET_OR_ATR = 0xC0
    MAX_COMMAND = 0xC1
    MAX_RESPONSE = 0xC2
    SECONDS = 0xC3
    NOTIFY = 0xE0
    CLOSE = 0xE1
    INITIATION = 0xE8


@frozen
class Apdu:
    """
    A command for the card.
    """

    octets: bytes


@frozen
class ResetCard:
    """
    Reset the card; L{AtrGiven} answers.
    """


@frozen
class Notify:
    """
    A message for the card holder.  Nothing answers it.

    @ivar id: below 0 an error, 0 the end, above 0 progress; ram-client ends its session at a negative one.
    @ivar seconds: how long what follows may take.
    """

    id: int
    text: str
    seconds: int | None = None


@frozen
class Rapdu:
    """
    What the card answered; empty where it was gone.
    """

    octets: bytes


@frozen
class AtrGiven:
    """
    The answer to reset after L{ResetCard}.
    """

    atr: bytes


@frozen
class Closed:
    """
    The card's side ends the session.
    """

    reason: str


@frozen
class Unknown:
    """
    An element with a tag that nobody here knows.
    """

    tag: int


@frozen
class Answer:
    """
    A response template.

    @ivar count: how many commands its sender says it executed; C{None} where it does not say.  Clients disagree on what it
        counts and how it is written: count the L{Rapdu} instead.
    """

    elements: tuple[ResponseElement, ...]
    count: int | None = None


@frozen
class Initiation:
    """
    What the card's side says first.

    @ivar max_command: longest command that its reader takes, in bytes; C{None} where it does not say.
    @ivar max_response: longest response that its reader gives.
    """

    atr: bytes
    max_command: int | None = None
    max_response: int | None = None


RequestElement: TypeAlias = Apdu | ResetCard | Notify | Closed | Unknown
ResponseElement: TypeAlias = Rapdu | AtrGiven | Closed | Unknown


def encode_request(elements: Iterable[Apdu | ResetCard | Notify]) -> bytes:
    """
    The template that asks something of the card's side.

    @raise WireError: it would have more than L{TEMPLATE_MAX} bytes, or an integer of more than four.
    """
    template = tlv.encode(Tag.REQUEST_TEMPLATE, *map(_request_element, elements))
    if len(template) > TEMPLATE_MAX:
        raise WireError(f"a template has at most {TEMPLATE_MAX} bytes, this would have {len(template)}")
    return template


def _request_element(element: Apdu | ResetCard | Notify) -> bytes:
    if isinstance(element, Apdu):
        return tlv.encode(Tag.COMMAND, element.octets)
    if isinstance(element, ResetCard):
        return tlv.encode(Tag.RESET_OR_ATR)
    seconds = b"" if element.seconds is None else tlv.encode(Tag.SECONDS, _integer(element.seconds))
    return tlv.encode(Tag.NOTIFY, tlv.encode(Tag.INTEGER, _integer(element.id)), _text(element.text), seconds)


def decode_request(octets: bytes) -> tuple[RequestElement, ...]:
    """
    The elements of a request template, in their order.

    @raise WireError: it is none.
    """
    return tuple(_elements(_value(octets, Tag.REQUEST_TEMPLATE), _IN_REQUESTS))


def encode_response(elements: Iterable[Rapdu | AtrGiven | Closed], count: int) -> bytes:
    """
    The template with which the card's side answers.

    @param count: how many commands were executed.
    """
    size = max(1, (count.bit_length() + 7) // 8)
    return tlv.encode(
        Tag.RESPONSE_TEMPLATE, *map(_response_element, elements), tlv.encode(Tag.COUNT, count.to_bytes(size, "big"))
    )


def _response_element(element: Rapdu | AtrGiven | Closed) -> bytes:
    if isinstance(element, Rapdu):
        return tlv.encode(Tag.RESPONSE, element.octets)
    if isinstance(element, AtrGiven):
        return tlv.encode(Tag.RESET_OR_ATR, element.atr)
    return tlv.encode(Tag.CLOSE, _text(element.reason))


def decode_response(octets: bytes) -> Answer:
    """
    A response template; the count may stand anywhere in it.

    @raise WireError: it is none.
    """
    elements: list[ResponseElement] = []
    count = None
    for element in _elements(_value(octets, Tag.RESPONSE_TEMPLATE), _IN_RESPONSES):
        if isinstance(element, _Count):
            count = element.value
        else:
            elements.append(element)
    return Answer(tuple(elements), count)


def is_initiation(octets: bytes) -> bool:
    """
    Whether this is how a card's side begins, or tries to.
    """
    return octets[:1] == bytes((Tag.INITIATION,))


def encode_initiation(initiation: Initiation) -> bytes:
    """
    The template with which the card's side begins.

    @raise WireError: an integer has more than four bytes.
    """
    limits = ((Tag.MAX_COMMAND, initiation.max_command), (Tag.MAX_RESPONSE, initiation.max_response))
    return tlv.encode(
        Tag.INITIATION,
        tlv.encode(Tag.RESET_OR_ATR, initiation.atr),
        *(tlv.encode(tag, _integer(value)) for tag, value in limits if value is not None),
    )


def decode_initiation(octets: bytes) -> Initiation:
    """
    What the card's side says first, its elements in any order.  A limit of 0 counts as none, no answer to reset as
    L{DEFAULT_ATR}.

    @raise WireError: it is something else.
    """
    found = {item.tag: item.value for item in _walk(_value(octets, Tag.INITIATION))}
    limits = (_unsigned(found[tag]) if tag in found else 0 for tag in (Tag.MAX_COMMAND, Tag.MAX_RESPONSE))
    max_command, max_response = (limit or None for limit in limits)
    return Initiation(found.get(Tag.RESET_OR_ATR) or DEFAULT_ATR, max_command, max_response)


def _integer(value: int) -> bytes:
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    if size > _INTEGER_MAX:
        raise WireError(f"an integer has at most {_INTEGER_MAX} bytes, {value} does not fit")
    return value.to_bytes(size, "big", signed=True)


def _signed(octets: bytes) -> int:
    return int.from_bytes(_sized(octets), "big", signed=True)


def _unsigned(octets: bytes) -> int:
    return int.from_bytes(_sized(octets), "big")


def _sized(octets: bytes) -> bytes:
    if not 1 <= len(octets) <= _INTEGER_MAX:
        raise WireError(f"an integer has 1 to {_INTEGER_MAX} bytes, not {len(octets)}")
    return octets


def _text(text: str) -> bytes:
    return tlv.encode(Tag.TEXT, text.encode("utf-8", "replace"))


def _value(octets: bytes, expected: Tag) -> bytes:
    try:
        tag, size, start = tlv.header(octets)
    except ValueError as error:
        raise WireError(str(error)) from None
    if tag != expected:
        raise WireError(f"expected a template {expected:X}, found {tag:X}")
    if start + size > len(octets):
        raise WireError(f"template {tag:X}: {size} bytes announced, {len(octets) - start} present")
    return octets[start : start + size]


def _walk(octets: bytes) -> Iterator[tlv.Tlv]:
    try:
        yield from tlv.walk(octets)
    except ValueError as error:
        raise WireError(str(error)) from None


@frozen
class _Count:
    value: int | None


def _reset(value: bytes) -> ResetCard:
    if value:
        raise WireError(f"a reset is empty, it has {len(value)} bytes")
    return ResetCard()


def _notify(value: bytes) -> Notify:
    found = {item.tag: item.value for item in _walk(value)}
    if Tag.INTEGER not in found:
        raise WireError("a notification has no number")
    seconds = _unsigned(found[Tag.SECONDS]) if Tag.SECONDS in found else None
    return Notify(_signed(found[Tag.INTEGER]), _read_text(found.get(Tag.TEXT, b"")), seconds)


def _closed(value: bytes) -> Closed:
    return Closed(_read_text(next((item.value for item in _walk(value) if item.tag == Tag.TEXT), b"")))


def _count(value: bytes) -> _Count:
    return _Count(int.from_bytes(value, "big") if 1 <= len(value) <= _INTEGER_MAX else None)


def _read_text(octets: bytes) -> str:
    return octets.decode("utf-8", "replace")


_IN_REQUESTS: Mapping[int, Callable[[bytes], Apdu | ResetCard | Notify | Closed]] = {
    Tag.COMMAND: Apdu,
    Tag.RESET_OR_ATR: _reset,
    Tag.NOTIFY: _notify,
    Tag.CLOSE: _closed,
}
_IN_RESPONSES: Mapping[int, Callable[[bytes], Rapdu | AtrGiven | Closed | _Count]] = {
    Tag.RESPONSE: Rapdu,
    Tag.RESET_OR_ATR: AtrGiven,
    Tag.CLOSE: _closed,
    Tag.COUNT: _count,
}


def _elements(octets: bytes, readers: Mapping[int, Callable[[bytes], _T]]) -> Iterator[_T | Unknown]:
    for item in _walk(octets):
        reader = readers.get(item.tag)
        yield Unknown(item.tag) if reader is None else reader(item.value)
