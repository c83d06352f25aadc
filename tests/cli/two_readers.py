# -*- test-case-name: tests.cli.test_readers,tests.cli.test_touch -*-
"""
Commands on a machine with two readers.
"""

from __future__ import annotations

from cardgw.cli import readers
from tests.cli.case import CliTestCase
from tests.transports.pcsc.fake import FakeDriver
from tests.transports.pcsc.fake_machine import SoftCard


class TwoReadersTestCase(CliTestCase):
    """
    There is a card in one of them.

    @ivar driver: of the readers.
    """

    def setUp(self) -> None:
        """
        Plug them in.
        """
        super().setUp()
        self.driver = FakeDriver()
        for name in ("ACS ACR39U 00 00", "OMNIKEY 01 00"):
            self.driver.plug(name)
        self.driver.insert("OMNIKEY 01 00", SoftCard(atr=bytes.fromhex("3B9F95")))
        self.patch(readers, "driver", lambda: self.driver)
