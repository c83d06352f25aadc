# -*- test-case-name: tests.operations.test_gp_install_plan -*-
"""
What C{gp.install} will send, worked out before anything is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import frozen

from cardgw.apdu.command import Command
from cardgw.errors import ParameterError
from cardgw.gp.cap import CapFile, code_hash
from cardgw.gp.cap_components import Package
from cardgw.gp.delete import Delete
from cardgw.gp.install import For, Install, for_install, for_load, for_make_selectable
from cardgw.gp.load_file import Dap, LoadFile, load
from cardgw.gp.privileges import Privilege
from cardgw.operations.gp_delegated import Tokens
from cardgw.operations.gp_install_parameters import HASHES, NONE, InstallGpParameters
from cardgw.operations.gp_signing import NOBODY, KeySource, signer, usual_hash


def read_file(parameters: InstallGpParameters) -> tuple[CapFile | None, tuple[bytes, ...]]:
    """
    The file, where there is one, and the AIDs of what is installed.

    @raise ParameterError: they contradict each other.
    """
    applet = bytes.fromhex(parameters.applet)
    if not parameters.cap:
        return None, (applet,) if parameters.package else ()
    cap = CapFile.decode(parameters.cap)
    if parameters.load_only:
        return cap, ()
    names = ", ".join(each.hex().upper() for each in cap.applets) or "none"
    if applet and applet not in cap.applets:
        raise ParameterError(f"applet: {applet.hex().upper()} is not in the file", hint=f"There are {names}.")
    found = (applet,) if applet else cap.applets
    if parameters.combined and not found:
        raise ParameterError("combined: there is no applet in the file")
    if len(found) > 1 and (parameters.instance or parameters.combined or parameters.granted() & Privilege.CardReset):
        raise ParameterError("applet: missing; there are several in the file", hint=f"They are {names}.")
    return cap, found


@frozen
class Instance:
    """
    An application that will be there.

    @ivar install: INSTALL for it.
    """

    aid: bytes
    install: Install


class InstallPlan:
    """
    What the parameters ask for.

    @ivar cap: the file; C{None} where nothing is loaded.
    @ivar package: the AID of the load file; empty where an instance is only made selectable.
    @ivar load_file: what is sent with LOAD, or C{None}.
    @ivar for_load: INSTALL [for load], or C{None}.
    @ivar instances: what is installed, or made selectable.
    """

    def __init__(self, parameters: InstallGpParameters, keys: KeySource, diversification: bytes = NOBODY) -> None:
        """
        @raise ParameterError: the parameters contradict each other, or the file.
        @raise SecretError: a key set is not there.
        """
        self._parameters, self._keys, self._diversification = parameters, keys, diversification
        self.cap, applets = read_file(parameters)
        self.package = bytes.fromhex(parameters.package) if self.cap is None else self.cap.package.aid
        self.tokens = Tokens(parameters, keys, diversification)
        self.load_file, self.for_load = None, None
        if self.cap is not None:
            self.load_file, self.for_load = self._loading(self.cap)
        self.instances = tuple(self._instances(applets))
        self.tokens.all_used()

    @property
    def imports(self) -> tuple[Package, ...]:
        """
        The packages that the file needs.
        """
        return () if self.cap is None else self.cap.imports

    @property
    def domain(self) -> bytes:
        """
        The AID of the security domain that the load file will belong to; empty for the one that is spoken to.
        """
        return bytes.fromhex(self._parameters.for_domain)

    def _loading(self, cap: CapFile) -> tuple[LoadFile, Install]:
        parameters = self._parameters
        code = cap.code(descriptor=parameters.descriptor)
        digest = self._hash(code)
        daps: tuple[Dap, ...] = ()
        if parameters.dap:
            sign = signer(parameters.dap, self._keys, self._diversification)
            daps = (Dap.sign(bytes.fromhex(parameters.dap_domain), digest, sign),)
        install = for_load(cap.package.aid, self.domain, digest, parameters.of_load(), combined=parameters.combined)
        return LoadFile(code, daps), self.tokens.on(install)

    def _hash(self, code: bytes) -> bytes:
        parameters = self._parameters
        if parameters.hash in HASHES:
            return code_hash(code, HASHES[parameters.hash])
        name = parameters.dap or parameters.token
        if parameters.hash == NONE or not (name or parameters.tokens):
            return b""
        return code_hash(code, usual_hash(name, self._keys) if name else HASHES["sha256"])

    def _instances(self, applets: Iterable[bytes]) -> Iterator[Instance]:
        parameters, granted = self._parameters, self._parameters.granted()
        if parameters.make_selectable:
            aid = bytes.fromhex(parameters.instance)
            yield Instance(aid, self.tokens.on(for_make_selectable(aid, granted)))
        purpose = For.INSTALL_AND_MAKE_SELECTABLE if parameters.selectable else For.INSTALL
        if parameters.combined:
            purpose = For.LOAD_INSTALL_AND_MAKE_SELECTABLE
        for applet in applets:
            aid = bytes.fromhex(parameters.instance) or applet
            install = for_install(self.package, applet, aid, granted, parameters=parameters.of_install(), purpose=purpose)
            yield Instance(aid, self.tokens.on(install))

    def delete(self, aid: bytes, *, related: bool = False) -> Delete:
        """
        DELETE for what is replaced, or was left: of the load file always with all that was installed from it.
        """
        return self.tokens.on(Delete((aid,), related=related or aid == self.package, control=self._parameters.control))

    def commands(self) -> Iterator[Command]:
        """
        All commands; of DELETE only that of the load file.  Blocks are as long as they are with most cards.
        """
        if self._parameters.replace:
            yield self.delete(self.package).command()
        if self.for_load is not None and self.load_file is not None:
            yield self.for_load.command()
            size = self._parameters.block_size or self._parameters.usual_block
            yield from (each.command for each in load(self.load_file, size).steps)
        yield from (each.install.command() for each in self.instances)
