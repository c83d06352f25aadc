"""
Tests for L{cardgw.virtual.smdp}: what follows authentication.
"""

from __future__ import annotations

from typing import Any

from cardgw.apdu import tlv
from cardgw.virtual.pki import load_pki, make_pki
from cardgw.virtual.smdp import Cancellation, Smdp
from cardgw.virtual.smdp_answers import pack
from cardgw.virtual.smdp_orders import Order
from tests.virtual.card import PACKAGE, PKI, Card, SmdpTestCase
from tests.virtual.test_pki import SGP26


class DeliverTests(SmdpTestCase):
    """
    ES9+.GetBoundProfilePackage (SGP.22 5.6.2).
    """

    def begin(self) -> None:
        """
        Come to the point.
        """
        self.card.initiate()
        self.card.authenticate()

    def test_package(self) -> None:
        """
        The eUICC, and only it, gets metadata and package out of it.
        """
        for self.order.fresh_keys in (False, True):
            self.begin()
            answer = self.card.prepare()
            self.assertEqual(set(answer), {"header", "transactionId", "boundProfilePackage"})
            self.assertEqual(self.card.unpack()[1:], (self.order.metadata(PKI.host), PACKAGE))

    def test_tooEarly(self) -> None:
        """
        Before authenticateClient nothing is bound: 8.10.1/3.9.
        """
        self.card.initiate()
        self.card.prepare()
        self.expect("8.10.1/3.9")

    def test_twice(self) -> None:
        """
        A session binds one package.
        """
        self.begin()
        self.card.prepare()
        self.card.prepare()
        self.expect("8.10.1/3.9")

    def test_signature(self) -> None:
        """
        A wrong signature or one-time key is 8.1/6.1, another transaction 8.10.1/3.9.
        """
        for changes, status in (
            ({"signature": bytes(64)}, "8.1/6.1"),
            ({"point": b"\x04" + bytes(64)}, "8.1/6.1"),
            ({"transaction_id": bytes(16)}, "8.10.1/3.9"),
        ):
            self.begin()
            self.card.prepare(None, **changes)
            self.expect(status)

    def test_confirmationCode(self) -> None:
        """
        Missing 8.2.7/2.2, wrong 8.2.7/3.8; the right one may follow in the same session.
        """
        self.order.confirmation_code = "1234"
        self.begin()
        for code, status in ((None, "8.2.7/2.2"), ("4321", "8.2.7/3.8"), ("1234", "Executed-Success")):
            self.card.prepare(code)
            self.expect(status)

    def test_tooManyCodes(self) -> None:
        """
        The last wrong one is 8.2.7/6.4, and the order has ended: 8.8.5/6.4.
        """
        self.order.confirmation_code, self.order.tries = "1234", 2
        self.begin()
        for code, status in (("1", "8.2.7/3.8"), ("2", "8.2.7/6.4"), ("1234", "8.2.7/6.4")):
            self.card.prepare(code)
            self.expect(status)
        self.begin()
        self.expect("8.8.5/6.4")

    def test_euiccError(self) -> None:
        """
        An error of the eUICC's is 8.1/4.2.
        """
        self.begin()
        error = tlv.encode(0xBF21, tlv.encode(0xA1, tlv.encode(0x80, bytes(16)), tlv.encode(0x02, b"\x05")))
        self.card.call("getBoundProfilePackage", transactionId=self.card.transaction, prepareDownloadResponse=error)
        self.expect("8.1/4.2")

    def test_malformed(self) -> None:
        """
        What cannot be parsed is 1.6/2.1.
        """
        self.begin()
        for wrong in (b"", tlv.encode(0xBF21), tlv.encode(0xBF21, tlv.encode(0xA0, tlv.encode(0x30)))):
            self.card.call("getBoundProfilePackage", transactionId=self.card.transaction, prepareDownloadResponse=wrong)
            self.expect("1.6/2.1")

    def test_brainpool(self) -> None:
        """
        All of it on Brainpool P-256.
        """
        pki = make_pki("brainpool")
        smdp = Smdp(pki)
        smdp.add(self.order)
        self.card = Card(pki, smdp)
        self.begin()
        self.card.prepare()
        self.assertEqual(self.card.unpack()[2], PACKAGE)

    def test_sgp26(self) -> None:
        """
        All of it with the GSMA's test certificates and test profile.
        """
        pki = load_pki(SGP26)
        package = (SGP26 / "upp" / "TS48V1-A-UNIQUE.der").read_bytes()
        smdp = Smdp(pki)
        smdp.add(Order("TS48", package))
        card = Card(pki, smdp)
        card.initiate()
        card.authenticate("TS48")
        card.prepare()
        self.assertEqual(card.unpack()[2], package)

    if not SGP26.is_dir():
        test_sgp26.skip = "the SGP.26 certificates are not beside the checkout"  # type: ignore[attr-defined]


class NotifyTests(SmdpTestCase):
    """
    ES9+.HandleNotification (SGP.22 5.6.4).
    """

    def download(self) -> None:
        """
        Come to the point.
        """
        self.card.initiate()
        self.card.authenticate()
        self.card.prepare()

    def notify(self, raw: bytes) -> dict[str, Any] | None:
        """
        Send one.
        """
        return self.smdp.handle("handleNotification", {"pendingNotification": pack(raw)})

    def test_installed(self) -> None:
        """
        It is answered with nothing (204), kept, and counted once however often it comes.
        """
        self.download()
        heard: list[object] = []
        self.smdp.heard = heard.append
        result = self.card.result()
        for _ in range(2):
            self.assertIsNone(self.notify(result))
        self.assertEqual([each.verified for each in self.smdp.notifications], [True, True])
        self.assertEqual(heard, self.smdp.notifications)
        self.assertEqual(self.order.installed, 1)

    def test_onlyOnce(self) -> None:
        """
        An order for one use is over after that.
        """
        self.order.uses = 1
        self.download()
        self.notify(self.card.result())
        self.card.initiate()
        self.card.authenticate()
        self.expect("8.2.6/3.8")

    def test_failed(self) -> None:
        """
        A failed installation is kept, and may be tried again.
        """
        self.order.uses = 1
        self.download()
        self.notify(self.card.result(error=(5, 10)))
        self.assertEqual((self.smdp.notifications[0].error, self.order.installed), ((5, 10), 0))
        self.download()
        self.expect("Executed-Success")

    def test_wrongSignature(self) -> None:
        """
        It is answered the same, kept, and does not count.
        """
        self.download()
        self.assertIsNone(self.notify(self.card.result()[:-1] + b"\0"))
        self.assertFalse(self.smdp.notifications[0].verified)
        self.assertEqual(self.order.installed, 0)

    def test_other(self) -> None:
        """
        Notifications of later events need no session.
        """
        self.assertIsNone(self.notify(self.card.other()))
        self.assertEqual((self.smdp.notifications[0].event, self.smdp.notifications[0].problem), ("enable", ""))

    def test_malformed(self) -> None:
        """
        What cannot be parsed is refused.
        """
        self.card.call("handleNotification", pendingNotification=b"\xbf\x37\x00")
        self.expect("1.6/2.1")


class CancelTests(SmdpTestCase):
    """
    ES9+.CancelSession (SGP.22 5.6.5).
    """

    def test_afterAuthentication(self) -> None:
        """
        The eUICC's signature is checked; the session is over.
        """
        self.card.initiate()
        self.card.authenticate()
        self.card.cancel(3)
        self.expect("Executed-Success")
        self.assertEqual(self.smdp.cancellations, [Cancellation(self.card.transaction, 3, True)])
        self.card.cancel(3)
        self.expect("8.10.1/3.9")

    def test_beforeAuthentication(self) -> None:
        """
        Nobody knows the eUICC yet; it is believed.
        """
        self.card.initiate()
        self.card.cancel(127)
        self.assertEqual(self.smdp.cancellations, [Cancellation(self.card.transaction, 127, False)])

    def test_afterRefusal(self) -> None:
        """
        A session that was refused can still be cancelled.
        """
        self.card.initiate()
        self.card.authenticate("ELSE")
        self.card.cancel(0)
        self.expect("Executed-Success")

    def test_wrong(self) -> None:
        """
        A wrong signature is 8.1/6.1, the OID of another SM-DP+ 8.8/3.10; the session stays.
        """
        self.card.initiate()
        self.card.authenticate()
        for changes, status in (
            ({"signature": bytes(64)}, "8.1/6.1"),
            ({"oid": "2.999.11"}, "8.8/3.10"),
            ({}, "Executed-Success"),
        ):
            self.card.cancel(0, **changes)
            self.expect(status)

    def test_euiccError(self) -> None:
        """
        An eUICC that does not know the session any more says so; that ends it as well.
        """
        self.card.initiate()
        response = tlv.encode(0xBF41, tlv.encode(0x81, b"\x05"))
        self.card.call("cancelSession", transactionId=self.card.transaction, cancelSessionResponse=response)
        self.expect("Executed-Success")
        self.assertEqual(self.smdp.cancellations, [Cancellation(self.card.transaction, None, False)])

    def test_malformed(self) -> None:
        """
        What cannot be parsed is 1.6/2.1.
        """
        self.card.initiate()
        self.card.call("cancelSession", transactionId=self.card.transaction, cancelSessionResponse=b"\xbf\x41\x00")
        self.expect("1.6/2.1")
