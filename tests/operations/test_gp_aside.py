"""
Keys that take their time are asked aside, by every operation of GlobalPlatform and in every part of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from cardgw.operations.gp_data import StoreGpData
from cardgw.operations.gp_delete import GpDelete
from cardgw.operations.gp_install import GpInstall
from cardgw.operations.gp_keys import PutGpKeys
from cardgw.operations.gp_registry_change import Extradite
from cardgw.scp.keys import AesKey, KeySet
from tests.gp.cap_maker import make_components, zipped
from tests.operations.gp_card import KEYS, NEXT, GpTestCase

_T = TypeVar("_T")
OTHER = "A00000015153504100"
CAP = zipped(make_components(code=100)).hex()


class Slow:
    """
    A key that is asked aside alone.

    @ivar asked: how often it was.
    """

    def __init__(self, key: Any) -> None:
        self._key = key
        self._here = False
        self.asked = 0
        self.length, self.block = key.length, key.block

    async def aside(self, work: Callable[[], _T]) -> _T:
        """
        See L{cardgw.scp.aside}.
        """
        self._here = True
        try:
            return work()
        finally:
            self._here = False

    def _ask(self, method: Callable[..., bytes], *given: bytes) -> bytes:
        assert self._here, "this would have made everybody wait"
        self.asked += 1
        return method(*given)

    def cmac(self, data: bytes) -> bytes:
        """
        See L{cardgw.scp.keys.StaticKey}.
        """
        return self._ask(self._key.cmac, data)

    def encrypt(self, data: bytes) -> bytes:
        """
        See L{cardgw.scp.keys.StaticKey}.
        """
        return self._ask(self._key.encrypt, data)

    def kcv(self) -> bytes:
        """
        See L{cardgw.scp.keys.StaticKey}.
        """
        return self._ask(self._key.kcv)


class AsideTests(GpTestCase):
    """
    With keys in a token.
    """

    def setUp(self) -> None:
        """
        All keys of the host in one.
        """
        super().setUp()
        self.slow = Slow(KEYS.mac)
        keys: list[Any] = [KEYS.enc, self.slow, KEYS.dek]
        for number in (0, 2):
            keys[number] = Slow(keys[number])
            keys[number].aside = self.slow.aside
            keys[number]._ask = self.slow._ask
        self.key_sets = {"issuer": KeySet(0x30, *keys), "next": NEXT, "signs": KeySet(1, *[self.slow] * 3)}

    def asked(self, operation: Any, **parameters: Any) -> int:
        """
        Run an operation, and plan it; how often were keys asked?
        """
        self.operation = operation
        before = self.slow.asked
        planned = self.done(dry_run=True, **parameters)
        self.assertIn("check_values", repr(planned))
        self.done(**parameters)
        return self.slow.asked - before

    def test_install(self) -> None:
        """
        Signatures of load files, tokens, receipts.
        """
        given = {"cap": CAP, "dap": "signs", "dap_domain": OTHER, "token": "signs", "receipts": "signs"}
        self.assertGreater(self.asked(GpInstall, **given), 15)
        self.assertGreater(self.asked(GpInstall, **given, replace=True), 15)

    def test_others(self) -> None:
        """
        The others: tokens, and keys and data that are encrypted.
        """
        self.assertGreater(self.asked(Extradite, aid=OTHER, to=OTHER, token="signs", receipts="signs"), 10)
        self.assertGreater(self.asked(PutGpKeys, new="next"), 8)
        self.assertGreater(self.asked(StoreGpData, data=bytes(16).hex(), encrypt=True), 5)

    def test_delete(self) -> None:
        """
        So does DELETE.
        """
        self.done_install()
        self.assertGreater(self.asked(GpDelete, aid=self.package, related=True, token="signs", receipts="signs"), 10)

    def done_install(self) -> None:
        """
        Something to delete.
        """
        self.operation = GpInstall
        self.package = self.done(cap=CAP)["package"]

    def test_key(self) -> None:
        """
        Such a key says the same as another.
        """
        self.assertEqual(self.slow._key.kcv(), AesKey(bytes(range(0x50, 0x60))).kcv())
