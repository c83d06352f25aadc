# -*- test-case-name: tests.gp.test_install -*-
"""
INSTALL in all its forms (GlobalPlatform Card Specification 2.3.1, 11.5).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Self

from attrs import evolve, field, frozen

from cardgw.apdu.command import SHORT_LE, Command
from cardgw.errors import ParameterError
from cardgw.gp import commands
from cardgw.gp.commands import CLA, Ins, check_aid
from cardgw.gp.parameters import InstallParameters, LoadParameters
from cardgw.gp.privileges import NONE, Privilege, encode_privileges

FIELDS, LOAD_FIELDS = 6, 5
"""Each form has so many, some of them empty; that for loading has fewer (tables 11-42 to 11-47).  The last one is the token."""
_LOAD_PARAMETERS, _INSTALL_PARAMETERS = LoadParameters(), InstallParameters()


class For(IntEnum):
    """
    What it is for: P1 (table 11-40).
    """

    LOAD = 0x02
    INSTALL = 0x04
    MAKE_SELECTABLE = 0x08
    INSTALL_AND_MAKE_SELECTABLE = 0x0C
    LOAD_INSTALL_AND_MAKE_SELECTABLE = 0x0E
    EXTRADITION = 0x10
    PERSONALIZATION = 0x20
    REGISTRY_UPDATE = 0x40


class Part(IntEnum):
    """
    Whether it is the whole, or the beginning or end of loading, installing and making selectable in one: P2 (table 11-41).
    """

    WHOLE = 0x00
    BEGIN = 0x01
    END = 0x03


@frozen
class Install:
    """
    One INSTALL, made by the functions below.

    @ivar fields: all but the token.
    @ivar token: what allows it under delegated management; empty for none.
    """

    purpose: For
    fields: tuple[bytes, ...] = field(repr=False)
    token: bytes = field(default=b"", repr=False)
    part: Part = Part.WHOLE

    def __attrs_post_init__(self) -> None:
        expected = _fields(self.purpose, self.part) - 1
        if len(self.fields) != expected:
            raise ParameterError(f"INSTALL: it has {expected} fields and a token, not {len(self.fields)}")

    @property
    def data(self) -> bytes:
        """
        The command data without the token's field: what a token is about.
        """
        return b"".join(map(commands.field, self.fields))

    def command(self) -> Command:
        """
        The plain command.

        @raise ParameterError: it would be longer than a command can be.
        """
        data = commands.check_data(self.data + commands.field(self.token), "INSTALL")
        return Command(CLA, Ins.INSTALL, self.purpose, self.part, data, SHORT_LE)

    def with_token(self, token: bytes) -> Self:
        """
        The same with a token.
        """
        return evolve(self, token=token)

    @classmethod
    def decode(cls, command: Command) -> Self:
        """
        @raise ValueError: the command is something else, or malformed.
        """
        if command.ins != Ins.INSTALL or command.p1 not in set(For):
            raise ValueError("it is no INSTALL that is known")
        purpose, part = For(command.p1), Part(command.p2)
        *fields, token = commands.split_fields(command.data) or (b"",)
        if len(fields) != _fields(purpose, part) - 1:
            raise ValueError(f"INSTALL has {_fields(purpose, part)} fields, not {len(fields) + 1}")
        return cls(purpose, tuple(fields), token, part)


def _fields(purpose: For, part: Part) -> int:
    return LOAD_FIELDS if purpose is For.LOAD or part is Part.BEGIN else FIELDS


def for_load(
    load_file: bytes,
    domain: bytes = b"",
    code_hash: bytes = b"",
    parameters: LoadParameters = _LOAD_PARAMETERS,
    *,
    combined: bool = False,
) -> Install:
    """
    INSTALL [for load] (11.5.2.3.1).

    @param load_file: its AID.
    @param domain: the AID of the security domain that it will belong to; empty for the one that is selected.
    @param code_hash: of the load file data block; a card needs it for signatures and tokens.
    @param combined: the beginning of loading, installing and making selectable in one.
    """
    check_aid(load_file, "load file")
    check_aid(domain, "security domain", optional=True)
    fields = (load_file, domain, code_hash, parameters.encode())
    if combined:
        return Install(For.LOAD_INSTALL_AND_MAKE_SELECTABLE, fields, part=Part.BEGIN)
    return Install(For.LOAD, fields)


def for_install(
    load_file: bytes,
    module: bytes,
    application: bytes,
    privileges: Privilege = NONE,
    *,
    parameters: InstallParameters = _INSTALL_PARAMETERS,
    purpose: For = For.INSTALL_AND_MAKE_SELECTABLE,
) -> Install:
    """
    INSTALL [for install], and make selectable unless told otherwise (11.5.2.3.2).

    @param module: the AID of the applet in the load file.
    @param application: the AID that its instance will have.
    @param purpose: to install, with or without making selectable; or the end of loading and both in one.
    """
    if not purpose & For.INSTALL:
        raise ParameterError("purpose: expected one that installs")
    check_aid(load_file, "load file")
    check_aid(module, "module")
    check_aid(application, "application")
    granted = encode_privileges(privileges)
    part = Part.END if purpose is For.LOAD_INSTALL_AND_MAKE_SELECTABLE else Part.WHOLE
    return Install(purpose, (load_file, module, application, granted, parameters.encode()), part=part)


def for_make_selectable(application: bytes, privileges: Privilege = NONE) -> Install:
    """
    INSTALL [for make selectable] (11.5.2.3.3).
    """
    check_aid(application, "application")
    return Install(For.MAKE_SELECTABLE, (b"", b"", application, encode_privileges(privileges), b""))


def for_extradition(domain: bytes, application: bytes, parameters: bytes = b"") -> Install:
    """
    INSTALL [for extradition] (11.5.2.3.4): give an application or a load file to another security domain.

    @param domain: the AID of that.
    @param parameters: data objects; most need none.
    """
    check_aid(domain, "security domain")
    check_aid(application, "application or load file")
    return Install(For.EXTRADITION, (domain, b"", application, b"", parameters))


def for_registry_update(
    application: bytes,
    privileges: Privilege | None = None,
    domain: bytes = b"",
    parameters: bytes = b"",
) -> Install:
    """
    INSTALL [for registry update] (11.5.2.3.5).

    @param application: empty for the security domain that is selected.
    @param privileges: those that it will have; C{None} leaves them.
    @param domain: the one that it will belong to; empty leaves it.
    @param parameters: data objects as of INSTALL [for install]; empty leaves them.
    """
    check_aid(application, "application", optional=True)
    check_aid(domain, "security domain", optional=True)
    granted = b"" if privileges is None else encode_privileges(privileges)
    return Install(For.REGISTRY_UPDATE, (domain, b"", application, granted, parameters))


def for_personalization(application: bytes) -> Install:
    """
    INSTALL [for personalization] (11.5.2.3.6): the STORE DATA that follow are for an application of this security domain.
    """
    check_aid(application, "application")
    return Install(For.PERSONALIZATION, (b"", b"", application, b"", b""))
