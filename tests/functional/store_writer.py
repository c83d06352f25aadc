"""
A program that writes jobs and parcels into a store until it is killed, and prints the number of each that is safe.
"""

from __future__ import annotations

import sys
from itertools import count
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults

from cardgw.gateway.store.engine import Store
from cardgw.gateway.store.runner import Threads
from cardgw.gateway.store.seal import Seal
from tests.gateway.store.contract import a_job
from tests.gateway.store.test_outbox import parcel
from tests.gateway.stores import KEY

WRITERS = 8
"""How many write at the same time."""


async def write(store: Store, first: int) -> None:
    """
    Write without end.
    """
    for number in count(first, WRITERS):
        writing: list[Deferred[Any]] = [store.jobs.add(a_job(f"{number:08}")), store.outbox.keep(parcel(number), 1.0)]
        await gatherResults(writing)
        print(number, flush=True)


async def main(url: str) -> None:
    """
    Open the store, and write.
    """
    store = Store(url, Threads(reactor), reactor, Seal(KEY))
    await store.open()
    await gatherResults([Deferred.fromCoroutine(write(store, first)) for first in range(WRITERS)])


if __name__ == "__main__":
    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(main(sys.argv[1])))
    reactor.run()
