# -*- test-case-name: tests.functional.test_download_server -*-
"""
Downloads from SM-DP+s that are slow, silent, broken, or not to be believed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from attrs import frozen

from cardgw.apdu import tlv
from cardgw.errors import CardGatewayError
from cardgw.lpa.download_errors import MetadataMismatch, OtherServer
from cardgw.lpa.errors import ProfileNotInstalled
from cardgw.lpa.es9 import Es9Error, WrongTransaction
from cardgw.lpa.es10 import CancelReason
from cardgw.lpa.package import PackageError
from cardgw.lpa.server_errors import (
    AnswerTooLarge,
    HttpStatusError,
    MalformedServerAnswer,
    ServerHungUp,
    ServerRedirected,
    ServerSilent,
    SignatureInvalid,
)
from cardgw.virtual.smdp_answers import pack
from cardgw.virtual.smdp_tamper import (
    Answer,
    Tampering,
    broken_signature,
    field,
    flipped_bit,
    other_transaction,
    package,
    reordered_package,
    signed1,
    signed2,
    truncated_package,
)
from cardgw.virtual.smdp_web import Misbehaviour, error_page, huge, redirect, rubbish
from tests.functional.download import HOST, DownloadTestCase, activation_code, has_session

INITIATE, AUTHENTICATE, DELIVER = "initiateAuthentication", "authenticateClient", "getBoundProfilePackage"
FUNCTIONS = (INITIATE, AUTHENTICATE, DELIVER)
PATIENCE = 0.5
"""Seconds that the gateway waits for an answer."""
POSTPONED, TIMEOUT, MISMATCH, BAD_PACKAGE, UNDEFINED = (
    CancelReason.POSTPONED,
    CancelReason.TIMEOUT,
    CancelReason.METADATA_MISMATCH,
    CancelReason.LOAD_BPP_EXECUTION_ERROR,
    CancelReason.UNDEFINED,
)


@frozen
class Case:
    """
    A fault and what must come of it.

    @ivar wrong: how it is brought about: a misbehaviour of the web server, a changed answer, or anything else.
    @ivar kind: the class of the error.
    @ivar words: what its text names.
    @ivar reason: with which the eUICC's session is cancelled at the server, C{None} where there is no session.
    """

    function: str
    wrong: Misbehaviour | Tampering
    kind: type[CardGatewayError]
    words: str
    reason: CancelReason | None = None


def broken_answers(function: str) -> list[Case]:
    """
    What can be wrong with the answer to any function.
    """
    rude = [
        (error_page(), HttpStatusError, f"500 ({function})", POSTPONED),
        (error_page(404), HttpStatusError, f"404 ({function})", POSTPONED),
        (redirect("https://169.254.169.254/"), ServerRedirected, f"302 from {HOST}", POSTPONED),
        (Misbehaviour(drop=True), ServerHungUp, HOST, POSTPONED),
        (Misbehaviour(cut=20), ServerHungUp, f"{HOST}, in the middle", POSTPONED),
        (Misbehaviour(silent=True), ServerSilent, f"{HOST} ({PATIENCE:g} s)", TIMEOUT),
        (Misbehaviour(delay=20.0), ServerSilent, f"{HOST} ({PATIENCE:g} s)", TIMEOUT),
        (rubbish(), MalformedServerAnswer, f"{function}: not JSON", UNDEFINED),
        (rubbish(b""), MalformedServerAnswer, f"{function}: empty", UNDEFINED),
        (rubbish(b"[" * 50000), MalformedServerAnswer, f"{function}: not JSON", UNDEFINED),
        (rubbish(b"[]"), MalformedServerAnswer, f"{function}: no status", UNDEFINED),
        (huge(70000), AnswerTooLarge, f"70000 bytes from {HOST}", UNDEFINED),
    ]
    cases = [Case(function, wrong, kind, words, reason) for wrong, kind, words, reason in rude]
    cases.append(Case(function, field("transactionId", 5), MalformedServerAnswer, function, UNDEFINED))
    return cases


def another_name(answer: Answer) -> None:
    """
    The profile is called otherwise in the package than in the offer.
    """
    assert answer.session is not None and answer.session.order is not None
    answer.session.order.name = "Another profile"


OFFERS = [
    Case(INITIATE, signed1(transaction_id=bytes(16)), WrongTransaction, "the signed transactionId is not the one beside it"),
    Case(INITIATE, signed1(euicc_challenge=bytes(16)), WrongTransaction, "signed another challenge"),
    Case(INITIATE, signed1(address=b"evil.example.test"), OtherServer, "calls itself 'evil.example.test'"),
    Case(INITIATE, broken_signature("serverSignature1"), SignatureInvalid, "serverSignature1 was not made"),
    Case(INITIATE, field("serverCertificate", None), MalformedServerAnswer, "serverCertificate"),
    Case(INITIATE, field("serverSigned1", "MAA="), MalformedServerAnswer, "initiateAuthentication"),
    Case(INITIATE, field("euiccCiPKIdToBeUsed", pack(tlv.encode(0x04, bytes(20)))), OtherServer, "00" * 20),
    Case(AUTHENTICATE, other_transaction(), WrongTransaction, "authenticateClient: another transactionId", UNDEFINED),
    Case(AUTHENTICATE, signed2(bytes(16)), WrongTransaction, "authenticateClient: the signed transactionId", UNDEFINED),
    Case(AUTHENTICATE, broken_signature("smdpSignature2"), SignatureInvalid, "smdpSignature2 was not made", UNDEFINED),
    Case(AUTHENTICATE, field("profileMetadata", "*"), MalformedServerAnswer, "profileMetadata is not base64", UNDEFINED),
    Case(AUTHENTICATE, another_name, MetadataMismatch, "another name", MISMATCH),
    Case(DELIVER, other_transaction(), WrongTransaction, "getBoundProfilePackage: another transactionId", UNDEFINED),
    Case(DELIVER, truncated_package(), MalformedServerAnswer, "boundProfilePackage", UNDEFINED),
    Case(DELIVER, reordered_package(), PackageError, "firstSequenceOf87 is missing, A1 is in its place", BAD_PACKAGE),
    Case(DELIVER, package(lambda parts: parts[:-1]), PackageError, "is missing", BAD_PACKAGE),
]


class FaultTestCase(DownloadTestCase):
    """
    Each fault has a sentence of its own, the card is left in order, and serves the next download.
    """

    async def begin(self) -> None:
        """
        A gateway that is quickly out of patience.
        """
        await self.start({"request_timeout": PATIENCE, "max_body": 65536})

    async def survive(self, cases: Iterable[Case]) -> list[str]:
        """
        One fault after another, each with a new card.

        @return: the reasons.
        """
        return [await self.one(number, case) for number, case in enumerate(cases, 1)]

    async def one(self, number: int, case: Case) -> str:
        """
        One fault; and afterwards a good download on the same card.
        """
        wrongs: dict[str, Any] = self.server.web.misbehave if isinstance(case.wrong, Misbehaviour) else self.smdp.tamper
        wrongs[case.function] = case.wrong
        self.order(f"P-{number}", number)
        return await self.fault(number, case.kind, case.words, case.reason, wrongs.clear)

    async def fault(
        self, number: int, kind: type[CardGatewayError], words: str, reason: CancelReason | None, repair: Callable[[], object]
    ) -> str:
        """
        See L{one}; the fault is there already.
        """
        card, text = self.card(), activation_code(f"P-{number}")
        self.smdp.cancellations.clear()
        found = await self.refused(card, kind, text)
        self.assertIn(words, found)
        self.assertNotIn("Traceback", found)
        self.assertEqual([each.reason for each in self.smdp.cancellations], [] if reason is None else [reason], found)
        for each in self.smdp.cancellations:
            self.assertFalse(has_session(card, bytes.fromhex(each.transaction_id)))
        repair()
        self.smdp.orders.find(f"P-{number}", card.eid).name = "Example profile"
        await self.download(card, text)
        return found


class AnswerTests(FaultTestCase):
    """
    Answers that are not right.
    """

    async def test_initiate(self) -> None:
        """
        Broken answers before there is a session.
        """
        await self.begin()
        cases = [Case(each.function, each.wrong, each.kind, each.words) for each in broken_answers(INITIATE)]
        self.assertGreaterEqual(len(set(await self.survive(cases))), 9)

    async def test_authenticate(self) -> None:
        """
        Broken answers when the card has authenticated itself: its session is cancelled.
        """
        await self.begin()
        self.assertGreaterEqual(len(set(await self.survive(broken_answers(AUTHENTICATE)))), 9)

    async def test_deliver(self) -> None:
        """
        Broken answers in place of the package.
        """
        await self.begin()
        self.assertGreaterEqual(len(set(await self.survive(broken_answers(DELIVER)))), 9)

    async def test_offers(self) -> None:
        """
        Answers that are whole, but wrong: other sessions, signatures, packages.
        """
        await self.begin()
        reasons = await self.survive(OFFERS)
        self.assertEqual(len(set(reasons)), len(OFFERS))

    async def test_brokenPackage(self) -> None:
        """
        A package with one wrong bit is refused by the eUICC itself; the server hears that.
        """
        await self.begin()
        case = Case(DELIVER, flipped_bit("boundProfilePackage", -20), ProfileNotInstalled, "")
        await self.one(1, case)
        self.assertEqual([(each.verified, each.error is None) for each in self.smdp.notifications], [(True, False), (True, True)])

    async def test_refusals(self) -> None:
        """
        Refusals, known and unknown.
        """
        await self.begin()
        pairs = {
            (INITIATE, "8.8.1", "3.8"): "8.8.1/3.8",
            (INITIATE, "8.8.2", "3.1"): "8.8.2/3.1",
            (INITIATE, "8.8.3", "3.1"): "8.8.3/3.1",
            (INITIATE, "8.8.4", "3.7"): "8.8.4/3.7",
            (AUTHENTICATE, "8.1.1", "3.8"): "8.1.1/3.8",
            (AUTHENTICATE, "8.1.2", "6.1"): "8.1.2/6.1",
            (AUTHENTICATE, "8.1.3", "6.3"): "8.1.3/6.3",
            (AUTHENTICATE, "8.2", "1.2"): "8.2/1.2",
            (AUTHENTICATE, "8.2.5", "4.3"): "8.2.5/4.3",
            (AUTHENTICATE, "8.2.6", "3.8"): "8.2.6/3.8",
            (AUTHENTICATE, "8.8.5", "4.10"): "8.8.5/4.10",
            (AUTHENTICATE, "8.8.5", "6.4"): "8.8.5/6.4",
            (DELIVER, "8.2.7", "6.4"): "8.2.7/6.4",
            (DELIVER, "8.10.1", "3.9"): "8.10.1/3.9",
            (DELIVER, "99.9", "99.9"): "99.9/99.9",
        }
        reasons = []
        for number, ((function, subject, reason), words) in enumerate(pairs.items(), 1):
            self.smdp.fail_next(function, subject, reason, "no")
            self.order(f"P-{number}", number)
            cancelled = None if function == INITIATE else POSTPONED
            reasons.append(await self.fault(number, Es9Error, f"{function} {words} (no)", cancelled, lambda: None))
        self.assertEqual(len({reason.partition(":")[0] for reason in reasons}), len(reasons), reasons)

    async def test_cancelFails(self) -> None:
        """
        Where not even the cancellation reaches the server, the first reason counts, and the card is in order.
        """
        await self.begin()
        for number, wrong in enumerate((error_page(), Misbehaviour(drop=True), Misbehaviour(silent=True), rubbish()), 1):
            self.server.web.misbehave["cancelSession"] = wrong
            await self.one(number, Case(DELIVER, flipped_bit("boundProfilePackage", 0), MalformedServerAnswer, DELIVER))

    async def test_slow(self) -> None:
        """
        A server that takes its time, but not too much.
        """
        await self.begin()
        self.server.web.misbehave = {function: Misbehaviour(delay=0.1) for function in FUNCTIONS}
        self.order()
        await self.download(self.card())

    async def test_connectionDies(self) -> None:
        """
        A server that closes the kept connection between downloads is asked on a new one.
        """
        await self.begin()
        self.order("P-1", 1)
        self.order("P-2", 2)
        await self.download(self.card())
        self.server.web.misbehave[INITIATE] = Misbehaviour(drop=True, times=1)
        await self.download(self.card(), activation_code("P-2"))
        self.assertEqual(self.server.handshakes, 2)
