# -*- test-case-name: tests.test_tap -*-
"""
The C{twistd cardgw} command.
"""

from __future__ import annotations

import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any, cast

from twisted.application.service import IService, MultiService
from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, globalLogPublisher
from twisted.python.components import Componentized
from twisted.python.usage import CompleteFiles, Completer, Completions
from twisted.python.usage import Options as UsageOptions

from cardgw import listing
from cardgw.assembly import assemble
from cardgw.config import Config, load_config
from cardgw.errors import CardGatewayError
from cardgw.gateway.registry import Registry, load_registry
from cardgw.log import privacy_observer
from cardgw.log_target import observer_for
from cardgw.reload import Reloader

RESOLVERS = 50
"""Threads that ask DNS, at most: names are chosen by card holders, and a slow zone must not make the others wait."""


class ServiceOptions(UsageOptions):
    """
    What the command lines of our services have in common.
    """

    longdesc = ""

    def __init__(self) -> None:
        UsageOptions.__init__(self)

    def getUsage(self, width: int | None = None) -> str:  # noqa: N802 - Twisted names it
        """
        The help text.  Twisted would fill the examples into one paragraph.
        """
        longdesc, self.longdesc = self.longdesc, ""
        try:
            return f"{UsageOptions.getUsage(self, width).rstrip()}\n\n{longdesc}\n"
        finally:
            self.longdesc = longdesc

    def opt_version(self) -> None:
        """
        Print the version, and exit
        """
        print(listing.version())
        raise SystemExit(0)


class Options(ServiceOptions):
    """
    The command line.
    """

    synopsis = "[options]"
    longdesc = """\
A gateway to remote smart cards. Without settings it serves eSTK.me cards on TCP port 1888.

run it:
  twistd -n cardgw
  twistd -n cardgw --config cardgw.toml
  twistd -n cardgw --estk tcp:1888:interface=192.0.2.1 --estk tcp6:1888
  twistd -n --logger cardgw.log.json_observer cardgw --config cardgw.toml

look before you run it:
  cardgw init > cardgw.toml                  every setting, commented
  twistd cardgw --config cardgw.toml --check-config
  twistd cardgw --help-operations
  twistd cardgw --help-operation profile.download

find out what a card does (test cards only):
  twistd -n cardgw --unsafe-trace

More: README.md and docs/ of the distribution; `cardgw --help`."""
    optParameters = [
        ["config", "c", None, "settings file (TOML); conf.d/*.toml beside it are read too"],
        ["store", None, None, "where jobs and notifications are kept: sqlite:///PATH, postgresql://USER@HOST/NAME, or memory"],
    ]
    optFlags = [
        ["check-config", None, "check the settings, say what is wrong, and exit"],
        ["traffic", None, "log what is said to cards, without the data"],
        ["unsafe-trace", None, "log all of it, secrets and personal data too"],
    ]
    compData = Completions(optActions={"config": CompleteFiles("*.toml"), "estk": Completer(), "web": Completer()})

    def __init__(self) -> None:
        super().__init__()
        self["estk"], self["web"] = [], []

    def opt_estk(self, endpoint: str) -> None:
        """
        Where eSTK.me cards dial in, as a Twisted endpoint string; may be given more than once, and replaces the settings
        """
        self["estk"].append(endpoint)

    def opt_web(self, endpoint: str) -> None:
        """
        Where the HTTP API listens, as a Twisted endpoint string; may be given more than once, and replaces the settings
        """
        self["web"].append(endpoint)

    def opt_help_operations(self) -> None:
        """
        List what can be done to cards, and exit
        """
        _leave(listing.operations)

    def opt_help_operation(self, name: str) -> None:
        """
        Say what an operation does, its parameters and settings, and exit
        """
        _leave(partial(listing.operation, name=name))

    def opt_help_transports(self) -> None:
        """
        List the ways in which cards are reached, and exit
        """
        _leave(listing.transports)

    def postOptions(self) -> None:
        """
        Where only a check was asked for, do it and exit.
        """
        if self["check-config"]:
            _check(self)

    @property
    def path(self) -> Path | None:
        """
        The settings file, or C{None}.
        """
        return Path(self["config"]) if self["config"] is not None else None

    @property
    def overrides(self) -> dict[str, Any]:
        """
        The settings that the command line has, as TOML would have them.
        """
        flags = {name: True for name, flag in (("traffic", "traffic"), ("unsafe_trace", "unsafe-trace")) if self[flag]}
        found: dict[str, Any] = {"log": flags} if flags else {}
        if self["web"]:
            found["web"] = {"listen": self["web"]}
        if self["store"]:
            found["store"] = {"url": self["store"]}
        if self["estk"]:
            found["transports"] = {"estk": {"listen": self["estk"]}}
        return found


class TopService(MultiService):
    """
    What C{twistd} runs.  It brings its log observer with it, unless the command line names one.
    """

    def __init__(self, observer: ILogObserver | None, reactor: Any) -> None:
        MultiService.__init__(self)
        self._observer = observer
        self._reactor = reactor

    def setServiceParent(self, parent: Any) -> None:  # noqa: N802 - Twisted names it
        """
        Hand the observer to the application, which is where C{twistd} looks for it.
        """
        if isinstance(parent, Componentized) and self._observer is not None:
            parent.setComponent(ILogObserver, self._observer)
        MultiService.setServiceParent(self, parent)

    def stopService(self) -> Deferred[Any]:
        """
        Stop; a second SIGINT or SIGTERM ends what cards are still given time for.
        """
        stopped: Deferred[Any] = MultiService.stopService(self)
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

        def settle(result: Any) -> Any:
            for number, handler in before.items():
                signal.signal(number, handler or signal.SIG_DFL)
            return result

        for number in before:
            signal.signal(number, lambda *_: self._reactor.callFromThread(stopped.cancel))
        return stopped.addBoth(settle)


def makeService(options: Options) -> IService:
    """
    The whole gateway, its listeners open.  A mistake of the operator's is one line on standard error, and exit status 1.
    """
    from twisted.internet import reactor

    globalLogPublisher.addObserver(privacy_observer)  # before all others, so that they see what it leaves
    try:
        registry = verified_registry()
        load = partial(_load, options)
        config = load(registry)
        gateway = assemble(config, registry, reactor)
        gateway.bind()
        reactor.suggestThreadPoolSize(RESOLVERS)  # type: ignore[attr-defined]
    except CardGatewayError as mistake:
        raise SystemExit(f"cardgw: {listing.one_line(mistake)}") from None
    top: Any = TopService(observer_for(getattr(options, "parent", None), config.log, reactor), reactor)
    top.addService(Reloader(reactor, gateway, load, config))
    top.addService(gateway)  # the last: it says that all is ready
    return cast("IService", top)


def verified_registry() -> Registry:
    """
    The plugins that can be used.
    """
    registry = load_registry()
    registry.verify()
    return registry


def check(path: Path | None, overrides: dict[str, Any] | None = None) -> Registry:
    """
    Check settings as deeply as that is possible without opening a port.

    @return: the plugins, of which some may be broken.
    @raise CardGatewayError: the first mistake.
    """
    from twisted.internet import reactor

    registry = verified_registry()
    assemble(load_config(path, registry, overrides), registry, reactor)
    return registry


def _load(options: Options, registry: Registry) -> Config:
    return load_config(options.path, registry, options.overrides)


def _check(options: Options) -> None:
    try:
        registry = check(options.path, options.overrides)
    except CardGatewayError as mistake:
        raise SystemExit(f"cardgw: {listing.one_line(mistake)}") from None
    sys.stdout.write(listing.checked(options.path, registry))
    raise SystemExit(0)


def _leave(write: Any) -> None:
    try:
        sys.stdout.write(write(load_registry()))
    except CardGatewayError as mistake:
        raise SystemExit(f"cardgw: {listing.one_line(mistake)}") from None
    raise SystemExit(0)
