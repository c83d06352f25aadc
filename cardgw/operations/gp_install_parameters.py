# -*- test-case-name: tests.operations.test_gp_install_parameters -*-
"""
What C{gp.install} is told.
"""

from __future__ import annotations

from attrs import frozen

from cardgw.apdu.command import EXTENDED_DATA
from cardgw.errors import ParameterError
from cardgw.fields import boolean, choice, each_of, integer, octets, option, text
from cardgw.gp.cap import Hash
from cardgw.gp.parameters import InstallParameters, LoadParameters
from cardgw.gp.privileges import Privilege, named_privileges
from cardgw.operations.gp_delegated import DelegatedParameters
from cardgw.operations.gp_head import AUTO, aid_or_none

HASHES = {"sha1": Hash.SHA1, "sha256": Hash.SHA256, "sha384": Hash.SHA384, "sha512": Hash.SHA512}
NONE, YES, NO = "none", "yes", "no"
DELETE, KEEP = "delete", "keep"
_MEMORY = integer(0, 0xFFFFFFFF)


@frozen
class InstallGpParameters(DelegatedParameters):
    """
    What the caller gives.
    """

    cap: bytes = option(octets, "the CAP or IJC file, in hexadecimal", default=b"")
    package: str = option(
        aid_or_none, "in place of the file: the AID of a load file that the card has; it is installed from", default=""
    )
    applet: str = option(aid_or_none, "the AID of the applet to be installed; empty: all that are in the file", default="")
    instance: str = option(aid_or_none, "the AID that its instance will have; empty: that of the applet", default="")
    privileges: tuple[str, ...] = option(
        each_of(text), "privileges of the instance, by the names of GlobalPlatform (CardReset)", default=()
    )
    data: bytes = option(octets, "what the applet is given for its installation", default=b"", secret=True)
    default: bool = option(boolean, "make it the application that is selected after a reset", default=False)
    load_only: bool = option(boolean, "load the file, and install nothing", default=False)
    selectable: bool = option(boolean, "make what is installed selectable", default=True)
    combined: bool = option(boolean, "load, install and make selectable as one, of one applet and without tokens", default=False)
    make_selectable: bool = option(
        boolean, "in place of all that: make the instance, which is installed already, selectable", default=False
    )
    replace: bool = option(
        boolean, "delete first what the card has of it: the load file, its applications, and the instances", default=False
    )
    left: str = option(
        choice(AUTO, DELETE, KEEP),
        "what becomes of what a run before has left; by itself it is deleted if it is certain that nobody else has use for it",
        default=AUTO,
    )
    for_domain: str = option(
        aid_or_none,
        "the AID of the security domain that the load file will belong to; empty: the one that is spoken to",
        default="",
    )
    dap: str = option(
        text, "the name of the key set that signs the load file (DAP: RSA, an elliptic curve, AES); empty: none", default=""
    )
    dap_domain: str = option(aid_or_none, "the AID of the security domain that verifies that signature", default="")
    hash: str = option(
        choice(AUTO, NONE, *HASHES),
        "the hash of the load file; by itself SHA-256 where there is a signature or a token (SHA-1 with RSA of 1024 bits)",
        default=AUTO,
    )
    descriptor: bool = option(boolean, "send the descriptor, too, which a card with a verifier wants", default=False)
    block_size: int | None = option(
        integer(1, EXTENDED_DATA), "bytes of the file in one LOAD; by itself as many as the card takes", default=None
    )
    extended: str = option(
        choice(AUTO, YES, NO),
        "LOAD of extended length; by itself where the connection has it, and the card tells that it takes more than 255 bytes",
        default=AUTO,
    )
    load_code: int | None = option(_MEMORY, "memory that there must be for the code", default=None)
    load_volatile: int | None = option(_MEMORY, "volatile memory that there must be for the load file", default=None)
    load_non_volatile: int | None = option(_MEMORY, "non-volatile memory that there must be for the load file", default=None)
    volatile: int | None = option(_MEMORY, "most volatile memory of the instance, in bytes", default=None)
    non_volatile: int | None = option(_MEMORY, "most non-volatile memory of the instance", default=None)
    reserved_volatile: int | None = option(_MEMORY, "volatile memory that is kept for the instance", default=None)
    reserved_non_volatile: int | None = option(_MEMORY, "non-volatile memory that is kept for the instance", default=None)
    services: tuple[int, ...] = option(each_of(integer(0, 0xFFFF)), "global services of the instance", default=())
    implicit: tuple[int, ...] = option(each_of(integer(0, 0xFF)), "implicit selection parameters of the instance", default=())
    sim: bytes = option(octets, "parameters of the instance in SIM cards (ETSI TS 102 226), in data object CA", default=b"")
    uicc: bytes = option(octets, "parameters of the instance in UICCs, likewise, in data object EA", default=b"")

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if sum(map(bool, (self.cap, self.package, self.make_selectable))) != 1:
            raise ParameterError("cap: expected one of cap, package and make_selectable")
        self._check_loading()
        if self.combined and (not self.cap or self.load_only or not self.selectable):
            raise ParameterError("combined: the file is loaded, installed from, and made selectable")
        if self.combined and (self.token or self.tokens):
            raise ParameterError("combined: there are no tokens for that")
        if self.make_selectable and not self.instance:
            raise ParameterError("instance: missing; it is made selectable")
        if self.package and not self.applet:
            raise ParameterError("applet: missing; it is installed from the load file that the card has")
        if bool(self.dap) != bool(self.dap_domain):
            raise ParameterError("dap_domain: expected together with dap")
        if self.dap and self.hash == NONE:
            raise ParameterError("hash: a signature is made of one")
        if self.tokens and self.replace:
            raise ParameterError("tokens: with replace nobody knows how many are needed", hint="Give a key set as token.")
        self.granted()

    def _check_loading(self) -> None:
        if self.cap:
            return
        for name in ("load_only", "replace", "for_domain", "dap", "load_code", "load_volatile", "load_non_volatile"):
            if getattr(self, name):
                raise ParameterError(f"{name}: nothing is loaded without cap")
        if self.make_selectable and (self.applet or self.data):
            raise ParameterError("applet and data: nothing is installed with make_selectable")

    def granted(self) -> Privilege:
        """
        The privileges of the instance.

        @raise ParameterError: there is none of that name.
        """
        return named_privileges((*self.privileges, *(["CardReset"] if self.default else [])))

    def of_load(self) -> LoadParameters:
        """
        Parameters of INSTALL [for load].
        """
        return LoadParameters(self.load_code, self.load_volatile, self.load_non_volatile, self.control)

    def of_install(self) -> InstallParameters:
        """
        Parameters of INSTALL [for install].
        """
        return InstallParameters(
            self.data,
            self.volatile,
            self.non_volatile,
            self.reserved_volatile,
            self.reserved_non_volatile,
            self.services,
            self.implicit,
            self.sim,
            self.uicc,
            self.control,
        )
