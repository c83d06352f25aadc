# -*- test-case-name: tests.gp.test_commands -*-
"""
What all commands of GlobalPlatform have in common (GlobalPlatform Card Specification 2.3.1, 11.1): class and instructions, AIDs,
and fields that are a length and a value.

Commands are for the basic logical channel; L{at} puts them on another one.  They are plain: a secure channel wraps them.
"""

from __future__ import annotations

from enum import IntEnum

from attrs import evolve

from cardgw.apdu import tlv
from cardgw.apdu.command import EXTENDED_DATA, SHORT_LE, Command
from cardgw.apdu.iso7816 import class_byte
from cardgw.apdu.script import Script, Step
from cardgw.errors import ParameterError

CLA = 0x80
LEAST_AID, MOST_AID = 5, 16
"""Bytes in an AID (ISO/IEC 7816-4, 8.2.1.2)."""
AID = 0x4F
"""The tag of an AID where there is one."""
MOST_FIELD_LENGTH = 0xFFFF
_LENGTHS = {0x81: 1, 0x82: 2}
"""First bytes of a length field that has more than one (11.1.5), and how many follow."""


class Ins(IntEnum):
    """
    Instructions (11.1.1).
    """

    GET_DATA = 0xCA
    PUT_KEY = 0xD8
    STORE_DATA = 0xE2
    DELETE = 0xE4
    INSTALL = 0xE6
    LOAD = 0xE8
    SET_STATUS = 0xF0
    GET_STATUS = 0xF2


def check_byte(value: int, what: str, low: int = 0, high: int = 0xFF) -> int:
    """
    @return: the value.
    @raise ParameterError: it is out of bounds.
    """
    if not low <= value <= high:
        raise ParameterError(f"{what}: expected {low:02X} to {high:02X}, got {value:02X}")
    return value


def check_aid(aid: bytes, what: str, *, optional: bool = False) -> bytes:
    """
    @param what: which one, for people.
    @param optional: whether there may be none.
    @return: the AID.
    @raise ParameterError: it is too short or too long.
    """
    if not (optional and not aid) and not LEAST_AID <= len(aid) <= MOST_AID:
        raise ParameterError(f"{what}: an AID has {LEAST_AID} to {MOST_AID} bytes, got {len(aid)}")
    return aid


def check_data(data: bytes, what: str) -> bytes:
    """
    @param what: the command, for people.
    @return: the data.
    @raise ParameterError: they are more than a command can have.
    """
    if len(data) > EXTENDED_DATA:
        raise ParameterError(f"{what}: at most {EXTENDED_DATA} bytes of data, got {len(data)}")
    return data


def field(value: bytes) -> bytes:
    """
    Length and value; the length as in BER-TLV.

    @raise ParameterError: the value is longer than a command can be.
    """
    if len(value) > MOST_FIELD_LENGTH:
        raise ParameterError(f"a field has at most {MOST_FIELD_LENGTH} bytes, got {len(value)}")
    return tlv.length(len(value)) + value


def split_field(octets: bytes, at: int = 0) -> tuple[bytes, int]:
    """
    Read what L{field} makes.

    @return: the value, and the position after it.
    @raise ValueError: it is cut short, or its length cannot be read.
    """
    head = octets[at : at + 1]
    if not head:
        raise ValueError("a field is missing")
    size, at = head[0], at + 1
    if size >= 0x80:
        more = _LENGTHS.get(size)
        if more is None:
            raise ValueError(f"length field {size:02X} is not supported")
        size, at = int.from_bytes(octets[at : at + more], "big"), at + more
    if at + size > len(octets):
        raise ValueError(f"a field of {size} bytes is announced, {max(0, len(octets) - at)} are present")
    return octets[at : at + size], at + size


def split_fields(octets: bytes) -> tuple[bytes, ...]:
    """
    The values of fields one after another.

    @raise ValueError: one is cut short.
    """
    found, at = [], 0
    while at < len(octets):
        value, at = split_field(octets, at)
        found.append(value)
    return tuple(found)


def get_data(tag: int, data: bytes = b"", cla: int = CLA) -> Command:
    """
    GET DATA (11.3).

    @param tag: of the data object, two bytes at most.
    @param data: what narrows it down, such as A6{83{key identifier, key version}} for certificates.
    @raise ParameterError: the tag is too long, or the data are.
    """
    check_byte(tag, "tag of GET DATA", 0, 0xFFFF)
    check_data(data, "GET DATA")
    return Command(cla, Ins.GET_DATA, tag >> 8, tag & 0xFF, data, SHORT_LE)


def at(script: Script, number: int) -> Script:
    """
    The same commands on a logical channel.

    @param number: 0 to 19.
    """
    return evolve(script, steps=tuple(_moved(step, number) for step in script.steps))


def _moved(step: Step, number: int) -> Step:
    return evolve(step, command=evolve(step.command, cla=class_byte(step.command.cla, number)))
