# -*- test-case-name: tests.gp.test_parameters -*-
"""
Parameters of loading and installing (GlobalPlatform Card Specification 2.3.1, 11.5.2.3.7; for telecommunication cards, ETSI TS
102 226, 8.2.1.3.2).
"""

from __future__ import annotations

from attrs import field, frozen

from cardgw.apdu import tlv
from cardgw.errors import ParameterError
from cardgw.gp.commands import check_byte

APPLICATION, SYSTEM, UICC, CONTROL = 0xC9, 0xEF, 0xEA, 0xB6
"""Tags: for the application itself, for the system, of ETSI TS 102 226, and what a token is about."""
CODE_NON_VOLATILE, VOLATILE, NON_VOLATILE = 0xC6, 0xC7, 0xC8
"""Tags in those for the system: room that there must be (table 11-48 and 11-49)."""
RESERVED_VOLATILE, RESERVED_NON_VOLATILE = 0xD7, 0xD8
GLOBAL_SERVICE, SIM, IMPLICIT_SELECTION = 0xCB, 0xCA, 0xCF
_SHORT, _LONG = 0xFFFF, 0xFFFFFFFF


def _memory(size: int | None, tag: int, what: str) -> bytes:
    if size is None:
        return b""
    if not 0 <= size <= _LONG:
        raise ParameterError(f"{what}: expected at most {_LONG} bytes, got {size}")
    return tlv.encode(tag, size.to_bytes(2 if size <= _SHORT else 4, "big"))


@frozen
class LoadParameters:
    """
    Of INSTALL [for load].  All numbers are bytes of memory; C{None} asks for nothing.

    @ivar code: non-volatile memory for code.
    @ivar control: data object B6, which a token needs, whole.
    """

    code: int | None = None
    volatile: int | None = None
    non_volatile: int | None = None
    control: bytes = b""

    def encode(self) -> bytes:
        """
        What the field has in it.
        """
        system = (
            _memory(self.code, CODE_NON_VOLATILE, "memory for code")
            + _memory(self.volatile, VOLATILE, "volatile memory")
            + _memory(self.non_volatile, NON_VOLATILE, "non-volatile memory")
        )
        return (tlv.encode(SYSTEM, system) if system else b"") + check_control(self.control)


@frozen
class InstallParameters:
    """
    Of INSTALL [for install].

    @ivar application: what the application gets; may be personal or secret.
    @ivar volatile: most volatile memory that it may use, in bytes; C{None} sets no bounds.
    @ivar reserved_volatile: what is kept for it from the start; likewise.
    @ivar services: global service parameters, two bytes each (11.1.3).
    @ivar implicit: implicit selection parameters, one byte each.
    @ivar sim: of ETSI TS 102 226, 8.2.1.3.2.2.1: for applications of SIM cards.
    @ivar uicc: the inside of a data object EA: for those of UICCs.
    @ivar control: as for L{LoadParameters}.
    """

    application: bytes = field(default=b"", repr=False)
    volatile: int | None = None
    non_volatile: int | None = None
    reserved_volatile: int | None = None
    reserved_non_volatile: int | None = None
    services: tuple[int, ...] = ()
    implicit: tuple[int, ...] = ()
    sim: bytes = b""
    uicc: bytes = b""
    control: bytes = b""

    def encode(self) -> bytes:
        """
        What the field has in it: data object C9 always, which cards insist on, then those that are not empty.
        """
        system = b"".join(self._system())
        return b"".join(
            (
                tlv.encode(APPLICATION, self.application),
                tlv.encode(SYSTEM, system) if system else b"",
                tlv.encode(UICC, self.uicc) if self.uicc else b"",
                check_control(self.control),
            )
        )

    def _system(self) -> tuple[bytes, ...]:
        services = b"".join(check_byte(each, "global service", 0, _SHORT).to_bytes(2, "big") for each in self.services)
        return (
            _memory(self.volatile, VOLATILE, "volatile memory"),
            _memory(self.non_volatile, NON_VOLATILE, "non-volatile memory"),
            tlv.encode(GLOBAL_SERVICE, services) if services else b"",
            _memory(self.reserved_volatile, RESERVED_VOLATILE, "reserved volatile memory"),
            _memory(self.reserved_non_volatile, RESERVED_NON_VOLATILE, "reserved non-volatile memory"),
            tlv.encode(SIM, self.sim) if self.sim else b"",
            *(tlv.encode(IMPLICIT_SELECTION, bytes((check_byte(each, "implicit selection"),))) for each in self.implicit),
        )


def check_control(octets: bytes) -> bytes:
    """
    @param octets: a control reference template: data object B6, whole; or nothing.
    @return: the same.
    @raise ParameterError: it is something else.
    """
    if octets:
        try:
            tlv.only(octets, CONTROL)
        except ValueError as problem:
            raise ParameterError(f"control reference template: {problem}") from None
    return octets
