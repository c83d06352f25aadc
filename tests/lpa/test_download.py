# -*- test-case-name: tests.lpa.test_download -*-
"""
Tests for L{cardgw.lpa.download}: whole downloads, from a software SM-DP+ onto a software eUICC.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from attrs import evolve
from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.memory import MemoryChannel
from cardgw.errors import CardGatewayError, ChannelError, NotSupported, OperationRefused, UnexpectedStatus
from cardgw.lpa import download_errors as refused
from cardgw.lpa import server_errors as server
from cardgw.lpa.errors import AlreadyInstalled, Es10Error, ProfileNotInstalled
from cardgw.lpa.es9 import Es9Error, WrongTransaction
from cardgw.lpa.package import PackageError
from cardgw.testing import FakeSession
from cardgw.virtual.certificates import Fault
from cardgw.virtual.euicc_options import Delivery, Faults, Options
from cardgw.virtual.smdp_tamper import (
    Tampering,
    broken_signature,
    field,
    octets,
    other_transaction,
    reordered_package,
    signed1,
    signed2,
    spaced,
    status,
    together,
    truncated_package,
    unpadded,
)
from tests.lpa.card import BOUND, READER
from tests.lpa.world import CODE, SlowCard, World, pki_of

STAGES = [
    "es10b_get_euicc_challenge_and_info",
    "es9p_initiate_authentication",
    "es10b_authenticate_server",
    "es9p_authenticate_client",
    "es8p_metadata_parse",
    "es10b_prepare_download",
    "es9p_get_bound_profile_package",
    "es10b_load_bound_profile_package",
    "es9p_handle_notification",
    "es10b_remove_notification_from_list",
]
POSTPONED, PPR, MISMATCH, LOAD, UNDEFINED = 1, 3, 4, 5, 127
FUNCTIONS = ("initiateAuthentication", "authenticateClient", "getBoundProfilePackage")
QUESTION = "Confirmation code for Example Example profile?"
UNBOUND = 12450
"""Bytes of a profile package that is 12.9 kB when it is bound."""


class DownloadTestCase(SynchronousTestCase):
    """
    Shared checks.
    """

    def succeed(self, world: World, code: str = CODE, size: int = 240, *, accept_rules: bool = False) -> dict[str, Any]:
        """
        A download that must succeed.
        """
        return self.successResultOf(world.download(code, size, accept_rules=accept_rules))

    def fail_with(self, world: World, kind: type[Exception], code: str = CODE) -> str:
        """
        A download that must fail like this; the text of its error.
        """
        error = self.failureResultOf(world.download(code), kind).value
        self.assertEqual(world.clock.getDelayedCalls(), [])
        if isinstance(error, CardGatewayError):
            self.assertTrue(error.brief)
            self.assertNotIn("PROFILE-1", str(error))
        return str(error)

    def kept(self, world: World) -> bytes:
        """
        The list of notifications that the eUICC keeps.
        """
        return world.ask("bf2800")

    def installed(self, world: World) -> bool:
        """
        Whether the profile is on the eUICC.
        """
        return bytes.fromhex("5a0a") in world.ask("bf2d00")


class SuccessTests(DownloadTestCase):
    """
    Downloads that succeed.
    """

    def test_everyWay(self) -> None:
        """
        With blocks of 120, 240 and 255 bytes, with answers by GET RESPONSE and at once, on NIST and Brainpool curves: the
        profile is installed, the server has the notification, the eUICC has it no more.
        """
        for size, delivery, curve in product((120, 240, 255), Delivery, ("nist", "brainpool")):
            world = World(curve, Options(pinned=True, delivery=delivery))
            result = self.succeed(world, size=size)
            self.assertEqual(result["iccid"], world.order.iccid)
            self.assertEqual(result["eid"], pki_of(curve).eid.hex())
            self.assertEqual((result["provider"], result["name"]), ("Example", "Example profile"))
            self.assertEqual(result["notification"], "delivered")
            (found,) = world.smdp.notifications
            self.assertTrue(found.verified)
            self.assertIsNone(found.error)
            self.assertTrue(self.installed(world))
            self.assertEqual(self.kept(world).hex(), "bf2802a000")
            self.assertEqual(world.cancelled, [])

    def test_stages(self) -> None:
        """
        The stages come in their order, each once, with lpac's names.
        """
        world = World()
        self.succeed(world)
        self.assertEqual(world.stages, STAGES)

    def test_metadataIsTold(self) -> None:
        """
        Provider, name and ICCID are told before anything is installed.
        """
        world = World()
        self.succeed(world)
        facts = dict(world.session.stages)["es8p_metadata_parse"]
        self.assertEqual(facts, {"provider": "Example", "name": "Example profile", "iccid": world.order.iccid})

    def test_percent(self) -> None:
        """
        Progress rises to 100 and tells no number twice.
        """
        world = World(size=12000)
        self.succeed(world)
        percents = world.session.percents
        self.assertEqual(percents, sorted(set(percents)))
        self.assertEqual(percents[-1], 100)

    def test_farewell(self) -> None:
        """
        The card holder reads what was installed and what to do next.
        """
        world = World()
        self.succeed(world)
        self.assertEqual(world.session.farewells[-1], "Installed: Example Example profile. Enable it in the profile menu.")

    def test_numberOfApdus(self) -> None:
        """
        A package of 12.9 kB takes at most 90 APDUs at 240 bytes per block, and 77 at 255, with a card that answers 61xx.
        """
        for size, most in ((240, 90), (255, 77)):
            world = World(options=Options(pinned=True, delivery=Delivery.T0), size=UNBOUND)
            self.succeed(world, size=size)
            (package,) = world.packages()
            self.assertGreaterEqual(sum(len(step.command.data) for step in package.steps), 12900)
            self.assertLessEqual(len(world.wire.sent), most)

    def test_oneScriptForThePackage(self) -> None:
        """
        The package goes whole, in one pipelined script; so do the two long requests of the mutual authentication, and what is
        only read: challenge and information, and the rest of a long answer.
        """
        world = World()
        self.succeed(world)
        together = [script for script in world.wire.scripts if script.pipelined]
        heads = [script.steps[0].command.data[:2].hex() or "rest" for script in together]
        self.assertEqual(heads, ["bf2e", "bf20", "bf38", "rest", "bf21", "bf36"])
        self.assertEqual(together[-1:], world.packages())

    def test_reader(self) -> None:
        """
        On a reader the ISD-R is selected on a logical channel, which is closed in the end.
        """
        world = World(options=Options(), info=READER)
        self.succeed(world)
        self.assertEqual(world.wire.sent[1].hex(), "0070000001")
        self.assertEqual(world.wire.sent[-1].hex(), "00708001")

    def test_readerClosesAfterFailure(self) -> None:
        """
        It is closed after a failure as well.
        """
        world = World(options=Options(), info=READER)
        world.smdp.fail_next("authenticateClient", "8.2.6", "3.8")
        self.fail_with(world, Es9Error)
        self.assertEqual(world.wire.sent[-1].hex(), "00708001")

    def test_noWayToIsdr(self) -> None:
        """
        A channel bound to another application cannot be used, and nothing is sent.
        """
        world = World(info=evolve(BOUND, application=b"\xa0\0\0\0\1"))
        self.fail_with(world, NotSupported)
        self.assertEqual((world.wire.sent, world.http.calls), ([], []))

    def test_cardTrust(self) -> None:
        """
        Each request tells which CIs this card trusts.
        """
        world = World()
        self.succeed(world)
        self.assertEqual(world.http.trusted, {frozenset({pki_of("nist").ci_id})})

    def test_sloppyServers(self) -> None:
        """
        Base64 with spaces or without padding, and Executed-WithWarning, are all right.
        """
        for function in FUNCTIONS:
            world = World()
            name = {"initiateAuthentication": "serverSigned1", "authenticateClient": "smdpSigned2"}.get(
                function, "boundProfilePackage"
            )
            world.smdp.tamper[function] = together(spaced(name), unpadded(name), status("Executed-WithWarning"))
            self.succeed(world)

    def test_oidOfActivationCode(self) -> None:
        """
        The SM-DP+ OID of the activation code is that of the server's certificate.
        """
        self.succeed(World(), f"{CODE}${pki_of('nist').smdp_oid}")

    def test_oddChunks(self) -> None:
        """
        It does not matter in which pieces a card hands over its answers.
        """
        self.succeed(World(options=Options(pinned=True, faults=Faults(chunks=(1, 250, 7)))))

    def test_sessionKeys(self) -> None:
        """
        A package with keys of its own is loaded like any other.
        """
        self.succeed(World(fresh_keys=True))


class ResultTests(DownloadTestCase):
    """
    What the eUICC says in the end, and what is made of it.
    """

    def test_lostResult(self) -> None:
        """
        A profile that is installed is reported as installed, even if the card answered the last block with an error or not at
        all: the eUICC keeps the result.
        """
        for faults in (Faults(lost_response=True), Faults(no_result=True)):
            world = World(options=Options(pinned=True, faults=faults))
            self.assertEqual(self.succeed(world)["notification"], "delivered")
            self.assertEqual(world.cancelled, [])

    def test_installationFails(self) -> None:
        """
        A profile that is there already: the eUICC's reason is told, its failure notification delivered and removed, and the
        session, which has ended, not cancelled.
        """
        world = World()
        self.succeed(world)
        text = self.fail_with(world, AlreadyInstalled)
        self.assertIn("iccidAlreadyExists", text)
        self.assertIsNotNone(world.smdp.notifications[-1].error)
        self.assertEqual(self.kept(world).hex(), "bf2802a000")
        self.assertEqual(world.cancelled, [])

    def test_interrupted(self) -> None:
        """
        A card that refuses a block in the midst of the package keeps the notification of a failure; that one is delivered, and
        the text has the status word.
        """
        world = World()
        world.wire.refuse = b"\x88"
        text = self.fail_with(world, ProfileNotInstalled)
        self.assertIn("6985", text)
        self.assertIsNotNone(world.smdp.notifications[-1].error)
        self.assertEqual(self.kept(world).hex(), "bf2802a000")

    def test_notificationPending(self) -> None:
        """
        A server that cannot be told leaves the notification on the eUICC; the profile is installed all the same.
        """
        world = World()
        world.http.failures["handleNotification"] = server.ServerHungUp("smdp.example.test")
        result = self.succeed(world)
        self.assertEqual(result["notification"], "pending")
        self.assertIn("closed the connection", result["reason"])
        self.assertNotEqual(self.kept(world).hex(), "bf2802a000")
        self.assertTrue(self.installed(world))
        self.assertIn("later", world.session.farewells[-1])

    def test_notificationNotRemoved(self) -> None:
        """
        A notification that the server has counts as delivered, even if the eUICC does not let it go.
        """
        world = World(options=Options(pinned=True, faults=Faults(status={0xBF30: 0x6985})))
        self.assertEqual(self.succeed(world)["notification"], "delivered")

    def test_cancelledAfterwards(self) -> None:
        """
        A download that is cancelled while the notification is under way was a success.
        """
        world = World()
        world.http.silent.add("handleNotification")
        downloading = world.download()
        downloading.cancel()
        self.assertEqual(self.successResultOf(downloading)["notification"], "pending")


class ConfirmationTests(DownloadTestCase):
    """
    Confirmation codes.
    """

    def test_inline(self) -> None:
        """
        The code at the end of the activation code is used.
        """
        self.succeed(World(confirmation_code="4711"), f"{CODE}$$4711")

    def test_asked(self) -> None:
        """
        Otherwise whoever wanted the download is asked, and told for what.
        """
        world = World(confirmation_code="4711")
        world.session.answers = {"confirmation-code": "4711"}
        self.succeed(world)
        (question,) = world.session.questions
        self.assertEqual((question.text, question.secret), (QUESTION, True))
        self.assertEqual(question.facts["provider"], "Example")

    def test_nobodyToAsk(self) -> None:
        """
        Where nobody can be asked, the text tells how to give it; the order is postponed, not lost.
        """
        world = World(confirmation_code="4711")
        text = self.fail_with(world, refused.ConfirmationCodeNeeded)
        self.assertIn("$$<confirmation code>", text)
        self.assertEqual(world.cancelled, [POSTPONED])
        self.succeed(world, f"{CODE}$$4711")

    def test_noAnswer(self) -> None:
        """
        An empty answer declines.
        """
        world = World(confirmation_code="4711")
        world.session.answers = {"confirmation-code": " "}
        self.fail_with(world, refused.RejectedByUser)
        self.assertEqual(world.cancelled, [0])

    def test_wrong(self) -> None:
        """
        The server refuses a wrong code, and the code is nowhere in the text.
        """
        world = World(confirmation_code="4711")
        text = self.fail_with(world, Es9Error, f"{CODE}$$0815")
        self.assertIn("8.2.7/3.8", text)
        self.assertNotIn("0815", text)
        self.assertEqual(world.cancelled, [POSTPONED])

    def test_needless(self) -> None:
        """
        A code that nobody wants is not used.
        """
        self.succeed(World(), f"{CODE}$$4711")


class OfferTests(DownloadTestCase):
    """
    What is offered is checked before it is accepted.
    """

    def test_policyRules(self) -> None:
        """
        Policy rules that the eUICC's table allows need consent, given beforehand or when asked.
        """
        world = World(policy_rules=frozenset({"ppr1"}), owner=b"\x00\xf1\x10")
        self.succeed(world, accept_rules=True)
        world = World(policy_rules=frozenset({"ppr1"}), owner=b"\x00\xf1\x10")
        world.session.answers = {"consent": "yes"}
        self.succeed(world)
        (question,) = world.session.questions
        self.assertIn("Example Example profile cannot be switched off or deleted freely (PPR1). Install it?", question.text)

    def test_tableIsAskedOnlyThen(self) -> None:
        """
        The table is asked for only if there are policy rules.
        """
        world = World()
        self.succeed(world)
        self.assertFalse([command for command in world.wire.sent if b"\xbf\x43" in command[5:7]])

    def test_policyRulesNotAllowed(self) -> None:
        """
        Those that it does not allow end the session with pprNotAllowed.
        """
        options = Options(pinned=True, authorised_rules=frozenset({"ppr2"}))
        world = World(options=options, policy_rules=frozenset({"ppr1"}), owner=b"\x00\xf1\x10")
        self.assertIn("PPR1", self.fail_with(world, refused.PolicyRuleRefused))
        self.assertEqual(world.cancelled, [PPR])

    def test_noMemory(self) -> None:
        """
        An eUICC that tells that it is full is not tried; the order is postponed.
        """
        world = World(options=Options(pinned=True, memory=500))
        self.assertIn("500 bytes are free", self.fail_with(world, refused.MemoryFull))
        self.assertEqual(world.cancelled, [POSTPONED])
        self.assertNotIn("getBoundProfilePackage", world.http.calls)

    def test_tooLittleMemory(self) -> None:
        """
        One without room for this package is not tried either.
        """
        world = World(options=Options(pinned=True, memory=1500))
        self.fail_with(world, refused.MemoryFull)
        self.assertEqual(world.cancelled, [POSTPONED])

    def test_otherMetadata(self) -> None:
        """
        A package with another profile than was offered is refused with metadataMismatch before its first segment.
        """
        world = World()
        edit = octets("profileMetadata", lambda value: value.replace(b"Example profile", b"Another profile"))
        world.smdp.tamper["authenticateClient"] = edit
        self.assertIn("another name", self.fail_with(world, refused.MetadataMismatch))
        self.assertEqual(world.cancelled, [MISMATCH])
        self.assertNotIn(STAGES[7], world.stages)

    def test_brokenPackage(self) -> None:
        """
        A package of wrong structure is refused with loadBppExecutionError before its first segment.
        """
        for tampering in (truncated_package(), reordered_package()):
            world = World()
            world.smdp.tamper["getBoundProfilePackage"] = tampering
            with self.subTest():
                self.failureResultOf(world.download(), PackageError, server.MalformedServerAnswer)
                self.assertIn(world.cancelled, ([LOAD], [UNDEFINED]))
                self.assertNotIn(STAGES[7], world.stages)


class ServerTests(DownloadTestCase):
    """
    A server that is not what it should be: each time a sentence, and no session left on the eUICC.
    """

    def check(self, function: str, tampering: Tampering, kind: type[Exception], reason: list[int], words: str = "") -> None:
        world = World()
        world.smdp.tamper[function] = tampering
        self.assertIn(words, self.fail_with(world, kind))
        self.assertEqual(world.cancelled, reason)
        self.assertIn("es10b_cancel_session", world.stages)
        self.assertFalse(self.installed(world))

    def test_otherTransaction(self) -> None:
        """
        An answer with another transactionId is for somebody else.
        """
        self.check("initiateAuthentication", other_transaction(), WrongTransaction, [])
        self.check("authenticateClient", other_transaction(), WrongTransaction, [UNDEFINED])
        self.check("getBoundProfilePackage", other_transaction(), WrongTransaction, [UNDEFINED])

    def test_otherSignedTransaction(self) -> None:
        """
        Likewise if it is only in what is signed.
        """
        self.check("initiateAuthentication", signed1(transaction_id=bytes(16)), WrongTransaction, [])
        self.check("authenticateClient", signed2(transaction_id=bytes(16)), WrongTransaction, [UNDEFINED])

    def test_otherChallenge(self) -> None:
        """
        An old signature, over another challenge, is not accepted.
        """
        self.check("initiateAuthentication", signed1(euicc_challenge=bytes(16)), WrongTransaction, [], "challenge")

    def test_otherAddress(self) -> None:
        """
        A server that calls itself otherwise than it was asked is not the one of the activation code.
        """
        self.check("initiateAuthentication", signed1(address=b"smdp.example.org"), refused.OtherServer, [], "smdp.example.org")

    def test_wrongSignature(self) -> None:
        """
        A wrong signature of the server is found here, before the eUICC is bothered.
        """
        self.check("initiateAuthentication", broken_signature("serverSignature1"), server.SignatureInvalid, [])
        self.check("authenticateClient", broken_signature("smdpSignature2"), server.SignatureInvalid, [UNDEFINED])

    def test_unknownIssuer(self) -> None:
        """
        A CI that the eUICC does not list is not accepted.
        """
        other = octets("euiccCiPKIdToBeUsed", lambda value: value[:-1] + bytes((value[-1] ^ 1,)))
        self.check("initiateAuthentication", other, refused.OtherServer, [], "which the eUICC does not trust")

    def test_missingField(self) -> None:
        """
        A missing field is named; in the first answer there is no session yet that could be cancelled.
        """
        world = World()
        world.smdp.tamper["initiateAuthentication"] = field("serverSigned1", None)
        self.assertIn("serverSigned1", self.fail_with(world, server.MalformedServerAnswer))
        self.check("authenticateClient", field("smdpSigned2", None), server.MalformedServerAnswer, [UNDEFINED], "smdpSigned2")

    def test_wrongOid(self) -> None:
        """
        A server with another OID than the activation code has is not the one that is meant.
        """
        world = World()
        self.assertIn("2.999.77", self.fail_with(world, refused.OtherServer, f"{CODE}$2.999.77"))

    def test_wrongCertificates(self) -> None:
        """
        A certificate of another CI, for another purpose or out of its time is refused, whether it is for authentication or for
        binding.
        """
        for role, fault in product(("dp_auth", "dp_pb"), (Fault.OTHER_CA, Fault.WRONG_POLICY, Fault.EXPIRED)):
            world = World(pki=pki_of("nist").replaced(role, fault))
            self.fail_with(world, server.CertificateRefused)
            self.assertEqual(world.cancelled, [] if role == "dp_auth" else [UNDEFINED])

    def test_refusals(self) -> None:
        """
        A refusal says what the codes mean; the order is not given up by us.
        """
        for function in FUNCTIONS[1:]:
            world = World()
            world.smdp.fail_next(function, "8.2.6", "3.8")
            self.assertIn("8.2.6/3.8", self.fail_with(world, Es9Error))
            self.assertEqual(world.cancelled, [POSTPONED])

    def test_echo(self) -> None:
        """
        A server that repeats the matching id, which is as good as the profile, does not bring it into the text.
        """
        for function in FUNCTIONS[1:]:
            world = World()
            world.smdp.fail_next(function, "8.2.6", "profile-1", "MatchingID Profile-1 is refused")
            text = self.fail_with(world, Es9Error)
            self.assertNotIn("profile-1", text.lower())
            self.assertIn("MatchingID *** is refused", text)

    def test_otherCard(self) -> None:
        """
        A card whose certificate is that of another one gets no profile, and the server keeps it.
        """
        world = World()

        def identified(session: FakeSession, identity: str) -> None:
            raise OperationRefused(identity)

        self.patch(FakeSession, "identified", identified)
        self.fail_with(world, OperationRefused)
        self.assertEqual(world.cancelled, [POSTPONED])
        self.assertNotIn("authenticateClient", world.http.calls)

    def test_refusalAtOnce(self) -> None:
        """
        A server that refuses the first request has opened no session: nothing is there to cancel.
        """
        world = World()
        world.smdp.fail_next("initiateAuthentication", "8.8.1", "3.8")
        self.fail_with(world, Es9Error)
        self.assertNotIn("es10b_cancel_session", world.stages)

    def test_lostServer(self) -> None:
        """
        A server that hangs up or is silent ends the download; the session is postponed, or timed out.
        """
        for error, reason in ((server.ServerHungUp(), POSTPONED), (server.ServerSilent(), 2)):
            for function in FUNCTIONS[1:]:
                world = World()
                world.http.failures[function] = error
                self.fail_with(world, type(error))
                self.assertEqual(world.cancelled, [reason])

    def test_rubbish(self) -> None:
        """
        Rubbish is not understood.
        """
        for function in FUNCTIONS:
            world = World()
            world.http.answers[function] = (200, b"\x00\xff{")
            self.fail_with(world, server.MalformedServerAnswer)

    def test_cancellationFails(self) -> None:
        """
        When the session cannot be cancelled either, the first error is the one that counts.
        """
        world = World()
        world.smdp.fail_next("authenticateClient", "8.2.6", "3.8")
        world.http.failures["cancelSession"] = server.ServerHungUp()
        self.fail_with(world, Es9Error)


class BurstTests(DownloadTestCase):
    """
    Channels that send many commands of a pipelined script before they look at an answer.
    """

    def world(self, **options: Any) -> World:
        """
        A world with such a channel.
        """
        world = World(options=Options(pinned=True, **options))
        world.session.channel = GetResponse(MemoryChannel(BOUND, world.card.transmit, burst=1000))
        return world

    def test_installed(self) -> None:
        """
        A whole package in one go is installed.
        """
        for delivery in Delivery:
            self.succeed(self.world(delivery=delivery))

    def test_failureIsOverwritten(self) -> None:
        """
        Where the answer with the reason was lost to the blocks behind it, the reason is found among the notifications.
        """
        for delivery in Delivery:
            world = self.world(delivery=delivery)
            self.succeed(world)
            self.assertIn("iccidAlreadyExists", self.fail_with(world, AlreadyInstalled))
            self.assertEqual(world.cancelled, [])
            self.assertEqual(self.kept(world).hex(), "bf2802a000")


class CardTests(DownloadTestCase):
    """
    An eUICC that refuses, or is lost.
    """

    def test_statusNamesFunction(self) -> None:
        """
        A status word at any function ends the download with the function's name.
        """
        for tag, name in ((0xBF2E, "GetEUICCChallenge"), (0xBF38, "AuthenticateServer"), (0xBF21, "PrepareDownload")):
            world = World(options=Options(pinned=True, faults=Faults(status={tag: 0x6A88})))
            self.assertIn(f"{name}: 6A88", self.fail_with(world, UnexpectedStatus))

    def test_packageRefused(self) -> None:
        """
        A package that is refused without a result ends the session with loadBppExecutionError.
        """
        world = World(options=Options(pinned=True, faults=Faults(status={0xBF36: 0x6985})))
        self.assertIn("6985", self.fail_with(world, refused.InstallationFailed))
        self.assertEqual(world.cancelled, [LOAD])

    def test_serverNotAccepted(self) -> None:
        """
        An error code of the eUICC has a sentence: here its challenge has been replaced meanwhile.
        """
        world = World()
        world.smdp.tamper["initiateAuthentication"] = lambda answer: world.forget_challenge()
        self.assertIn("AuthenticateServer", self.fail_with(world, Es10Error))

    def test_lostAnywhere(self) -> None:
        """
        Wherever the card is lost, the download ends with a reason, and nothing waits any more.  Once its result is here, the
        profile is installed, and the server hears of it without the card.
        """
        world = World()
        self.succeed(world)
        total = len(world.wire.sent)
        for done in range(total):
            world = World()
            world.wire.lose_after = done
            downloading = world.download()
            if done < total - 2:
                self.failureResultOf(downloading, ChannelError)
            else:
                self.assertEqual(self.successResultOf(downloading)["notification"], "delivered")
            self.assertEqual(world.clock.getDelayedCalls(), [])

    def test_lostInThePackage(self) -> None:
        """
        A card that is lost in the middle of the package: how far it was, and that the profile is not installed.
        """
        world = World()
        self.succeed(world)
        begin = next(at for at, command in enumerate(world.wire.sent) if command[5:7] == b"\xbf\x36")
        world = World()
        world.wire.lose_after = begin + 5
        text = self.fail_with(world, refused.InstallationInterrupted)
        self.assertIn(f"after 5 of {world.blocks()} blocks", text)


class CancelTests(DownloadTestCase):
    """
    Downloads that are cancelled from outside.
    """

    def test_everywhere(self) -> None:
        """
        While a server's answer is awaited: the request is ended, and the session postponed on both sides.
        """
        for function in FUNCTIONS:
            world = World()
            world.http.silent.add(function)
            downloading: Deferred[dict[str, Any]] = world.download()
            self.assertNoResult(downloading)
            downloading.cancel()
            self.failureResultOf(downloading, CancelledError)
            self.assertTrue(world.http.waiting[0].called)
            self.assertEqual(world.cancelled, [] if function == FUNCTIONS[0] else [POSTPONED])
            self.assertEqual(world.clock.getDelayedCalls(), [])

    def test_anywhere(self) -> None:
        """
        After any number of APDUs: what the card still answers is waited for, the session is cancelled, and nothing is left over.
        A profile that was installed by then is a success.
        """
        world = World()
        self.succeed(world)
        for answered in range(len(world.wire.sent)):
            slow = World()
            card = SlowCard(slow.card.transmit)
            slow.session.channel = GetResponse(MemoryChannel(BOUND, card))
            downloading = slow.download()
            card.go_on(answered)
            downloading.cancel()
            card.go_on()
            slow.clock.advance(60)
            downloading.addErrback(lambda failure: failure.trap(CancelledError))
            self.successResultOf(downloading)
            self.assertEqual((slow.clock.getDelayedCalls(), card.waiting), ([], []))
            self.assertLessEqual(set(slow.cancelled), {POSTPONED})

    def test_silentThen(self) -> None:
        """
        A server that does not answer the cancellation either is waited for, for a bounded time.
        """
        world = World()
        world.http.silent |= {"getBoundProfilePackage", "cancelSession"}
        downloading = world.download()
        downloading.cancel()
        self.assertNoResult(downloading)
        world.clock.advance(60)
        self.failureResultOf(downloading, CancelledError)
