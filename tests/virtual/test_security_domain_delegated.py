# -*- test-case-name: tests.virtual.test_security_domain_delegated -*-
"""
Tests for L{cardgw.virtual.security_domain_delegated}.
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest

from attrs import evolve
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.gp import delegated
from cardgw.gp.cap import CapFile
from cardgw.gp.commands import get_data
from cardgw.gp.delegated import Receipt, Sign, parse_receipt, token_input, with_token
from cardgw.gp.delete import Delete, delete
from cardgw.gp.install import (
    For,
    Install,
    for_extradition,
    for_install,
    for_load,
    for_make_selectable,
    for_registry_update,
)
from cardgw.gp.keys import Curve, KeyField, aes_key, des_key, ec_public_key, rsa_public_key
from cardgw.gp.load_file import LoadFile, load
from cardgw.gp.parameters import InstallParameters
from cardgw.gp.privileges import Privilege
from cardgw.scp.curves import encode_point, sign
from cardgw.scp.keys import AesKey, DesKey
from cardgw.scp.scp02_terms import DesMac
from cardgw.virtual.security_domain_values import DOMAIN_FILE, DOMAIN_MODULE
from tests.gp.cap_maker import APPLET, PACKAGE, make_components, zipped
from tests.virtual.security_domain_rig import INSTANCE, Administrator, make_card

CODE = CapFile.decode(zipped(make_components())).code()
HASH = sha256(CODE).digest()
DOMAIN, INNER = bytes.fromhex("A000000151000001"), bytes.fromhex("A000000151000002")
DELEGATED = Privilege.SecurityDomain | Privilege.DelegatedManagement
TOKEN_KEY, RECEIPT_KEY = AesKey(b"t" * 16), AesKey(b"r" * 16)


class Rig(SynchronousTestCase):
    """
    A card with a security domain of delegated management.
    """

    def setUp(self) -> None:
        """
        With keys for tokens and receipts.
        """
        self.admin = Administrator(make_card())
        self.put(0x70, TOKEN_KEY)
        self.put(0x71, RECEIPT_KEY)
        self.assertEqual(self.domain(DOMAIN, DELEGATED), 0x9000)
        self.admin = Administrator(self.admin.card, domain=DOMAIN)

    def put(self, version: int, key: AesKey) -> None:
        """
        Put a key on the card.
        """
        field = key.put(lambda octets: aes_key(octets, self.admin.connection.dek.encrypt))
        self.assertEqual(self.admin.put_one(version, field), 0x9000)

    def domain(self, aid: bytes, privileges: Privilege) -> int:
        """
        Install a security domain.
        """
        return self.admin.status(for_install(DOMAIN_FILE, DOMAIN_MODULE, aid, privileges).command())

    def ask(self, content: Install | Delete, signer: Sign | None = TOKEN_KEY.cmac) -> tuple[int, Receipt | None]:
        """
        The status, and the receipt.
        """
        told = content if signer is None else content.with_token(signer(token_input(content)))
        answer = self.admin.send(told.command())
        return answer.status, parse_receipt(answer.data) if answer.status == 0x9000 else None

    def confirmed(self, content: Install | Delete, done: bytes, counter: int) -> Receipt:
        """
        It is done, and confirmed.
        """
        status, receipt = self.ask(content)
        self.assertEqual(status, 0x9000)
        return self.check(receipt, done, counter)

    def check(self, receipt: Receipt | None, done: bytes, counter: int) -> Receipt:
        """
        A receipt is of this.
        """
        assert receipt is not None
        receipt.check(done, is_receipt)
        options = self.admin.card.options
        self.assertEqual((receipt.counter, receipt.unique_data), (counter, options.iin + options.cin))
        return receipt

    def load(self, signer: Sign | None = TOKEN_KEY.cmac, code_hash: bytes = HASH) -> tuple[int, Receipt | None]:
        """
        INSTALL [for load] and LOAD.
        """
        begun, none = self.ask(for_load(PACKAGE, DOMAIN, code_hash), signer)
        if begun != 0x9000:
            return begun, None
        self.assertIs(none, None)
        answers = [self.admin.send(each.command) for each in load(LoadFile(CODE), 60).steps]
        self.assertEqual({(each.status, each.data) for each in answers[:-1]}, {(0x9000, b"\0")})
        return answers[-1].status, parse_receipt(answers[-1].data)


def is_receipt(receipt: bytes, data: bytes) -> bool:
    """
    Whether it is one of the card's key.
    """
    return compare_digest(receipt, RECEIPT_KEY.cmac(data))


class ReceiptTests(Rig):
    """
    What is done with tokens is confirmed.
    """

    def test_all(self) -> None:
        """
        Loading, installing, making selectable, extraditing, changing, deleting; each receipt has the next number.
        """
        status, receipt = self.load()
        self.assertEqual(status, 0x9000)
        self.check(receipt, delegated.loaded(PACKAGE, DOMAIN), 1)
        only = for_install(PACKAGE, APPLET, INSTANCE, purpose=For.INSTALL)
        self.confirmed(only, delegated.installed(PACKAGE, INSTANCE), 2)
        self.confirmed(for_make_selectable(INSTANCE), delegated.installed(PACKAGE, INSTANCE), 3)
        update = for_registry_update(INSTANCE, Privilege.CardReset)
        self.confirmed(update, delegated.updated(INSTANCE, b"\x04"), 4)
        isd = self.admin.card.aid
        self.confirmed(for_extradition(isd, INSTANCE), delegated.extradited(DOMAIN, INSTANCE, isd), 5)
        self.assertEqual(self.ask(Delete((INSTANCE,))), (0x6985, None))
        self.admin = Administrator(self.admin.card)
        self.assertEqual(self.ask(Delete((INSTANCE,)), None), (0x9000, None))
        self.admin = Administrator(self.admin.card, domain=DOMAIN)
        self.confirmed(Delete((PACKAGE,)), delegated.deleted(PACKAGE), 6)

    def test_identifier(self) -> None:
        """
        The identifier of the token, from the control reference template, is in the receipt.
        """
        self.assertEqual(self.load()[0], 0x9000)
        control = tlv.encode(0xB6, tlv.encode(0x93, b"\x12\x34"))
        made = for_install(PACKAGE, APPLET, INSTANCE, parameters=InstallParameters(control=control))
        found = self.confirmed(made, delegated.installed(PACKAGE, INSTANCE), 2)
        self.assertEqual(found.token_identifier, b"\x12\x34")
        found = self.confirmed(Delete((INSTANCE,), control=control), delegated.deleted(INSTANCE), 3)
        self.assertEqual(found.token_identifier, b"\x12\x34")
        self.assertEqual(self.admin.send(get_data(0xC2)).data, b"\xc2\x02\x00\x03")

    def test_none(self) -> None:
        """
        Without a key for receipts there are none; who manages by himself gets none either.
        """
        self.admin = Administrator(self.admin.card)
        self.assertEqual(self.ask(Delete((DOMAIN,)), None), (0x9000, None))
        card = make_card()
        self.admin = Administrator(card)
        self.put(0x70, TOKEN_KEY)
        self.assertEqual(self.domain(DOMAIN, DELEGATED), 0x9000)
        self.admin = Administrator(card, domain=DOMAIN)
        self.assertEqual(self.load(), (0x9000, None))

    def test_des(self) -> None:
        """
        A triple DES key makes receipts of 8 bytes.
        """
        self.admin = Administrator(make_card())
        key = DesKey(bytes(range(16)))
        self.put(0x70, TOKEN_KEY)
        dek = self.admin.connection.dek.encrypt
        self.assertEqual(self.admin.put_one(0x71, key.put(lambda octets: des_key(octets, dek, block=16))), 0x9000)
        self.assertEqual(self.domain(DOMAIN, DELEGATED), 0x9000)
        self.admin = Administrator(self.admin.card, domain=DOMAIN)
        _, receipt = self.load()
        assert receipt is not None
        receipt.check(delegated.loaded(PACKAGE, DOMAIN), lambda mac, data: mac == DesMac(bytes(range(16))).retail(bytes(8), data))


class TokenTests(Rig):
    """
    Who is let do what.
    """

    def test_needed(self) -> None:
        """
        Nothing is done without a token.
        """
        for content in (
            for_load(PACKAGE, DOMAIN, HASH),
            for_install(DOMAIN_FILE, DOMAIN_MODULE, INNER, Privilege.SecurityDomain),
            for_make_selectable(INSTANCE),
            for_extradition(DOMAIN, PACKAGE),
            for_registry_update(INSTANCE),
            Delete((PACKAGE,)),
        ):
            self.assertEqual(self.ask(content, None), (0x6985, None))

    def test_wrong(self) -> None:
        """
        A token of another key, one for something else, and one for another form of the same.
        """
        self.assertEqual(self.load(RECEIPT_KEY.cmac)[0], 0x6982)
        self.assertEqual(self.load(lambda data: TOKEN_KEY.cmac(data + b"x"))[0], 0x6982)
        self.assertEqual(self.load()[0], 0x9000)
        install = for_install(PACKAGE, APPLET, INSTANCE)
        token = with_token(install, TOKEN_KEY.cmac).token
        self.assertEqual(self.ask(evolve(install, purpose=For.INSTALL, token=token), None)[0], 0x6982)
        self.assertEqual(self.ask(evolve(install, token=token), None)[0], 0x9000)
        self.assertEqual(self.ask(evolve(Delete((PACKAGE,)), token=token), None)[0], 0x6982)

    def test_hash(self) -> None:
        """
        A token for loading is one for a certain load file: it needs the hash, which must be right.
        """
        self.assertEqual(self.load(code_hash=b"")[0], 0x6A80)
        begun, _ = self.ask(for_load(PACKAGE, DOMAIN, bytes(32)))
        self.assertEqual(begun, 0x9000)
        self.assertEqual(self.admin.run(load(LoadFile(CODE), 100))[-1], 0x6A80)

    def test_own(self) -> None:
        """
        With all tokens of the world nothing is done to what belongs to others.
        """
        self.assertEqual(self.ask(for_load(PACKAGE, self.admin.card.aid, HASH))[0], 0x6985)
        self.admin = Administrator(self.admin.card)
        self.assertEqual(self.admin.load()[-1], 0x9000)
        self.admin = Administrator(self.admin.card, domain=DOMAIN)
        for content in (for_install(PACKAGE, APPLET, INSTANCE), for_extradition(DOMAIN, PACKAGE), Delete((PACKAGE,))):
            self.assertEqual(self.ask(content)[0], 0x6985)

    def test_combined(self) -> None:
        """
        Loading, installing and making selectable in one is not delegated.
        """
        self.assertEqual(self.ask(for_load(PACKAGE, DOMAIN, HASH, combined=True))[0], 0x6985)

    def test_nobody(self) -> None:
        """
        Without a key for tokens none is right; without the privilege there is nothing to be allowed; deleting has its own.
        """
        self.admin = Administrator(make_card())
        self.assertEqual(self.domain(DOMAIN, DELEGATED), 0x9000)
        self.assertEqual(self.domain(INNER, Privilege.SecurityDomain | Privilege.GlobalDelete), 0x9000)
        self.assertEqual(self.admin.load()[-1], 0x9000)
        for aid in (DOMAIN, INNER):
            self.admin = Administrator(self.admin.card, domain=aid)
            self.assertEqual(self.load()[0], 0x6985)
        self.assertEqual(self.admin.status(delete(PACKAGE)), 0x9000)

    def test_master(self) -> None:
        """
        Who manages by himself needs no token, but one that he sends must be right.
        """
        self.admin = Administrator(self.admin.card)
        install = for_load(PACKAGE, DOMAIN, HASH)
        self.assertEqual(self.ask(install, RECEIPT_KEY.cmac)[0], 0x6982)
        self.assertEqual(self.ask(install), (0x9000, None))

    def test_algorithms(self) -> None:
        """
        With keys of other kinds.
        """
        pair, other = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 1024)
        numbers = other.public_key().public_numbers()
        self.check_key(ec_public_key(encode_point(pair.public_key()), Curve.P256), lambda data: sign(pair, data))
        sha1 = SHA1()
        self.check_key(rsa_public_key(numbers.n, numbers.e), lambda data: other.sign(data, PKCS1v15(), sha1))

    def check_key(self, key: KeyField, signer: Sign) -> None:
        """
        A new card takes tokens of this key, and of no other.
        """
        self.admin = Administrator(make_card())
        self.assertEqual(self.admin.put_one(0x70, key), 0x9000)
        self.assertEqual(self.domain(DOMAIN, DELEGATED), 0x9000)
        self.admin = Administrator(self.admin.card, domain=DOMAIN)
        self.assertEqual(self.load(TOKEN_KEY.cmac)[0], 0x6982)
        self.assertEqual(self.load(signer)[0], 0x9000)
