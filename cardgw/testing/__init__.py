"""
For authors of plugins: what every channel, operation, transport, observer and session does, as tests to inherit, and fakes of
what a plugin is given.  The fakes pass the same tests.

    class MyOperationTests(OperationTestsMixin, SynchronousTestCase):
        def make_operation(self) -> MyOperation:
            return MyOperation()
"""

from cardgw.testing.card import KnowingCard, PatientCard
from cardgw.testing.channel import CardChannelTestsMixin
from cardgw.testing.gateway import FakeGateway, GatewayBase, GatewayTestsMixin
from cardgw.testing.http import FakeHTTP, HTTPClientTestsMixin
from cardgw.testing.observer import FakeObserver, ObserverTestsMixin
from cardgw.testing.operation import OperationTestsMixin
from cardgw.testing.outbox import FakeOutbox, OutboxTestsMixin
from cardgw.testing.session import FakeSession, SessionTestsMixin, session_for
from cardgw.testing.transport import TransportTestsMixin
from cardgw.testing.trust import FakeTrust, TrustTestsMixin

__all__ = [
    "CardChannelTestsMixin",
    "FakeGateway",
    "FakeHTTP",
    "FakeObserver",
    "FakeOutbox",
    "FakeSession",
    "FakeTrust",
    "GatewayBase",
    "GatewayTestsMixin",
    "HTTPClientTestsMixin",
    "KnowingCard",
    "ObserverTestsMixin",
    "OperationTestsMixin",
    "OutboxTestsMixin",
    "PatientCard",
    "SessionTestsMixin",
    "TransportTestsMixin",
    "TrustTestsMixin",
    "session_for",
]
