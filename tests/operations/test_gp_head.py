"""
Tests of L{cardgw.operations.gp_head}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.fields import build
from cardgw.operations.gp_head import ChangeParameters, GpParameters, GpSettings


class HeadTests(SynchronousTestCase):
    """
    What all operations are told.
    """

    def built(self, cls: type = GpParameters, **values: Any) -> Any:
        """
        Parameters as a request has them.
        """
        return build(cls, values, "gp.test", ParameterError)

    def test_defaults(self) -> None:
        """
        Without a word nobody authenticates, and there is nothing to set.
        """
        found = self.built()
        self.assertEqual((found.keys, found.protocol, found.level, found.domain), ("", "auto", "auto", ""))
        self.assertEqual(build(GpSettings, {}, ""), GpSettings())

    def test_refused(self) -> None:
        """
        Levels, protocols, AIDs and families that there are none of; a protocol without keys.
        """
        for name, value in {"level": "02", "protocol": "scp04", "domain": "A000", "family": "blue"}.items():
            self.assertRaises(ParameterError, self.built, keys="issuer", **{name: value})
        self.assertRaises(ParameterError, self.built, protocol="scp03")

    def test_connection(self) -> None:
        """
        Where the connection is the secure channel, there are no keys besides, and a card may be changed.
        """
        self.assertEqual(self.built(ChangeParameters, protocol="scp81").keys, "")
        self.assertRaises(ParameterError, self.built, keys="issuer", protocol="scp81")

    def test_changes(self) -> None:
        """
        Whoever changes a card says with which keys, unless nothing is done.
        """
        self.assertRaises(ParameterError, self.built, ChangeParameters)
        self.assertRaises(ParameterError, self.built, ChangeParameters, keys="issuer", protocol="none")
        self.assertTrue(self.built(ChangeParameters, dry_run=True).dry_run)
        self.assertEqual(self.built(ChangeParameters, keys="issuer").keys, "issuer")
