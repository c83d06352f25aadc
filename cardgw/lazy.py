# -*- test-case-name: tests.test_lazy -*-
"""
What drop-ins hold: plugins that know their name and summary, and import their implementation when anything else is wanted.

    >>> download = LazyOperation("profile.download", "download a profile", "cardgw.operations.profile.DownloadProfile")

Listing what is installed so costs nothing, and a library that only one transport needs is not imported for the others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from functools import cached_property
from importlib import import_module
from typing import Any

from twisted.application.service import IService
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.interfaces import IGateway, IOperation, ISession, ITransport
from cardgw.values import Feature


class _Lazy:
    """
    A plugin's name and summary, and where its implementation is.

    @ivar target: the full Python name of a class that can be called without arguments.
    """

    def __init__(self, name: str, summary: str, target: str) -> None:
        self.name = name
        self.summary = summary
        self.target = target

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}: {self.target}>"

    @cached_property
    def implementation(self) -> Any:
        """
        The real thing; imported and made at the first use.

        @raise ImportError: (or whatever its module raises) it cannot be imported.
        """
        module, _, name = self.target.rpartition(".")
        try:
            return getattr(import_module(module), name)()
        except AttributeError as problem:  # hasattr() would take it for an attribute that is missing here
            raise ImportError(f"{self.target}: {problem}") from problem


@implementer(IPlugin, IOperation)
class LazyOperation(_Lazy):
    """
    An L{IOperation} whose implementation is imported when it is used.
    """

    @property
    def help(self) -> str:
        """
        See L{IOperation}.
        """
        return str(self.implementation.help)

    @property
    def parameters(self) -> Any:
        """
        See L{IOperation}.
        """
        return self.implementation.parameters

    @property
    def settings(self) -> Any:
        """
        See L{IOperation}.
        """
        return self.implementation.settings

    @property
    def application(self) -> bytes | None:
        """
        See L{IOperation}.
        """
        aid: bytes | None = self.implementation.application
        return aid

    @property
    def requires(self) -> frozenset[Feature]:
        """
        See L{IOperation}.
        """
        features: frozenset[Feature] = self.implementation.requires
        return features

    @property
    def destructive(self) -> bool:
        """
        See L{IOperation}.
        """
        flag: bool = self.implementation.destructive
        return flag

    @property
    def repeatable(self) -> bool:
        """
        See L{IOperation}.
        """
        flag: bool = self.implementation.repeatable
        return flag

    def run(self, session: ISession) -> Awaitable[dict[str, Any]]:
        """
        See L{IOperation.run}.
        """
        running: Awaitable[dict[str, Any]] = self.implementation.run(session)
        return running


@implementer(IPlugin, ITransport)
class LazyTransport(_Lazy):
    """
    An L{ITransport} whose implementation is imported when it is used.
    """

    @property
    def settings(self) -> Any:
        """
        See L{ITransport}.
        """
        return self.implementation.settings

    @property
    def requests(self) -> Mapping[str, str]:
        """
        See L{ITransport}.
        """
        names: Mapping[str, str] = self.implementation.requests
        return names

    def make_service(self, settings: Any, gateway: IGateway) -> IService:
        """
        See L{ITransport.make_service}.
        """
        service: IService = self.implementation.make_service(settings, gateway)
        return service
