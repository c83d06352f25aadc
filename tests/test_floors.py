# -*- test-case-name: tests.test_floors -*-
"""
Imports go down only: the table of docs/architecture.md, enforced.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping

from twisted.trial.unittest import SynchronousTestCase

from tests.source import Import, Module, module, modules

GROUND, TRANSPORTS, LPA, GP, SCP, DESFIRE = "ground", "transports", "lpa", "gp", "scp", "desfire"
GATEWAY, OPERATIONS, WEB, BRIDGES = "gateway", "operations", "web", "bridges"
VIRTUAL, TESTING, PLUGINS, DOORS, BENCH = "virtual", "testing", "plugins", "doors", "bench"

GROUND_MODULES = {
    "",
    "interfaces",
    "errors",
    "apdu",
    "fields",
    "values",
    "identities",
    "quirks",
    "version",
    "lazy",
    "plugin_path",
    "plugins",
    "listening",
    "connections",
    "schema",
    "texts",
}
"""Below C{cardgw}; a module of C{cardgw} that is in no room is a door."""
ROOMS = {TRANSPORTS, LPA, GP, SCP, DESFIRE, GATEWAY, OPERATIONS, WEB, BRIDGES, VIRTUAL, TESTING}

RIGHT = {LPA, GP, SCP, DESFIRE}
WINGS = {TRANSPORTS, *RIGHT}
INSIDE = {GROUND, GATEWAY, OPERATIONS, WEB, BRIDGES, *WINGS}

MAY: Mapping[str, set[str]] = {
    GROUND: {GROUND},
    TRANSPORTS: {GROUND},
    LPA: {GROUND},
    GP: {GROUND, SCP},
    SCP: {GROUND},
    DESFIRE: {GROUND},
    GATEWAY: {GROUND},
    OPERATIONS: {GROUND, *RIGHT},
    WEB: {GROUND, GATEWAY},
    BRIDGES: {GROUND, GATEWAY},
    VIRTUAL: {GROUND},
    TESTING: {GROUND},
    PLUGINS: {GROUND},
    DOORS: {*INSIDE, VIRTUAL, PLUGINS},
    BENCH: {*INSIDE, VIRTUAL, TESTING, DOORS},
}
"""What each room may import besides itself.  A drop-in may import the rest when it is used."""

SANS_IO = {VIRTUAL, TESTING}
"""They may import from both wings what does no I/O."""
WIRE = {BRIDGES}
"""They may import the wire modules of the transports."""

GROUND_LIBRARIES = {"attrs", "attr", "zope", *sys.stdlib_module_names}
GROUND_TWISTED = {
    "twisted.internet.defer",
    "twisted.internet.endpoints",
    "twisted.internet.interfaces",
    "twisted.internet.task",
    "twisted.python.failure",
    "twisted.application.service",
    "twisted.logger",
    "twisted.plugin",
}

IO = {
    "twisted.internet",
    "twisted.application",
    "twisted.web",
    "twisted.protocols",
    "OpenSSL",
    "socket",
    "ssl",
    "smartcard",
    "paho",
    "threading",
    "subprocess",
}

LIBRARY_ROOMS = {
    "pkcs11": ("cardgw.hsm",),
    "smartcard": ("cardgw.transports.pcsc", "bench.raw"),
    "paho": ("cardgw.transports.hwb",),
    "sqlalchemy": ("cardgw.gateway.store",),
    "sqlite3": ("cardgw.gateway.store",),
}
"""Libraries that one room alone may touch."""

REACTOR = ("cardgw.tap", "cardgw.touch_tap", "cardgw.cli.main")
"""Who may import the global reactor."""


def room(name: str) -> str | None:
    """
    The room of a module, or C{None} if it is not ours.
    """
    top, _, rest = name.partition(".")
    if top in {"plugins", "bench"}:
        return top
    if name.startswith("twisted.plugins.cardgw"):
        return DOORS
    if top != "cardgw":
        return None
    second = rest.partition(".")[0]
    if second in GROUND_MODULES:
        return GROUND
    return second if second in ROOMS else DOORS


def within(name: str, prefix: str) -> bool:
    """
    Whether a module is another one, or in it.
    """
    return name == prefix or name.startswith(prefix + ".")


def offences(every: Iterable[Module]) -> Iterator[str]:
    """
    Each import that goes where it must not, as a line of text.
    """
    every = tuple(every)
    known = {each.name for each in every}
    pure = sans_io(every, known)
    for each in every:
        for imported in each.imports(known):
            for reason in (
                _upwards(each, imported, pure),
                _library(each, imported),
                _reactor(each, imported),
                _ground(each, imported),
            ):
                if reason:
                    yield f"{each.path}:{imported.line}: {reason}"


def sans_io(every: Iterable[Module], known: Iterable[str]) -> set[str]:
    """
    The modules of the wings that do no I/O, nor import one that does.
    """
    wings = {each.name: {imported.module for imported in each.imports(known)} for each in every if room(each.name) in WINGS}
    pure = {name for name, imported in wings.items() if not any(_does_io(one) for one in imported)}
    while impure := {name for name in pure if any(one in wings and one not in pure for one in wings[name])}:
        pure -= impure
    return pure


def _does_io(name: str) -> bool:
    return name not in GROUND_TWISTED and any(within(name, one) for one in IO)


def _upwards(importer: Module, imported: Import, pure: set[str]) -> str | None:
    source, target = room(importer.name), room(imported.module)
    if source is None or target is None or (source == PLUGINS and imported.late):
        return None
    if source == target and (source != TRANSPORTS or _transport(importer.name) == _transport(imported.module)):
        return None
    if target in MAY[source]:
        return None
    if target in WINGS and source in SANS_IO and imported.module in pure:
        return None
    if target == TRANSPORTS and source in WIRE and imported.module.endswith(".wire"):
        return None
    why = ", which does I/O" if target in WINGS and source in SANS_IO else ""
    return f"{source} must not import {target}: {imported.module}{why}"


def _transport(name: str) -> str:
    return ".".join(name.split(".")[:3])


def _library(importer: Module, imported: Import) -> str | None:
    library = imported.module.partition(".")[0]
    rooms = LIBRARY_ROOMS.get(library)
    if rooms is None or any(within(importer.name, one) for one in rooms):
        return None
    return f"{library} is for {', '.join(rooms)} alone"


def _reactor(importer: Module, imported: Import) -> str | None:
    whole = f"{imported.module}.{imported.name}" if imported.name else imported.module
    if "twisted.internet.reactor" in {whole, imported.module} and importer.name not in REACTOR:
        return f"the global reactor is for {' and '.join(REACTOR)} alone"
    return None


def _ground(importer: Module, imported: Import) -> str | None:
    if room(importer.name) != GROUND or room(imported.module) is not None:
        return None
    if imported.module.partition(".")[0] in GROUND_LIBRARIES or imported.module in GROUND_TWISTED:
        return None
    return f"the ground must not import {imported.module}"


def private_openssl(every: Iterable[Module]) -> Iterator[tuple[str, str]]:
    """
    Who touches private names of C{OpenSSL}: the module's name, and where.
    """
    for each in every:
        imports = [one for one in each.imports() if within(one.module, "OpenSSL")]
        names = {one.name for one in imports} | {"OpenSSL"}
        found = [one.line for one in imports if "._" in one.module or one.name.startswith("_")]
        for node in ast.walk(each.tree) if imports else ():
            if isinstance(node, ast.Attribute) and _is_private(node.attr) and names & _names(node.value):
                found.append(node.lineno)
        for line in found:
            yield each.name, f"{each.path}:{line}"


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _names(node: ast.AST) -> set[str]:
    while isinstance(node, ast.Attribute):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


class FloorsTests(SynchronousTestCase):
    """
    This checkout.
    """

    def test_imports(self) -> None:
        """
        No import goes up, sideways between the wings, or touches a library outside its room.
        """
        found = list(offences(modules()))
        if found:
            self.fail("\n" + "\n".join(found))

    def test_openssl(self) -> None:
        """
        Private names of OpenSSL are touched in one module at most.
        """
        found = list(private_openssl(modules()))
        self.assertLessEqual(len({name for name, _ in found}), 1, "\n".join(where for _, where in found))

    def test_errors(self) -> None:
        """
        The errors need nothing of ours to be imported first.
        """
        errors = next(each for each in modules() if each.name == "cardgw.errors")
        self.assertEqual([one.module for one in errors.imports() if room(one.module) and not one.late], [])


class CheckTests(SynchronousTestCase):
    """
    The check itself.
    """

    def found(self, importer: str, text: str, *others: Module) -> str:
        """
        What is said of a module with this text.
        """
        return "\n".join(offences([module(importer, text), *others]))

    def test_up(self) -> None:
        """
        Up is wrong, inside functions and for types, too.
        """
        self.assertIn("lpa must not import gateway", self.found("cardgw.lpa.x", "from cardgw.gateway.session import Session"))
        self.assertIn("x.py:2: ground must", self.found("cardgw.apdu.x", "def f():\n    import cardgw.lpa.isdr"))
        self.assertIn("gateway must not import doors", self.found("cardgw.gateway.x", "import cardgw.config"))
        text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import cardgw.tap\n"
        self.assertIn("ground must not import doors", self.found("cardgw.values", text))

    def test_sideways(self) -> None:
        """
        The wings do not know each other, nor does one transport know another.
        """
        self.assertIn("transports must not import lpa", self.found("cardgw.transports.estk.x", "import cardgw.lpa.isdr"))
        self.assertIn("lpa must not import transports", self.found("cardgw.lpa.x", "import cardgw.transports.estk.wire"))
        self.assertIn("transports must", self.found("cardgw.transports.estk.x", "import cardgw.transports.vpcd.wire"))
        self.assertEqual(self.found("cardgw.transports.estk.x", "import cardgw.transports.estk.wire"), "")
        self.assertEqual(self.found("cardgw.gp.x", "import cardgw.scp.scp03"), "")
        self.assertIn("scp must not import gp", self.found("cardgw.scp.x", "import cardgw.gp.load"))

    def test_down(self) -> None:
        """
        Down is right, as far as the table goes; the gateway knows the wings by their interfaces only.
        """
        self.assertEqual(self.found("cardgw.operations.x", "from cardgw.lpa.download import download"), "")
        self.assertIn("gateway must not import lpa", self.found("cardgw.gateway.x", "import cardgw.lpa.isdr"))
        self.assertIn("operations must", self.found("cardgw.operations.x", "import cardgw.gateway.session"))
        self.assertIn("operations must", self.found("cardgw.operations.x", "import cardgw.transports.estk.wire"))
        self.assertEqual(self.found("cardgw.assembly", "import cardgw.gateway.session, cardgw.lpa.trust, cardgw.config"), "")
        self.assertIn("doors must not import testing", self.found("cardgw.tap", "import cardgw.testing"))

    def test_submodules(self) -> None:
        """
        C{from package import module} is an import of that module; so is a relative one.
        """
        other = module("cardgw.gateway.session", "")
        self.assertIn(": cardgw.gateway.session", self.found("cardgw.lpa.x", "from cardgw.gateway import session", other))
        self.assertIn(": cardgw.gateway.session", self.found("cardgw.lpa.x", "from ..gateway import session", other))

    def test_beside(self) -> None:
        """
        The software counterparts may use what does no I/O, itself or by what it imports.
        """
        pure, impure = module("cardgw.lpa.pure", "import hashlib"), module("cardgw.lpa.impure", "import socket")
        by_another = module("cardgw.lpa.by_another", "from cardgw.lpa import impure")
        text = "from cardgw.lpa import pure, impure, by_another"
        found = self.found("cardgw.virtual.x", text, pure, impure, by_another).splitlines()
        self.assertEqual(
            [line.rsplit(": ", 1)[1] for line in found], [f"cardgw.lpa.{x}, which does I/O" for x in ("impure", "by_another")]
        )
        self.assertIn("virtual must not import gateway", self.found("cardgw.virtual.x", "import cardgw.gateway.session"))
        self.assertEqual(self.found("cardgw.bridges.x", "import cardgw.transports.vpcd.wire"), "")
        self.assertIn("bridges", self.found("cardgw.bridges.x", "import cardgw.transports.vpcd.service"))

    def test_dropins(self) -> None:
        """
        A drop-in imports its implementation when it is used.
        """
        text = "from cardgw.operations.profile import DownloadProfile"
        self.assertIn("plugins must not import operations", self.found("plugins.x", text))
        self.assertEqual(self.found("plugins.x", f"def f():\n    {text}"), "")
        self.assertEqual(self.found("plugins.x", "from cardgw.lazy import LazyOperation"), "")

    def test_libraries(self) -> None:
        """
        Some libraries have one room; the ground has hardly any.
        """
        self.assertIn("smartcard is for", self.found("cardgw.transports.estk.x", "import smartcard.System"))
        self.assertEqual(self.found("cardgw.transports.pcsc.x", "import smartcard.System"), "")
        self.assertIn("sqlalchemy is for", self.found("cardgw.web.x", "from sqlalchemy import select"))
        self.assertIn("must not import twisted.web.client", self.found("cardgw.errors", "import twisted.web.client"))
        self.assertIn("must not import cryptography", self.found("cardgw.apdu.x", "import cryptography.x509"))
        self.assertEqual(self.found("cardgw.apdu.x", "import re, attrs\nfrom twisted.internet.defer import Deferred"), "")

    def test_reactor(self) -> None:
        """
        The global reactor is imported by those who start the program.
        """
        for text in (
            "from twisted.internet import reactor",
            "import twisted.internet.reactor",
            "def f():\n  from twisted.internet import reactor",
        ):
            self.assertIn("the global reactor", self.found("cardgw.lpa.x", text))
            self.assertEqual(self.found("cardgw.tap", text), "")

    def test_private(self) -> None:
        """
        Private names of OpenSSL are found as imports and as attributes.
        """
        for text in (
            "from OpenSSL._util import lib",
            "from OpenSSL import SSL\nSSL._lib.SSL_new",
            "import OpenSSL\nOpenSSL.SSL._ffi",
            "from OpenSSL.SSL import _lib",
        ):
            self.assertTrue(list(private_openssl([module("cardgw.x", text)])), text)
        self.assertEqual(list(private_openssl([module("cardgw.x", "from OpenSSL import SSL\nSSL.Context\nself._x")])), [])
