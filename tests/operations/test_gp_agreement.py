"""
Tests of L{cardgw.operations.gp_agreement}, and of SCP11 in the operations: with the software card.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from twisted.internet.defer import Deferred

from cardgw.apdu.command import Command
from cardgw.apdu.memory import MemoryChannel
from cardgw.apdu.response import Response
from cardgw.errors import CardGatewayError, ParameterError, PeerLost, UnexpectedStatus
from cardgw.operations.gp_delete import DeleteGpKeys
from cardgw.operations.gp_errors import AuthenticationFailedBefore
from cardgw.operations.gp_info import GpRegistry
from cardgw.operations.gp_keys import PutGpKeys
from cardgw.operations.gp_script import RunGpScript
from cardgw.scp.certificate_errors import ScpCertificateExpired, ScpRootUnknown
from cardgw.scp.diversification import MasterKeys, diversification
from cardgw.scp.errors import HostRefused, LevelNotPossible
from cardgw.scp.key_pair import LocalKeyPair
from cardgw.scp.keys import AesKey
from cardgw.scp.scp11 import KeysNotManageable, ReceiptMissing, ReceiptWrong
from cardgw.scp.scp11_terms import Variant
from cardgw.testing import session_for
from cardgw.virtual.security_domain_options import FAMILIES, SecurityDomainOptions
from tests.operations.gp_card import INFO, GpTestCase
from tests.operations.scp11_card import host_keys, scp11_card, stranger
from tests.scp.scp11_rig import KVN, NOW, make_pki


class Scp11TestCase(GpTestCase):
    """
    Runs an operation on that card.
    """

    def setUp(self) -> None:
        """
        The card, and a host that it knows.
        """
        super().setUp()
        self.software = scp11_card()
        self.key_sets |= {"host": host_keys(), "anybody": stranger(), "a": host_keys(variant=Variant.A)}
        self.sent: list[Command] = []
        self.answer: Callable[[bytes], bytes] = self.ask
        self.now = NOW.timestamp()

    def ask(self, octets: bytes) -> bytes:
        """
        The card, unless a test has put something before it.
        """
        return self.software(octets)

    def transmit(self, octets: bytes) -> bytes:
        """
        The card.
        """
        command = Command.decode(octets)
        self.sent.append(command)
        return self.answer(octets)

    def start(self, card: Any = None, **parameters: Any) -> Deferred[dict[str, Any]]:
        """
        See L{GpTestCase.start}.  The certificates are valid now.
        """
        self.sent.clear()
        operation = self.operation()
        channel = MemoryChannel(INFO, self.transmit if card is None else card)
        self.session = session_for(operation, channel, {"keys": "host", **parameters})
        self.session.key_sets, self.session.memory = self.key_sets, self.memory
        self.session.clock.advance(self.now)
        return Deferred.fromCoroutine(operation.run(self.session))

    def instructions(self, *wanted: int) -> list[Command]:
        """
        The commands that have come with these.
        """
        return [each for each in self.sent if each.ins in wanted]

    def agreements(self) -> list[Command]:
        """
        The commands that agree on keys.
        """
        return self.instructions(0x82, 0x88)


class AgreementTests(Scp11TestCase):
    """
    L{cardgw.operations.gp_agreement.plan_agreement}.
    """

    operation = GpRegistry

    def test_variants(self) -> None:
        """
        By the keys, or as it is wanted: INS and identifier of the card's key say which one it was.
        """
        expected = {"auto": (0x82, 0x11), "scp11a": (0x82, 0x11), "scp11b": (0x88, 0x13), "scp11c": (0x82, 0x15)}
        for protocol, command in expected.items():
            self.software = scp11_card()
            self.run_registry(protocol=protocol, anonymous=protocol == "scp11b")
            self.assertEqual([(each.ins, each.p2) for each in self.agreements()], [command])
        self.run_registry(keys="anybody", anonymous=True)
        self.assertEqual([each.ins for each in self.agreements()], [0x88])

    def run_registry(self, *, anonymous: bool = False, **parameters: Any) -> None:
        """
        Through the secure channel; the card lists nothing for whom it does not know.
        """
        if anonymous:
            self.failed(UnexpectedStatus, **parameters)
        else:
            self.done(**parameters)

    def test_onlyC(self) -> None:
        """
        SCP11c, where the card has no key for SCP11a; if that is wanted, it is refused before anything is agreed.
        """
        self.software = scp11_card(variants="c")
        self.done()
        self.assertEqual([each.p2 for each in self.agreements()], [0x15])
        for parameters in ({"keys": "a"}, {"protocol": "scp11a"}, {"protocol": "scp11b"}):
            self.assertIn("SCP11c", self.failed(LevelNotPossible, **parameters))
            self.assertEqual((self.agreements(), self.memory), ([], {}))

    def test_toldTooLittle(self) -> None:
        """
        A YubiKey says that it does SCP11b alone: what it has keys for, it does.
        """
        self.software = scp11_card(family=FAMILIES["yubikey"])
        for protocol, kid in (("scp11a", 0x11), ("scp11c", 0x15)):
            self.failed(UnexpectedStatus, protocol=protocol)  # it has no applications to list
            self.assertEqual([each.p2 for each in self.agreements()], [kid])

    def test_levels(self) -> None:
        """
        33 and 11, or in the words of SCP11 3C and 34; others there are not.
        """
        for level, usage in (("auto", 0x3C), ("33", 0x3C), ("3C", 0x3C), ("11", 0x34), ("34", 0x34)):
            self.done(level=level)
            self.assertIn(bytes((0x95, 1, usage)), self.agreements()[0].data)
        self.assertIn("33 and 11", self.failed(ParameterError, level="01"))

    def test_sizes(self) -> None:
        """
        Session keys as long as wanted; MACs by the card data.
        """
        for size, length in (("auto", 16), ("192", 24), ("256", 32)):
            self.done(key_size=size)
            self.assertIn(bytes((0x81, 1, length)), self.agreements()[0].data)
        self.software = scp11_card(implementation=0x71)
        self.done()
        self.failed(CardGatewayError, mac_length="8")

    def test_curves(self) -> None:
        """
        Other curves, and certificates of GlobalPlatform's own form.
        """
        for curve, form in (("secp521r1", "x509"), ("brainpoolP384r1", "gp")):
            self.software, self.key_sets["host"] = scp11_card(curve, form), host_keys(curve, form)
            self.done()

    def test_version(self) -> None:
        """
        The version of the card's key and of the key that checks certificates: told by the card, or known.
        """
        self.done()
        self.assertEqual((self.agreements()[0].p1, self.instructions(0x2A)[0].p1 & 0x7F), (KVN, KVN))
        self.key_sets["host"] = host_keys(version=KVN, authority_identifier=0x10, authority_version=KVN)
        self.done()
        self.assertEqual([each for each in self.sent if each.encode()[2:4] in (b"\x00\xe0", b"\xff\x33")], [])
        self.key_sets["host"] = host_keys(version=0x05)
        self.failed(CardGatewayError)
        self.key_sets["host"] = host_keys(identifier=0x17)
        self.assertIn("its key 17", self.failed(ParameterError))

    def test_identifiers(self) -> None:
        """
        A host that names itself says so in the terms, and has to know the numbers of the card, which are not sent.
        """
        options = SecurityDomainOptions()
        self.key_sets["host"] = host_keys(host_id=b"\x01\x02\x03", card_ids=(options.iin, options.cin))
        self.done()
        self.assertIn(bytes.fromhex("84 03 010203"), self.agreements()[0].data)
        self.assertNotIn(options.cin, self.agreements()[0].data)
        self.key_sets["host"] = host_keys(host_id=b"\x01\x02\x03", card_ids=(options.iin, options.iin))
        self.failed(ReceiptWrong)
        self.assertEqual(list(self.memory.values()), [b"1"])

    def test_roots(self) -> None:
        """
        Cards with other roots are not believed, nor at another time.
        """
        self.key_sets["host"] = host_keys(roots=(make_pki("host").root,))
        self.failed(ScpRootUnknown)
        self.key_sets["host"] = host_keys()
        self.now += 10 * 86400
        self.failed(ScpCertificateExpired)
        self.assertEqual((self.agreements(), self.memory), ([], {}))

    def test_unfit(self) -> None:
        """
        A host without certificates, and one with an RSA key.
        """
        pair = LocalKeyPair(rsa.generate_private_key(65537, 1024))
        for keys in (host_keys(certificates=()), host_keys(pair=pair), stranger(variant=Variant.A)):
            self.key_sets["host"] = keys
            self.failed(ParameterError)

    def test_receipt(self) -> None:
        """
        Without a receipt there is no session, unless the settings believe such a card in SCP11b.
        """

        def bare(octets: bytes) -> bytes:
            answer = self.software(octets)
            return answer[:-20] + answer[-2:] if octets[1] == 0x88 else answer

        self.answer = bare
        self.failed(ReceiptMissing, keys="anybody")
        self.key_sets["anybody"] = stranger(without_receipt=True)
        self.failed(CardGatewayError, keys="anybody")
        self.assertEqual(self.memory, {})


class FailureTests(Scp11TestCase):
    """
    Failures are counted in SCP11a and SCP11c as elsewhere.
    """

    operation = GpRegistry

    def test_counted(self) -> None:
        """
        A host that the card does not believe is counted, per security domain; the third time it is not tried.
        """
        other = make_pki("card")
        self.key_sets["host"] = host_keys(pair=LocalKeyPair(other.key), certificates=other.chain)
        self.refuse(0x2A)
        for protocol in ("scp11a", "scp11c"):
            self.failed(HostRefused, protocol=protocol)
        self.assertEqual(list(self.memory.values()), [b"2"])
        self.failed(AuthenticationFailedBefore)
        self.failed(HostRefused, force=True)

    def refuse(self, ins: int) -> None:
        """
        The card refuses an instruction.
        """
        real = self.answer
        self.answer = lambda octets: Response(b"", 0x6300).encode() if octets[1] == ins else real(octets)

    def test_stranger(self) -> None:
        """
        In SCP11b the card knows nobody, so nothing is counted.
        """
        self.refuse(0x88)
        for _ in range(3):
            self.failed(HostRefused, keys="anybody")
        self.assertEqual(self.memory, {})

    def test_lost(self) -> None:
        """
        An agreement without an answer is not tried again by itself, and remembered as one whose end is not known.
        """
        real = self.answer

        def lost(octets: bytes) -> bytes:
            if octets[1] == 0x82:
                raise PeerLost
            return real(octets)

        self.answer = lost
        self.failed(PeerLost)
        self.assertEqual((len(self.agreements()), list(self.memory.values())), (1, [b"0 1"]))
        self.answer = real
        self.done()
        self.assertEqual(self.memory, {})


class StrangerTests(Scp11TestCase):
    """
    In SCP11b keys are not managed.
    """

    def refused(self, operation: type, **parameters: Any) -> None:
        """
        Before anything is sent.
        """
        self.operation = operation
        self.failed(KeysNotManageable, **parameters)
        self.assertEqual(self.sent, [])

    def test_refused(self) -> None:
        """
        Neither put nor deleted, nor by a script.
        """
        for protocol in ({"keys": "anybody"}, {"keys": "host", "protocol": "scp11b"}):
            self.refused(PutGpKeys, new="next", **protocol)
            self.refused(DeleteGpKeys, version=0x30, **protocol)
            self.refused(RunGpScript, script="80D8000000", **protocol)

    def test_others(self) -> None:
        """
        Other scripts are sent.
        """
        self.operation = RunGpScript
        self.done(keys="anybody", script="80CA9F7F00 = 9000")


class KeysTests(Scp11TestCase):
    """
    Keys put in SCP11a.
    """

    operation: Any = PutGpKeys

    def test_diversified(self) -> None:
        """
        Keys of single cards are made with what the card tells, which is asked for: with these one authenticates then.
        """
        self.key_sets["next"] = MasterKeys.of(0x31, AesKey(bytes(16)), diversification("kdf3"))
        self.done(new="next")
        self.operation = GpRegistry
        self.done(keys="next")

    def test_notTold(self) -> None:
        """
        A card that does not tell it gets none.
        """
        real = self.answer
        self.answer = lambda octets: b"\x6a\x88" if octets[1:4] == b"\xca\x00\xcf" else real(octets)
        self.key_sets["next"] = MasterKeys.of(0x31, AesKey(bytes(16)), diversification("kdf3"))
        self.assertIn("has not told which it is", self.failed(ParameterError, new="next"))
        self.assertEqual(self.instructions(0xD8), [])

    def test_yubikey(self) -> None:
        """
        A card that is odd in its own way.
        """
        self.operation = RunGpScript
        self.software = scp11_card(family=FAMILIES["yubikey"])
        self.done(script="80CA006600 = 9000", family="yubikey")
