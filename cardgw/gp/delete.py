# -*- test-case-name: tests.gp.test_delete -*-
"""
DELETE (GlobalPlatform Card Specification 2.3.1, 11.2): applications and load files, and keys.
"""

from __future__ import annotations

from typing import Self

from attrs import evolve, field, frozen

from cardgw.apdu import tlv
from cardgw.apdu.command import SHORT_LE, Command
from cardgw.errors import ParameterError
from cardgw.gp.commands import AID, CLA, Ins, check_aid, check_byte, check_data
from cardgw.gp.parameters import check_control

RELATED = 0x80
"""P2: what was installed from a load file, too; in a domain, what belongs to it."""
KEY_IDENTIFIER, KEY_VERSION, TOKEN = 0xD0, 0xD2, 0x9E
_HIGHEST_KEY = 0x7F


@frozen
class Delete:
    """
    One DELETE of applications or load files.

    @ivar aids: most cards want one.
    @ivar related: delete what depends on it, too.
    @ivar control: data object B6, which a token needs, whole.
    @ivar token: what allows it under delegated management.
    """

    aids: tuple[bytes, ...]
    related: bool = False
    control: bytes = b""
    token: bytes = field(default=b"", repr=False)

    def __attrs_post_init__(self) -> None:
        if not self.aids:
            raise ParameterError("DELETE: there is nothing to delete")
        for each in self.aids:
            check_aid(each, "application or load file")
        check_control(self.control)

    @property
    def data(self) -> bytes:
        """
        The command data without the token: what it is about.
        """
        return b"".join(tlv.encode(AID, each) for each in self.aids) + self.control

    def command(self) -> Command:
        """
        The plain command.

        @raise ParameterError: it would be longer than a command can be.
        """
        token = tlv.encode(TOKEN, self.token) if self.token else b""
        return Command(CLA, Ins.DELETE, 0x00, RELATED if self.related else 0, check_data(self.data + token, "DELETE"), SHORT_LE)

    def with_token(self, token: bytes) -> Self:
        """
        The same with a token.
        """
        return evolve(self, token=token)


def delete(aid: bytes, *, related: bool = False) -> Command:
    """
    DELETE of one application or load file.

    @param related: what depends on it, too.
    """
    return Delete((aid,), related).command()


def delete_key(identifier: int | None = None, version: int | None = None) -> Command:
    """
    DELETE [key] (11.2.2.3.2).

    @param identifier: 00 to 7F; C{None} for all of that version.
    @param version: 01 to 7F; C{None} for all with that identifier.
    @raise ParameterError: neither is given, or one is out of bounds.
    """
    if identifier is None and version is None:
        raise ParameterError("DELETE: neither the identifier nor the version of the key is given")
    data = b""
    if identifier is not None:
        data += tlv.encode(KEY_IDENTIFIER, bytes((check_byte(identifier, "key identifier", 0, _HIGHEST_KEY),)))
    if version is not None:
        data += tlv.encode(KEY_VERSION, bytes((check_byte(version, "key version", 1),)))
    return Command(CLA, Ins.DELETE, 0x00, 0x00, data, SHORT_LE)
