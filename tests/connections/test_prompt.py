"""
Tests of L{cardgw.connections.prompt}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IReadWriteDescriptor
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import alsoProvides

from cardgw.connections.prompt import PromptWriter, acknowledge, read_on
from tests.connections.sockets import FakeSocket


class FakeConnection(StringTransport):
    """
    A TCP connection.

    @ivar takes: what the system does with each thing that is to be written: takes so many bytes, or says what is wrong.
    @ivar sent: what it took.
    @ivar reads: how often it was asked to read.
    """

    def __init__(self, *takes: Any) -> None:
        super().__init__()
        alsoProvides(self, IReadWriteDescriptor)
        self.takes = list(takes)
        self.sent = b""
        self.reads = 0
        self.TLS = False

    def writeSomeData(self, data: bytes) -> Any:
        """
        See C{twisted.internet.tcp.Connection.writeSomeData}.
        """
        taken = self.takes.pop(0)
        if isinstance(taken, int):
            self.sent += data[:taken]
        return taken

    def doRead(self) -> None:
        """
        See L{IReadDescriptor.doRead}.
        """
        self.reads += 1


class Cipher(ProtocolWrapper):
    """
    What TLS is in Twisted: around a connection, and saying of itself that it is what it is around.
    """

    def write(self, data: bytes) -> None:
        """
        See L{ProtocolWrapper.write}.
        """
        super().write(data.hex().encode())


def wrapped(wire: FakeConnection) -> Any:
    """
    A connection with a cipher around it.
    """
    cipher = Cipher(WrappingFactory(Factory()), Protocol())
    cipher.makeConnection(wire)
    assert IReadWriteDescriptor.providedBy(cipher)
    return cipher


class WriterTests(SynchronousTestCase):
    """
    Writing at once.
    """

    def test_whole(self) -> None:
        """
        What the system takes goes nowhere else.
        """
        wire = FakeConnection(3, 4)
        writer = PromptWriter(wire)
        writer.write(b"one")
        writer.write(b"more")
        self.assertEqual((wire.sent, wire.value()), (b"onemore", b""))

    def test_part(self) -> None:
        """
        The rest, and all after it, goes the ordinary way, in order.
        """
        wire = FakeConnection(1)
        writer = PromptWriter(wire)
        writer.write(b"one")
        writer.write(b"two")
        self.assertEqual((wire.sent, wire.value()), (b"o", b"netwo"))

    def test_lost(self) -> None:
        """
        A connection that is lost is found out the ordinary way.
        """
        wire = FakeConnection(ConnectionLost())
        PromptWriter(wire).write(b"one")
        self.assertEqual(wire.value(), b"one")

    def test_other(self) -> None:
        """
        A transport that is no TCP connection is written to as ever.
        """
        wire = StringTransport()
        PromptWriter(wire).write(b"one")
        self.assertEqual(wire.value(), b"one")

    def test_wrapped(self) -> None:
        """
        Nothing goes past what is around a connection: it would not be encrypted.
        """
        wire = FakeConnection(3)
        PromptWriter(wrapped(wire)).write(b"one")
        self.assertEqual((wire.sent, wire.value()), (b"", b"6f6e65"))

    def test_begunLater(self) -> None:
        """
        Nor does it where a connection has begun TLS by itself.
        """
        wire = FakeConnection(3)
        wire.TLS = True
        PromptWriter(wire).write(b"one")
        self.assertEqual((wire.sent, wire.value()), (b"", b"one"))


class ReadTests(SynchronousTestCase):
    """
    Reading on.
    """

    def test_acknowledge(self) -> None:
        """
        L{acknowledge} sends what would be sent later: a socket option; other transports have none.
        """
        wire = FakeSocket()
        acknowledge(wire)
        self.assertEqual(wire.options, [("tcp", 1)])
        acknowledge(StringTransport())

    def test_reads(self) -> None:
        """
        A TCP connection is read once; others read by themselves.
        """
        wire = FakeConnection()
        read_on(wire)
        self.assertEqual(wire.reads, 1)
        read_on(StringTransport())

    def test_wrapped(self) -> None:
        """
        One that is wrapped is left to read by itself, too.
        """
        wire = FakeConnection()
        read_on(wrapped(wire))
        self.assertEqual(wire.reads, 0)
