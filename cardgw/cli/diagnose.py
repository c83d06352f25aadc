# -*- test-case-name: tests.cli.test_diagnose -*-
"""
C{cardgw diagnose}: all that whoever looks into a problem asks first, without what is secret or personal.
"""

from __future__ import annotations

import platform
import ssl
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import click

import cardgw.plugins
from cardgw import listing
from cardgw.cli.app import App, Style
from cardgw.cli.group import Command
from cardgw.cli.local import verified
from cardgw.cli.options import ANSWER
from cardgw.cli.text import clean, shortened
from cardgw.errors import CardGatewayError
from cardgw.plugin_path import plugin_path

PACKAGES = (
    "Twisted", "zope.interface", "attrs", "cryptography", "pyOpenSSL", "service-identity", "SQLAlchemy", "psycopg",
    "prometheus-client", "click", "rich", "httpx", "pyscard", "zxing-cpp", "Pillow",
)  # fmt: skip
_READERS = "from cardgw.cli.readers import told\nfor each in told(): print(each)"
_PATIENCE = 10.0


@click.command(
    "diagnose",
    cls=Command,
    help="print what belongs into a report of a problem",
    examples=("cardgw diagnose > report.txt",),
    note="It has no tokens in it, and of EIDs, ICCIDs and other identities of cards the last digits only.",
)
@ANSWER
@click.pass_obj
def diagnose(app: App) -> None:
    """
    See its help.
    """
    parts: dict[str, Callable[[], Any]] = {
        "versions": versions,
        "plugins": plugins,
        "readers": readers,
        "gateway": lambda: gateway(app),
    }
    found = {name: _redacted(_tried(part)) for name, part in parts.items()}
    if app.style is Style.JSON:
        app.print_json(found)
        return
    for name, lines in found.items():
        app.print(f"{name}:")
        for line in lines:
            app.print(f"  {line}")


def _tried(part: Callable[[], list[str]]) -> list[str]:
    try:
        return part()
    except CardGatewayError as problem:
        return [listing.one_line(problem)]
    except Exception as problem:
        return [f"{type(problem).__name__}: {problem}"]


def _redacted(lines: list[str]) -> list[str]:
    home = str(Path.home())
    return [shortened(clean(line).replace(home, "~") if len(home) > 1 else clean(line)) for line in lines]


def versions() -> list[str]:
    """
    Of cardgw, Python, the system and the libraries.
    """
    from cryptography.hazmat.backends.openssl import backend

    found = [
        listing.version(),
        f"Python {platform.python_version()} ({platform.python_implementation()}) on {platform.platform()}",
    ]
    found.append(f"{backend.openssl_version_text()} (cryptography), {ssl.OPENSSL_VERSION} (Python)")
    for name in PACKAGES:
        try:
            found.append(f"{name} {version_of(name)}")
        except PackageNotFoundError:
            found.append(f"{name} is not installed")
    return found


def plugins() -> list[str]:
    """
    Where they are looked for, which there are, and what is wrong with them.
    """
    path, registry = plugin_path(cardgw.plugins.__path__), verified()
    found = [f"in {each}" for each in path.accepted]
    found += [f"{each.directory} is refused: {each.reason}" for each in path.refused]
    for entry in (*registry.transports(), *registry.operations()):
        found.append(f"{entry.plugin.name} ({entry.source})")
    return found + [f"broken: {each.name} ({each.source}): {each.reason}" for each in registry.broken]


def readers() -> list[str]:
    """
    Those that pcscd has.  Its library is asked in another process: it is native code, and may hang.
    """
    try:
        done = subprocess.run([sys.executable, "-c", _READERS], capture_output=True, text=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return ["pcscd does not answer"]
    if done.returncode:
        return done.stderr.strip().splitlines()[-1:] or ["it cannot be asked"]
    return done.stdout.splitlines()


def gateway(app: App) -> list[str]:
    """
    Whether it is ready, and which cards are here.
    """
    api = app.api
    found = [f"at {api.access.url}, {'with' if api.access.token else 'without'} a token"]
    _, text = api.probe("/readyz?verbose=true")
    found += text.strip().splitlines()
    if not api.access.token:
        return found
    who = api.get("whoami")
    found.append(f"the token has the role {who['role']}")
    for card in api.get("cards")["items"]:
        found.append(f"card {card['id']} {card['identity'] or 'not identified'} by {card['transport']}")
    return found
