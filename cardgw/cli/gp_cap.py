# -*- test-case-name: tests.cli.test_gp_cap -*-
"""
C{cardgw gp cap}: what is in a CAP file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cardgw.cli.app import App, Style
from cardgw.cli.errors import DONE
from cardgw.cli.gp_order import read_cap
from cardgw.cli.group import Command
from cardgw.cli.options import LOCAL_ANSWER
from cardgw.cli.render import Column, facts, key, table
from cardgw.gp.cap import ZIP, CapFile, Hash, code_hash
from cardgw.gp.cap_components import Component, Package
from cardgw.gp.platform_packages import PLATFORM

_HASHES = (Hash.SHA1, Hash.SHA256)
_PACKAGES = (Column("AID", key("aid"), firm=True), Column("version", key("version")), Column("name", key("name"), wide=True))
_COMPONENTS = (Column("component", key("component")), Column("bytes", key("bytes"), right=True), Column("loaded", key("loaded")))


@click.command(
    "cap",
    cls=Command,
    help="tell what is in a CAP file; no card and no gateway are needed",
    examples=("cardgw gp cap applet.cap", "cardgw gp cap applet.cap --json | jq -r .applets[]"),
    note="FILE is a CAP or an IJC file. The hashes are those of the load file data block, as signatures (DAP) and tokens have\n"
    "them. Debug components are never loaded, and the descriptor is not.",
)
@click.argument("file", type=click.Path(path_type=Path))
@LOCAL_ANSWER
@click.pass_obj
def cap(app: App, file: Path) -> int:
    """
    See its help.
    """
    octets, found = read_cap(file)
    told = described(octets, found)
    if app.style is Style.JSON:
        app.print_json(told)
    else:
        _show(app, told)
    return DONE


def described(octets: bytes, cap: CapFile) -> dict[str, Any]:
    """
    What is in a CAP file, as JSON.
    """
    code, version = cap.code(), cap.header.format
    return {
        "format": ("CAP" if octets.startswith(ZIP) else "IJC") + f" {version[0]}.{version[1]}",
        "extended": cap.header.is_extended,
        "package": _package(cap.package),
        "packages": [_package(each) for each in cap.header.packages] if cap.header.is_extended else [],
        "applets": [each.hex().upper() for each in cap.applets],
        "imports": [_package(each) for each in cap.imports],
        "components": [
            {"component": name, "bytes": size, "loaded": Component[name] not in (Component.Debug, Component.Descriptor)}
            for name, size in cap.sizes().items()
        ],
        "debug": Component.Debug in cap.components,
        "descriptor": Component.Descriptor in cap.components,
        "code": len(code),
        "hashes": {each.name: code_hash(code, each).hex().upper() for each in _HASHES},
    }


def _package(package: Package) -> dict[str, str]:
    name = package.name or PLATFORM.get(package.aid, "")
    return {"aid": package.aid.hex().upper(), "version": package.version_text, "name": name}


def _show(app: App, told: dict[str, Any]) -> None:
    package = told["package"]
    named = " ".join(filter(None, (package["aid"], package["version"], package["name"])))
    facts(
        app,
        [
            ("package", named),
            *(("applet", each) for each in told["applets"]),
            ("format", told["format"] + (", extended" if told["extended"] else "")),
            ("loaded", f"{told['code']} bytes"),
            *((name.replace("SHA", "SHA-"), value) for name, value in told["hashes"].items()),
        ],
    )
    if told["packages"]:
        app.print("")
        table(app, (Column("packages", key("aid"), firm=True), *_PACKAGES[1:]), told["packages"], "")
    app.print("")
    table(app, (Column("imports", key("aid"), firm=True), *_PACKAGES[1:]), told["imports"], "It imports nothing.")
    app.print("")
    table(app, _COMPONENTS, told["components"], "")
