# -*- test-case-name: tests.functional.test_foreign_yubikit -*-
"""
The manufacturer's own library for YubiKeys (yubikit, of the package yubikey-manager), which was not written here, and the
software card of GlobalPlatform as a YubiKey; and what our host makes of a card that was set up by that library, and the other way
round.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec

from cryptography.hazmat.primitives.asymmetric import ec
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.gp.certificate_store import (
    OFF_CARD_ISSUERS,
    ON_CARD_ISSUERS,
    get_certificates,
    parse_certificates,
    parse_issuers,
    store_allow_list,
)
from cardgw.gp.certificate_store import KeyReference as OfKey
from cardgw.gp.commands import get_data
from cardgw.gp.key_information import TEMPLATE, parse_key_information
from cardgw.gp.recognition_data import CARD_DATA, RECOGNITION, parse_recognition_data
from cardgw.scp.blocking import ask, open_session
from cardgw.scp.chain import check_chain
from cardgw.scp.families import YUBIKEY
from cardgw.scp.keys import KeySet
from cardgw.scp.scp11 import Host, LocalKey, Scp11Plan, scp11
from cardgw.scp.scp11_terms import Terms, Variant
from cardgw.scp.store import KeyReference
from cardgw.scp.x509_certificate import X509Certificate
from cardgw.virtual.certificates import Identity
from cardgw.virtual.security_domain_pki import Scp11Pki, make_scp11_pki
from tests.virtual.security_domain_rig import SELECT_ISD, Administrator, Wire

MISSING = None if find_spec("yubikit") else "not installed: yubikey-manager"
if not MISSING:
    from yubikit.core.smartcard import ApduError
    from yubikit.core.smartcard.scp import KeyRef, Scp03KeyParams, Scp11KeyParams, StaticKeys
    from yubikit.securitydomain import Curve

    from tests.functional.yubikey import CA, OWN, owners, three

SECURITY, NOT_BELIEVED = 0x6982, 0x6300
FACTORY = 0xFF
AUTHORITY = KeyReference(0x10, 3)


def key_set(version: int, octet: int) -> KeySet:
    """
    C{three}, as this host has them.
    """
    return KeySet.of_aes(version, *(bytes((octet + number,)) * 16 for number in range(3)))


class ForeignHostTests(SynchronousTestCase):
    """
    Its host and our card, over both ways that it knows.
    """

    skip = MISSING

    def status(self, what: Callable[[], object]) -> int:
        """
        With which status the card refuses something.
        """
        return int(self.assertRaises(ApduError, what).sw)

    def test_information(self) -> None:
        """
        It reads the list of keys and the card recognition data, in a session and outside.
        """
        for owner in owners():
            for params in (None, Scp03KeyParams()):
                session = owner.session(params)
                self.assertEqual(set(session.get_key_information()), {KeyRef(kid, FACTORY) for kid in (1, 2, 3)})
                data = session.get_card_recognition_data()
                self.assertEqual(parse_recognition_data(tlv.encode(CARD_DATA, tlv.encode(RECOGNITION, data))).version, "2.3.1")

    def test_staticKeys(self) -> None:
        """
        It puts keys for SCP03, which take the place of those from the factory, and replaces them; the check values are right.
        """
        for owner in owners():
            owner.administrator().put_key(KeyRef(1, 2), three(0x10))
            self.assertRaises(ValueError, owner.session, Scp03KeyParams(KeyRef(1, FACTORY)))
            session = owner.session(Scp03KeyParams(KeyRef(1, 2), three(0x10)))
            session.put_key(KeyRef(1, 3), three(0x20), 2)
            self.assertEqual(set(session.get_key_information()), {KeyRef(kid, 3) for kid in (1, 2, 3)})
            self.assertEqual(owner.status(Scp03KeyParams(KeyRef(1, 0), three(0x20))), 0x9000)

    def test_wrongKeys(self) -> None:
        """
        It finds that the card has other keys.
        """
        for owner in owners():
            self.assertRaises(ValueError, owner.session, Scp03KeyParams(KeyRef(1, FACTORY), three(0x30)))

    def test_generated(self) -> None:
        """
        The card makes a key, and it authenticates the card by that (SCP11b); nobody becomes an administrator so.
        """
        for owner in owners():
            for curve in (Curve.SECP256R1, Curve.SECP384R1, Curve.SECP521R1, Curve.BrainpoolP256R1):
                public = owner.administrator().generate_ec_key(OWN[0x13], curve)
                session = owner.session(Scp11KeyParams(OWN[0x13], public))
                self.assertIn(OWN[0x13], session.get_key_information())
                self.assertEqual(self.status(partial(session.put_key, KeyRef(1, 9), three(0x10))), SECURITY)
                owner.administrator().delete_key(0x13)

    def test_certificates(self) -> None:
        """
        It stores certificates and reads them, in a session and outside; where there are none, it finds none.
        """
        pki = make_scp11_pki()
        for owner in owners():
            owner.provide(pki)
            for params in (None, Scp03KeyParams()):
                session = owner.session(params)
                for kid, identity in pki.card.items():
                    bundle = session.get_certificate_bundle(OWN[kid])
                    self.assertEqual(list(bundle), [pki.card_root.certificate, identity.certificate])
                self.assertEqual(list(session.get_certificate_bundle(KeyRef(0x13, 1))), [])

    def test_issuers(self) -> None:
        """
        It stores who certifies hosts and cards, and reads both lists, together and each alone.
        """
        pki = make_scp11_pki()
        for owner in owners():
            owner.provide(pki)
            session = owner.session()
            hosts, cards = {CA: pki.host_authority.key_id}, dict.fromkeys(OWN.values(), pki.card_root.key_id)
            self.assertEqual(session.get_supported_ca_identifiers(kloc=True), hosts)
            self.assertEqual(session.get_supported_ca_identifiers(klcc=True), cards)
            self.assertEqual(session.get_supported_ca_identifiers(), hosts | cards)

    def test_mutual(self) -> None:
        """
        Both authenticate each other (SCP11a and SCP11c) on several curves; then it puts keys, wrapped with one of that session.
        """
        for group in (ec.SECP256R1(), ec.SECP384R1(), ec.BrainpoolP256R1(), ec.BrainpoolP512R1()):
            pki = make_scp11_pki(group)
            for owner in owners():
                owner.provide(pki)
                for kid in (0x11, 0x15):
                    session = owner.session(owner.params(pki, kid))
                    session.put_key(KeyRef(1, kid), three(kid))
                    self.assertEqual(owner.status(Scp03KeyParams(KeyRef(1, kid), three(kid))), 0x9000)

    def test_allowed(self) -> None:
        """
        It lists whom the card lets in; an empty list lets all in.
        """
        pki = make_scp11_pki()
        serial = pki.host.certificate.serial_number
        for owner in owners():
            owner.provide(pki)
            for serials, status in (([serial, 0x80], 0x9000), ([serial + 1], NOT_BELIEVED), ([], 0x9000)):
                owner.administrator().store_allowlist(CA, serials)
                self.assertEqual(owner.status(owner.params(pki, 0x11)), status)

    def test_unknownHost(self) -> None:
        """
        The card does not believe a host that another has certified.
        """
        pki, other = make_scp11_pki(), make_scp11_pki()
        for owner in owners():
            owner.provide(pki)
            stranger = Scp11Pki(pki.card_root, pki.card, other.host_authority, other.host)
            self.assertEqual(owner.status(owner.params(stranger, 0x11)), NOT_BELIEVED)

    def test_deleted(self) -> None:
        """
        It deletes keys by identifier and by version.
        """
        pki = make_scp11_pki()
        for owner in owners():
            owner.provide(pki)
            session = owner.administrator()
            session.delete_key(kid=0x11)
            session.delete_key(kvn=0x13)
            session.delete_key(kid=0x10, kvn=3)
            self.assertEqual(set(session.get_key_information()) & {CA, *OWN.values()}, {OWN[0x15]})

    def test_reset(self) -> None:
        """
        It blocks all keys, of however many versions; then the card is as it came, but with a new key for SCP11b.
        """
        pki = make_scp11_pki()
        for owner in owners():
            owner.provide(pki)
            owner.administrator().put_key(KeyRef(1, 2), three(0x10))
            owner.session(Scp03KeyParams(KeyRef(1, 2), three(0x10))).put_key(KeyRef(1, 3), three(0x20))
            session = owner.session()
            session.reset()
            self.assertEqual(set(session.get_key_information()), {KeyRef(0x13, 1), *(KeyRef(kid, FACTORY) for kid in (1, 2, 3))})
            self.assertEqual(dict(session.get_supported_ca_identifiers()), {})
            self.assertEqual(owner.status(Scp03KeyParams()), 0x9000)


class BothHostsTests(SynchronousTestCase):
    """
    A card that was set up by one of the two hosts, and is used by the other.
    """

    skip = MISSING

    def plan(self, pki: Scp11Pki, variant: Variant, kid: int) -> Scp11Plan:
        """
        How our host opens a session to a card with the keys of this PKI.
        """
        accept = partial(check_chain, roots=(certificate(pki.card_root),), now=datetime.now(UTC))
        host = Host(LocalKey(pki.host.key), (certificate(pki.host),), AUTHORITY)
        return Scp11Plan(Terms(variant), kid, accept, host, family=YUBIKEY)

    def test_read(self) -> None:
        """
        Our host reads what the other has stored.
        """
        pki = make_scp11_pki()
        for owner in owners():
            owner.provide(pki)
            expected = set(owner.session().get_key_information())
            wire = Wire(owner.card)
            keys = parse_key_information(ask(wire, get_data(TEMPLATE)).data)
            told = {KeyRef(each.identifier, each.version) for each in keys}
            self.assertEqual(told, expected)
            for tag, issuer in ((OFF_CARD_ISSUERS, pki.host_authority), (ON_CARD_ISSUERS, pki.card_root)):
                self.assertEqual(set(parse_issuers(ask(wire, get_data(tag)).data, tag).values()), {issuer.key_id})
            for kid, identity in pki.card.items():
                found = parse_certificates(ask(wire, get_certificates(OfKey(kid, kid))).data)
                self.assertEqual(found, (pki.card_root.der, identity.der))

    def test_agreed(self) -> None:
        """
        Our host opens sessions of SCP11 with the keys that the other has put.
        """
        pki = make_scp11_pki()
        for owner in owners():
            owner.provide(pki)
            for variant, kid in ((Variant.A, 0x11), (Variant.B, 0x13), (Variant.C, 0x15)):
                wire = Wire(owner.card, extended=owner.card.options.extended)
                ask(wire, SELECT_ISD)
                connection = open_session(wire, scp11(self.plan(pki, variant, kid)))
                self.assertEqual(connection.exchange(get_data(TEMPLATE)).status, 0x9000)

    def test_shared(self) -> None:
        """
        With the static keys that one has put, the other authenticates.
        """
        for owner in owners():
            owner.administrator().put_key(KeyRef(1, 2), three(0x10))
            ours = Administrator(owner.card, keys=key_set(2, 0x10))
            command, answer = ours.put(3, bytes(range(16)), 2)
            self.assertEqual((answer.status, answer.data), (0x9000, command.receipt))
            key = bytes(range(16))
            self.assertEqual(owner.status(Scp03KeyParams(KeyRef(1, 3), StaticKeys(key, key, key))), 0x9000)

    def test_allowed(self) -> None:
        """
        Whom our host does not list, the card does not let in.
        """
        pki = make_scp11_pki()
        for owner in owners():
            owner.provide(pki)
            for serial, status in ((b"\x01", NOT_BELIEVED), (certificate(pki.host).facts.serial, 0x9000)):
                ours = Administrator(owner.card)
                self.assertEqual(ours.run(store_allow_list(OfKey(CA.kid, CA.kvn), [serial], ours.connection.most_data)), [0x9000])
                self.assertEqual(owner.status(owner.params(pki, 0x11)), status)


def certificate(identity: Identity) -> X509Certificate:
    """
    As our host has it.
    """
    return X509Certificate.decode(identity.der)
