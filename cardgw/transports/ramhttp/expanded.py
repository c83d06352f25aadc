# -*- test-case-name: tests.transports.ramhttp.test_expanded -*-
"""
Scripts for cards and what they answer, in the expanded format of remote management (ETSI TS 102 226, 5.2), both ways::

    <- AA | AE            command script, of definite or indefinite length
          22 <C-APDU>     command                                              23 answers
          81 <action>     immediate action                                     81 answers, where it is one that has an answer
          82 <action>     what is to be done where a command fails
          83 <1 byte>     this script and the one before or after it are one   83 answers, where that cannot be
    -> AB | AF            response script
          80 <number>     how many commands were executed; first in AB, missing in AF
          23 <R-APDU>     answer; after one that ends in 62F1 its data is cut, and the script has ended
          90 <1 byte>     the script cannot be read beyond this point

What is sent has the form of the standard.  What is read is taken as cards in the field send it: the number anywhere or nowhere,
either tag with either kind of length, an end that is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import TypeAlias

from attrs import frozen

from cardgw.apdu import tlv
from cardgw.transports.ramhttp.wire import WireError

_INDEFINITE = 0x80
_END = b"\x00\x00"
_COUNT_MAX = 4


class Tag(IntEnum):
    """
    See the module's docstring (TS 102 226, 5.2.1 and annex A).
    """

    COMMAND = 0x22
    RESPONSE = 0x23
    COUNT = 0x80
    IMMEDIATE_ACTION = 0x81
    ERROR_ACTION = 0x82
    CHAINING = 0x83
    BAD_FORMAT = 0x90
    COMMANDS = 0xAA
    RESPONSES = 0xAB
    COMMANDS_INDEFINITE = 0xAE
    RESPONSES_INDEFINITE = 0xAF


class ChainingFailure(IntEnum):
    """
    Why scripts are not one (5.2.2).
    """

    NO_PREVIOUS_SCRIPT = 0x01
    NOT_SUPPORTED = 0x02
    OTHER = 0x03


class BadFormat(IntEnum):
    """
    Why a card cannot read a script (5.2.2).
    """

    UNKNOWN_TAG = 0x01
    WRONG_LENGTH = 0x02
    LENGTH_NOT_FOUND = 0x03


@frozen
class Element:
    """
    One element of a script.

    @ivar tag: see L{Tag}; others may come from a card.
    """

    tag: int
    value: bytes


@frozen
class CommandScript:
    """
    What a card is told.

    @ivar indefinite: whether its length is not told.
    """

    elements: tuple[Element, ...]
    indefinite: bool = True

    @property
    def commands(self) -> tuple[bytes, ...]:
        """
        The C-APDUs.
        """
        return tuple(each.value for each in self.elements if each.tag == Tag.COMMAND)


@frozen
class ResponseScript:
    """
    What a card answers.

    @ivar count: how many commands it says it executed; C{None} where it does not.
    """

    elements: tuple[Element, ...]
    count: int | None = None

    @property
    def responses(self) -> tuple[bytes, ...]:
        """
        The R-APDUs.
        """
        return tuple(each.value for each in self.elements if each.tag == Tag.RESPONSE)

    @property
    def problem(self) -> str:
        """
        Why the card has not executed all of it, for people; empty where it does not tell.
        """
        found = next((each for each in self.elements if each.tag in {Tag.BAD_FORMAT, Tag.CHAINING}), None)
        if found is None:
            return ""
        if found.tag == Tag.BAD_FORMAT:
            return f"the card cannot read the script ({_named(BadFormat, found.value)})"
        return f"the card does not chain the script ({_named(ChainingFailure, found.value)})"


Kinds: TypeAlias = type[BadFormat] | type[ChainingFailure]


def _named(kinds: Kinds, value: bytes) -> str:
    try:
        return kinds(int.from_bytes(value, "big")).name.lower().replace("_", " ")
    except ValueError:
        return value[:8].hex().upper() or "no reason"


def encode_commands(commands: Iterable[bytes], *, indefinite: bool = True) -> bytes:
    """
    The script that has these commands and nothing else.

    @param commands: C-APDUs.
    """
    return encode_script(CommandScript(tuple(Element(Tag.COMMAND, each) for each in commands), indefinite))


def encode_script(script: CommandScript) -> bytes:
    """
    A command script.
    """
    return _encode(Tag.COMMANDS_INDEFINITE if script.indefinite else Tag.COMMANDS, script.elements, indefinite=script.indefinite)


def decode_script(octets: bytes) -> CommandScript:
    """
    A command script.

    @raise WireError: it is none.
    """
    elements, indefinite = _decode(octets, (Tag.COMMANDS, Tag.COMMANDS_INDEFINITE))
    return CommandScript(elements, indefinite)


def encode_response(response: ResponseScript, *, indefinite: bool = False) -> bytes:
    """
    A response script, as the standard has it: the number of commands first, or not at all where the length is indefinite.
    """
    if indefinite:
        return _encode(Tag.RESPONSES_INDEFINITE, response.elements, indefinite=True)
    count = len(response.responses) if response.count is None else response.count
    number = count.to_bytes(max(1, (count.bit_length() + 7) // 8), "big")
    return _encode(Tag.RESPONSES, (Element(Tag.COUNT, number), *response.elements), indefinite=False)


def decode_response(octets: bytes) -> ResponseScript:
    """
    A response script.

    @raise WireError: it is none.
    """
    elements, _ = _decode(octets, (Tag.RESPONSES, Tag.RESPONSES_INDEFINITE))
    count = next((each.value for each in elements if each.tag == Tag.COUNT), b"")
    number = int.from_bytes(count, "big") if 1 <= len(count) <= _COUNT_MAX else None
    return ResponseScript(tuple(each for each in elements if each.tag != Tag.COUNT), number)


def _encode(tag: int, elements: Iterable[Element], *, indefinite: bool) -> bytes:
    parts = [tlv.encode(each.tag, each.value) for each in elements]
    return b"".join((bytes((tag, _INDEFINITE)), *parts, _END)) if indefinite else tlv.encode(tag, *parts)


def _decode(octets: bytes, expected: tuple[int, ...]) -> tuple[tuple[Element, ...], bool]:
    if octets[:1] not in {bytes((each,)) for each in expected}:
        names = " or ".join(f"{each:X}" for each in expected)
        raise WireError(f"expected a script {names}, found {octets[:1].hex().upper() or 'nothing'}")
    indefinite = octets[1:2] == bytes((_INDEFINITE,))
    try:
        inside = octets[2:] if indefinite else _inside(octets)
        return tuple(_elements(inside, indefinite=indefinite)), indefinite
    except ValueError as error:
        raise WireError(str(error)) from None


def _inside(octets: bytes) -> bytes:
    tag, size, start = tlv.header(octets)
    if start + size > len(octets):
        raise ValueError(f"script {tag:X}: {size} bytes announced, {len(octets) - start} present")
    return octets[start : start + size]


def _elements(octets: bytes, *, indefinite: bool) -> Iterator[Element]:
    at = 0
    while at < len(octets):
        if indefinite and octets[at : at + len(_END)] == _END:
            return
        tag, size, start = tlv.header(octets, at)
        at = start + size
        if at > len(octets):
            raise ValueError(f"element {tag:X}: {size} bytes announced, {len(octets) - start} present")
        yield Element(tag, octets[start:at])
