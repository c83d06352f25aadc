"""
Tests of L{cardgw.hsm.token} and L{cardgw.hsm.errors}.
"""

from __future__ import annotations

import sys
from typing import Any
from unittest.mock import patch

import pkcs11
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SecretError
from cardgw.hsm.errors import TokenPinRefused, TokenUnusable
from cardgw.hsm.token import Token, TokenPool, load_library
from cardgw.hsm.uri import parse_uri
from cardgw.scp.keys import AesKey
from tests.hsm.fake import AES, WHERE, FakeToken, secret, token, uri

KIND = pkcs11.ObjectClass.SECRET_KEY


class TokenTests(SynchronousTestCase):
    """
    One token.
    """

    def setUp(self) -> None:
        """
        A token with a key.
        """
        self.fake = FakeToken([secret("enc", AesKey(AES))])
        self.token = token(self.fake)

    def label(self, name: str = "enc", one: Token | None = None) -> Any:
        """
        Something that is asked of a key.
        """

        def ask(key: Any) -> Any:
            key.session.check()
            return key[pkcs11.Attribute.LABEL]

        return (one or self.token).with_key(WHERE, uri(name), KIND, ask)

    def refused(self, error: type[TokenUnusable] = TokenUnusable, name: str = "enc", one: Token | None = None) -> str:
        """
        What is said of a key that cannot be used: where it is, and never the PIN.
        """
        problem = self.assertRaises(error, self.label, name, one)
        self.assertIn(WHERE, str(problem))
        for pin in self.fake.pins:
            self.assertNotIn(pin, str(problem) + repr(problem))
        return str(problem)

    def test_opened(self) -> None:
        """
        It is opened when it is first used, once.
        """
        self.assertEqual(self.fake.pins, [])
        self.assertEqual([self.label(), self.label()], ["enc", "enc"])
        self.assertEqual((self.fake.pins, len(self.fake.sessions)), (["1234"], 1))

    def test_wrongPin(self) -> None:
        """
        A wrong PIN is tried once, however often the key is asked for.
        """
        wrong = token(self.fake, "9876")
        self.assertIn("the PIN is not right", self.refused(TokenPinRefused, one=wrong))
        for _ in range(3):
            self.assertIn("was refused, and is still the same", self.refused(TokenPinRefused, one=wrong))
        self.assertEqual(self.fake.pins, ["9876"])

    def test_wrongPinElsewhere(self) -> None:
        """
        Nor is it tried again for another table that names the same token in another way, or finds it in another library, or reads
        the PIN from another place; another token is none of its business.
        """
        pool = TokenPool(load=lambda path: self.fake)
        environ = {"PIN": "9876", "OTHER": "9876"}
        for part in ("token=issuer", "serial=0001", "slot-id=7", "token=issuer;serial=0001"):
            for module, source in (("/fake.so", "PIN"), ("/other.so", "PIN"), ("/fake.so", "OTHER")):
                named = parse_uri(f"pkcs11:{part};object=enc?module-path={module}&pin-source=env:{source}")
                self.refused(TokenPinRefused, one=pool.token(named, environ))
        self.assertEqual(self.fake.pins, ["9876"])
        self.fake.serial = b"0002"
        named = parse_uri("pkcs11:token=issuer;object=enc?module-path=/fake.so&pin-source=env:PIN")
        self.refused(TokenPinRefused, one=pool.token(named, environ))
        self.assertEqual(self.fake.pins, ["9876", "9876"])
        self.assertNotIn("9876", repr(vars(pool._refused)))

    def test_newPin(self) -> None:
        """
        Another PIN from the same place is tried.
        """
        environ = {"PIN": "9876"}
        one = TokenPool(load=lambda path: self.fake).token(uri(), environ)
        self.refused(TokenPinRefused, one=one)
        environ["PIN"] = "1234"
        self.assertEqual(self.label(one=one), "enc")

    def test_unplugged(self) -> None:
        """
        A token that was pulled out is told so; when it is back, it is opened again.
        """
        self.label()
        self.fake.unplug()
        self.assertIn('the token is not there: token "issuer"', self.refused())
        self.fake.here = True
        self.assertEqual(self.label(), "enc")
        self.assertEqual(self.fake.pins, ["1234", "1234"])

    def test_trouble(self) -> None:
        """
        Whatever else a library says is told in one line.
        """
        self.fake.trouble = pkcs11.MechanismInvalid()
        self.assertIn("cannot do what is asked for", self.refused())
        self.fake.trouble = pkcs11.DeviceMemory()
        self.assertIn("DeviceMemory", self.refused())
        self.fake.trouble = pkcs11.DeviceRemoved()
        self.assertIn("was removed", self.refused())

    def test_keys(self) -> None:
        """
        A key that is not there, and one that is there twice.
        """
        self.assertIn('no key in the token is token "issuer", object "mac"', self.refused(name="mac"))
        self.fake.objects.append(self.fake.objects[0])
        self.assertIn("more than one key", self.refused())

    def test_which(self) -> None:
        """
        A token is known by all that the URI says of it.
        """
        parts = ("token=issuer", "serial=0001", "manufacturer=maker", "model=model", "slot-id=7")
        pool = TokenPool(load=lambda path: self.fake)
        for part in parts:
            self.assertEqual(self.label(one=pool.token(parse_uri(f"pkcs11:{part};object=enc?module-path=/fake.so"))), "enc")
            other = parse_uri(f"pkcs11:{part}1;object=enc?module-path=/fake.so")
            self.assertIn("not there", self.refused(one=pool.token(other)))

    def test_shared(self) -> None:
        """
        The keys of a token share it; where somebody has logged in already, nobody does again.
        """
        pool = TokenPool(load=lambda path: self.fake)
        self.assertIs(pool.token(uri("enc")), pool.token(uri("mac")))
        self.label()
        again = parse_uri("pkcs11:serial=0001;object=enc?module-path=/fake.so&pin-source=env:PIN")
        self.assertEqual(self.label(one=pool.token(again, {"PIN": "1234"})), "enc")
        self.assertEqual(self.fake.pins, ["1234"])

    def test_library(self) -> None:
        """
        A library that is not there, and a missing C{python-pkcs11}.
        """
        self.assertIn("could not be loaded", self.refused(one=TokenPool(load=load_library).token(uri(), {"PIN": "1"})))
        with patch.dict(sys.modules, {"pkcs11": None}):
            self.assertIn("cardgw[pkcs11]", str(self.assertRaises(SecretError, load_library, "/fake.so")))
