# -*- test-case-name: tests.operations.test_lpa_load_crl -*-
"""
L{cardgw.operations.lpa_load_crl}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import ParameterError
from cardgw.fields import build
from cardgw.operations.lpa_load_crl import CrlParameters, LoadRevocations
from cardgw.operations.settings import LpaSettings
from cardgw.testing import OperationTestsMixin
from cardgw.virtual.crl import issue_crl
from cardgw.virtual.euicc_options import Delivery, Options
from tests.lpa.world import World, pki_of


class LoadRevocationsTests(OperationTestsMixin, SynchronousTestCase):
    """
    C{lpa.load-crl} is an operation.
    """

    def make_operation(self) -> LoadRevocations:
        """
        See L{OperationTestsMixin}.
        """
        return LoadRevocations()

    def make_card(self) -> Any:
        """
        See L{OperationTestsMixin}.
        """
        return World(options=Options(pinned=True, delivery=Delivery.WHOLE)).card.transmit

    def make_parameters(self) -> dict[str, Any]:
        """
        See L{OperationTestsMixin}.
        """
        return {"crl": issue_crl(pki_of("nist").ci).hex()}


class RunTests(SynchronousTestCase):
    """
    Running it on a software eUICC.
    """

    def test_loads(self) -> None:
        """
        The result has the EID and the facts of the list.
        """
        world, pki = World(), pki_of("nist")
        session = world.session
        text = issue_crl(pki.ci, [pki.dp_auth], number=4).hex()
        session.parameters = build(CrlParameters, {"crl": text}, "test", ParameterError)
        session.settings = LpaSettings()
        result = self.successResultOf(Deferred.fromCoroutine(LoadRevocations().run(session)))
        self.assertEqual((result["eidValue"], result["crlNumber"]), (pki.eid.hex(), 4))
        self.assertEqual((result["revokedCertificates"], result["missingParts"]), (1, []))

    def test_noList(self) -> None:
        """
        What is no list is refused before any card is asked, with the reason.
        """
        for text, words in (
            ("hello, world", "neither hexadecimal"),
            ("", "it is empty"),
            (pki_of("nist").ci.der.hex(), "no rev"),
        ):
            error = self.assertRaises(ParameterError, build, CrlParameters, {"crl": text}, "test", ParameterError)
            self.assertIn("expected a list of revoked certificates (CRL)", str(error))
            self.assertIn(words, str(error))
