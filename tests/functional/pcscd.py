# -*- test-case-name: tests.functional.test_pcscd -*-
"""
A real pcscd for tests, with virtual readers (L{bench.pcscd}), and software cards that are put into them.  Readers and pcscd are
in a network namespace of their own; the cards live in the process of the tests.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from attrs import frozen
from twisted.internet import reactor as reactor_
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.endpoints import TCP4ServerEndpoint, connectProtocol
from twisted.internet.error import getConnectError
from twisted.internet.interfaces import IAddress, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase
from zope.interface import implementer

from bench.pcscd import FIRST_PORT, VARIABLE, Pcscd, missing
from cardgw.connections.prompt import acknowledge
from cardgw.virtual.vicc import Vicc
from tests import PCSCD

reactor: Any = reactor_
T = TypeVar("T")
_NEW_NETWORK = 0x40000000
"""C{CLONE_NEWNET} (Linux, C{sched.h})."""


def inside(pid: int, do: Callable[[], T]) -> T:
    """
    Do something in the network namespace of a process, in a thread that ends with it.
    """
    done: list[T] = []
    errors: list[OSError] = []

    def run() -> None:
        try:
            with Path(f"/proc/{pid}/ns/net").open("rb") as namespace:
                if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _NEW_NETWORK):
                    raise OSError(ctypes.get_errno(), "setns")
            done.append(do())
        except OSError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return done[0]


@implementer(IStreamClientEndpoint)
@frozen
class Slot:
    """
    A slot of a virtual reader, as a card sees it from where pcscd is not.
    """

    pid: int
    port: int

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[Any]:  # noqa: N803
        """
        See L{IStreamClientEndpoint}.
        """
        try:
            wire = inside(self.pid, lambda: socket.create_connection(("127.0.0.1", self.port)))
        except OSError as error:
            return fail(getConnectError(error))
        with wire:
            wire.setblocking(False)
            return succeed(reactor.adoptStreamConnection(wire.fileno(), wire.family, protocolFactory).protocol)


class PrivatePcscd(Pcscd):
    """
    The one of this process.  There can be one after another, not two at a time.
    """

    def __init__(self, readers: int = 1) -> None:
        shutil.rmtree(PCSCD, ignore_errors=True)
        super().__init__(PCSCD, readers)
        assert os.environ[VARIABLE] == str(self.socket)

    def slot(self, number: int = 0) -> Slot:
        """
        A slot, by its place in L{names}.
        """
        assert self.process is not None
        return Slot(self.process.pid, FIRST_PORT + number)

    def insert(self, card: Vicc, slot: int = 0) -> Deferred[Vicc]:
        """
        Put a card in.
        """
        inserted: Deferred[Vicc] = connectProtocol(self.slot(slot), card)
        return inserted

    def pull(self, card: Vicc) -> Deferred[Any]:
        """
        Pull it out.
        """
        card.drop()
        return card.done


class _Half(Protocol):
    """
    One end of a connection that goes through this process.
    """

    other: _Half
    transport: Any

    def dataReceived(self, data: bytes) -> None:
        acknowledge(self.transport)
        self.other.transport.write(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.other.transport.loseConnection()


class _Doorway(ServerFactory):
    noisy = False

    def __init__(self, slot: Slot) -> None:
        self._slot = slot

    def buildProtocol(self, addr: IAddress | None) -> _Half:
        near, far = _Half(), _Half()
        near.other, far.other = far, near
        connectProtocol(self._slot, far)
        return near


class PcscdTestCase(TestCase):
    """
    Tests with a real pcscd, where that is possible.
    """

    skip = missing()

    def pcscd(self, readers: int = 1) -> PrivatePcscd:
        """
        A pcscd that runs, until the end of the test.
        """
        found = PrivatePcscd(readers)
        self.addCleanup(found.remove)
        found.start()
        return found

    async def door(self, slot: Slot) -> str:
        """
        Let others than this process put cards into a slot, too.

        @return: the endpoint where they find it.
        """
        port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(_Doorway(slot))
        self.addCleanup(port.stopListening)
        return f"tcp:127.0.0.1:{port.getHost().port}"
