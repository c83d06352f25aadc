# -*- test-case-name: tests.test_touch_tap -*-
"""
The C{twistd cardgw-touch} command: a card in a reader of this machine, for the servers of web pages.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import partial
from math import inf
from pathlib import Path
from typing import Any, cast

from attrs import field, frozen
from twisted.application.service import IService
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger, globalLogPublisher
from twisted.python.usage import CompleteFiles, Completer, Completions, UsageError

from cardgw import listing
from cardgw.bridges.touch import Session
from cardgw.bridges.touch_daemon_approvals import FILE, Approval, Approvals
from cardgw.bridges.touch_daemon_ask import Asker, Questions
from cardgw.bridges.touch_daemon_connect import Connecting
from cardgw.bridges.touch_daemon_desk import Desk
from cardgw.bridges.touch_daemon_desktop import find_desktop
from cardgw.bridges.touch_daemon_terminal import open_terminal
from cardgw.bridges.touch_daemon_trace import Trace
from cardgw.bridges.touch_daemon_tray import TrayService
from cardgw.bridges.touch_http import HttpLine
from cardgw.bridges.touch_tls import policy
from cardgw.errors import CardGatewayError
from cardgw.listening import Listeners, ListeningService
from cardgw.log import LogSettings, privacy_observer
from cardgw.log_target import observer_for
from cardgw.secrets import Source, parse_source, read_secret
from cardgw.state import state_directory
from cardgw.tap import ServiceOptions, TopService
from cardgw.touch_readers import LINGER, Readers, on_pad
from cardgw.touch_site import TouchSite
from cardgw.transports.pcsc.driver import Driver, scard_driver
from cardgw.transports.pcsc.selectors import well_formed
from cardgw.web.access import is_loopback

DEFAULT = "127.0.0.1:27001"
"""Where pages look for the daemon."""
TRACE = "touch-trace.txt"
_ADDRESS = re.compile(r"(?:(?P<host>\[[0-9A-Fa-f:]+\]|[0-9.]+|localhost):)?(?P<port>[0-9]{1,5})")
_log = Logger()


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < inf:
        raise ValueError(f"--linger {text}: expected seconds")
    return found


class Options(ServiceOptions):
    """
    The command line.
    """

    synopsis = "[options]"
    longdesc = """\
A web page loads the image http://127.0.0.1:27001/<anything>.png?url=URL&sessionId=ID&pinrequired=N; the card in a reader here
then belongs to the RAMOverHTTP server at URL, until that is done with it. Nothing is done before somebody here approves it.

  twistd -n cardgw-touch                                      asks on this terminal
  twistd -n cardgw-touch --approve https://cards.example      does not ask about this server and its own pages
  twistd -n cardgw-touch --reader ACR39U --pin file:pin.txt

More: docs/touch-daemon.md of the distribution."""
    optParameters = [
        ["reader", "r", "*", "which reader: a number of `cardgw readers`, part of a name, or atr:3B9F*"],
        ["approvals", None, f"~/{FILE}", "the file with what was approved for good"],
        ["pin", None, None, "where the PIN is, if nobody is to be asked: file:PATH or env:NAME"],
        ["linger", None, LINGER, "seconds that a card keeps its state, a verified PIN too, for the next request", _seconds],
        ["trace", None, None, "write what is done to cards to this file, without data"],
        ["ca", None, None, "certificates (PEM) of authorities that are trusted instead of those of this machine"],
    ]
    optFlags = [["tray", None, "show an icon in the tray of the desktop (cardgw[tray])"]]
    compData = Completions(
        optActions={
            "approvals": CompleteFiles(),
            "trace": CompleteFiles(),
            "ca": CompleteFiles("*.pem"),
            "reader": Completer(),
            "listen": Completer(),
            "approve": Completer(),
            "pin": Completer(),
        }
    )

    def __init__(self) -> None:
        super().__init__()
        self["listen"], self["approve"] = [], []

    def opt_listen(self, address: str) -> None:
        """
        Where pages find it, by default 127.0.0.1:27001; only addresses of this machine; may be given more than once
        """
        self["listen"].append(listen_endpoint(address))

    def opt_approve(self, line: str) -> None:
        """
        A line as in the file with the approvals: "URL" or "URL ORIGIN"; may be given more than once
        """
        try:
            self["approve"].append(Approval.parse(line))
        except ValueError as problem:
            raise UsageError(f"--approve {line}: {problem}") from None

    def postOptions(self) -> None:
        """
        Check what can be checked.
        """
        try:
            well_formed(self["reader"])
            self["pin"] = parse_source(self["pin"]) if self["pin"] is not None else None
        except ValueError as problem:
            raise UsageError(f"--reader or --pin: {problem}") from None


def listen_endpoint(address: str) -> str:
    """
    @param address: C{127.0.0.1:27001}, C{[::1]:27001}, C{27001}.
    @return: the endpoint string of Twisted.
    @raise UsageError: it is none, or not one of this machine alone.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise UsageError(f"--listen {address}: write it like {DEFAULT}")
    host = {None: "127.0.0.1", "localhost": "127.0.0.1"}.get(found["host"], found["host"]) or ""
    bare = host.strip("[]")
    if not is_loopback(bare):
        raise UsageError(f"--listen {address}: only addresses of this machine; every web page elsewhere could use the card")
    kind, escaped = ("tcp6", bare.replace(":", r"\:")) if ":" in bare else ("tcp", bare)
    return f"{kind}:{found['port']}:interface={escaped}"


@frozen
class Surroundings:
    """
    What the daemon finds where it runs; tests have their own.
    """

    reactor: Any
    environ: Mapping[str, str] = field(factory=lambda: dict(os.environ))
    driver: Any = scard_driver

    def asker(self, *, foreground: bool) -> Asker | None:
        """
        How the person here is asked.

        @param foreground: the process stays at its terminal.
        """
        return (open_terminal(self.reactor) if foreground else None) or find_desktop(self.reactor, self.environ)


class TouchService(ListeningService):
    """
    Listens, and has the readers while it does.
    """

    name = "touch"

    def __init__(self, listeners: Listeners, site: TouchSite, desk: Desk, readers: Readers) -> None:
        super().__init__(listeners, site)
        self._site = site
        self._desk = desk
        self._readers = readers

    def startService(self) -> None:
        """
        See L{ListeningService.startService}.
        """
        super().startService()
        self._readers.startService()

    def stopService(self) -> Deferred[None]:
        """
        Listen no more; tell servers and pages that it is over; leave the cards.

        @return: C{Deferred[None]}, when all that is done.
        """
        return Deferred.fromCoroutine(self._stop(super().stopService()))

    async def _stop(self, closed: Deferred[Any]) -> None:
        await closed
        await self._desk.end()
        await self._site.close()
        await self._readers.stopService()


def make(options: Options, around: Surroundings) -> TopService:
    """
    All of the daemon, its listeners not yet open.

    @raise CardGatewayError: something cannot be used.
    """
    reactor = around.reactor
    trace = Trace(reactor.seconds, Path(options["trace"]).expanduser() if options["trace"] else None)
    approvals = Approvals(tuple(options["approve"]), Path(options["approvals"]).expanduser())
    questions = Questions(around.asker(foreground=_foreground(options)), approvals, reactor)
    readers = Readers(_driver(around), reactor, options["reader"], options["linger"])
    line = partial(_line, reactor, policy(_path(options["ca"])))
    connecting = Connecting(reactor, line, trace, on_pad, questions, _pin(options["pin"]))
    desk = Desk(questions, readers, connecting)
    texts = tuple(options["listen"]) or (listen_endpoint(DEFAULT),)
    listeners = Listeners(reactor, texts, "--listen", "there is no address", DEFAULT, _opened)
    listeners.check()
    top = TopService(observer_for(getattr(options, "parent", None), LogSettings(), reactor), reactor)
    services: list[Any] = [TouchService(listeners, TouchSite(desk, questions, reactor), desk, readers)]
    if options["tray"]:
        services.append(TrayService(reactor, trace, state_directory(around.environ) / TRACE))
    for each in services:
        each.setServiceParent(top)
    _tell(questions)
    return top


def _line(reactor: Any, tls: Any, session: Session) -> HttpLine:
    return HttpLine(reactor, session, tls)


def _foreground(options: Options) -> bool:
    """
    Only C{twistd} knows another way.
    """
    parent: Any = getattr(options, "parent", None) or {}
    return bool(parent.get("nodaemon", True))


def _driver(around: Surroundings) -> Driver:
    driver: Driver = around.driver()
    return driver


def _path(text: str | None) -> Path | None:
    return Path(text).expanduser() if text else None


def _pin(source: Source | None) -> Callable[[], bytes] | None:
    """
    Reads it each time, and once now, so that a mistake shows at once.
    """
    if source is None:
        return None
    read = partial(read_secret, source, "--pin")
    read()
    return read


def _opened(port: IListeningPort, text: str, address: str) -> None:
    host: Any = port.getHost()
    _log.info("web pages find the card at http://{address}/", event="touch-listening", address=address, port=host.port)


def _tell(questions: Questions) -> None:
    if questions.asker is None:
        fmt = "nobody can be asked here: only what {file} and --approve name may use the card"
        _log.warn(fmt, event="nobody-to-ask", file=str(questions.approvals.file))


def makeService(options: Options) -> IService:
    """
    The daemon.  A mistake of whoever starts it is one line on standard error, and exit status 1.
    """
    from twisted.internet import reactor

    globalLogPublisher.addObserver(privacy_observer)  # before all others, so that they see what it leaves
    try:
        return cast("IService", make(options, Surroundings(reactor)))
    except CardGatewayError as mistake:
        raise SystemExit(f"cardgw-touch: {listing.one_line(mistake)}") from None
