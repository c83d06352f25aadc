# -*- test-case-name: tests.testing.test_transport -*-
"""
Tests for L{cardgw.testing.transport}.
"""

from __future__ import annotations

from typing import Any

from twisted.application.service import IService, Service
from twisted.trial.unittest import FailTest, SynchronousTestCase

from cardgw.interfaces import IGateway
from cardgw.testing.transport import TransportTestsMixin
from tests.testing.greeting import Post


class PostTests(TransportTestsMixin, SynchronousTestCase):
    """
    A good transport passes.
    """

    transport: type[Post] = Post

    def make_transport(self) -> Post:
        """
        See L{TransportTestsMixin}.
        """
        return self.transport()


class FlawsTests(SynchronousTestCase):
    """
    A transport with a flaw does not pass.
    """

    def refused(self, test: str, **attributes: Any) -> str:
        """
        Run one test of the contract on a flawed transport.
        """
        case = PostTests(test)
        case.transport = type("Flawed", (Post,), attributes)
        return str(self.assertRaises(FailTest, getattr(case, test)))

    def test_name(self) -> None:
        """
        The name must be a key of the settings.
        """
        self.refused("test_interface", name="two.words")

    def test_requests(self) -> None:
        """
        A request must be a key of the settings, and its answer an operation.
        """
        self.refused("test_requests", requests={"two words": "card.greet"})
        self.refused("test_requests", requests={"greet": "greet"})
        self.refused("test_requests", requests={"link": "stay"})

    def test_timers(self) -> None:
        """
        A timer that is left behind is a flaw.
        """

        def make_service(self: Post, settings: Any, gateway: IGateway) -> IService:
            gateway.reactor.callLater(1, int)
            return Service()

        self.refused("test_service", make_service=make_service)
