# -*- test-case-name: tests.hsm.test_token,tests.hsm.test_keys,tests.hsm.test_pair -*-
"""
A PKCS#11 library in this process, as C{python-pkcs11} shows one, with one token.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pkcs11
from attrs import define, field
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11.util.ec import decode_ec_public_key

from cardgw.hsm.token import Token, TokenPool
from cardgw.hsm.uri import TokenUri, parse_uri
from cardgw.scp.curves import curve_of
from cardgw.scp.key_pair import LocalKeyPair
from cardgw.scp.keys import AesKey, DesKey

A, M, T = pkcs11.Attribute, pkcs11.Mechanism, pkcs11.KeyType
PIN = "1234"
WHERE = '[keys."issuer"] enc'
AES, DES2 = bytes(range(0x40, 0x50)), bytes(range(0x40, 0x50))
ALL = frozenset({M.AES_CBC, M.AES_ECB, M.AES_CMAC, M.DES3_CBC, M.DES3_ECB, M.DES3_CMAC})


@define(eq=False)
class FakeObject:
    """
    A key.
    """

    attributes: dict[Any, Any]
    key: Any = None
    session: Any = None
    wants_octet_string: bool = False
    destroyed: bool = False

    def __getitem__(self, name: Any) -> Any:
        return self.attributes[name]

    def encrypt(self, data: bytes, mechanism: Any, mechanism_param: bytes | None = None) -> bytes:
        """
        CBC and ECB.
        """
        self.session.check()
        if mechanism in (M.AES_CBC, M.DES3_CBC):
            assert mechanism_param == bytes(self.key.block)
            return bytes(self.key.encrypt(data))
        assert len(data) == self.key.block
        return bytes(self.key.encrypt(data))

    def sign(self, data: bytes, mechanism: Any, mechanism_param: Any = None) -> bytes:
        """
        CMAC, ECDSA, RSA.
        """
        self.session.check()
        if mechanism in (M.AES_CMAC, M.DES3_CMAC):
            return bytes(self.key.cmac(data))
        if mechanism is M.ECDSA:
            assert len(data) <= curve_of(self.key).size
            return data
        assert mechanism in (M.SHA256_RSA_PKCS, M.SHA256_RSA_PKCS_PSS)
        assert mechanism_param in (None, (M.SHA256, pkcs11.MGF.SHA256, 32))
        return LocalKeyPair(self.key).sign(data, SHA256(), pss=mechanism is M.SHA256_RSA_PKCS_PSS)

    def derive_key(self, kind: Any, bits: int, mechanism: Any, mechanism_param: Any, template: Any) -> FakeObject:
        """
        ECDH.
        """
        self.session.check()
        assert (kind, mechanism, mechanism_param[:2]) == (T.GENERIC_SECRET, M.ECDH1_DERIVE, (pkcs11.KDF.NULL, None))
        assert template[A.EXTRACTABLE] and not template[A.TOKEN]
        point = mechanism_param[2]
        if self.wants_octet_string:
            if len(point) == 1 + 2 * curve_of(self.key).size:
                raise pkcs11.MechanismParamInvalid
            point = point[2 + (point[1] == 0x81) :]
        other = ec.EllipticCurvePublicKey.from_encoded_point(self.key.curve, point)
        derived = self.session.derived = FakeObject({A.VALUE: self.key.exchange(ec.ECDH(), other).lstrip(b"\0")})
        return derived

    def destroy(self) -> None:
        """
        Gone.
        """
        self.destroyed = True


@define(eq=False)
class FakeSession:
    """
    A session.
    """

    token: FakeToken
    logged_in: bool
    closed: bool = False
    derived: Any = None

    def check(self) -> None:
        """
        What is raised where it is of no use.
        """
        if self.token.trouble is not None:
            raise self.token.trouble
        if self.closed or self not in self.token.sessions:
            raise pkcs11.SessionHandleInvalid

    def get_objects(self, wanted: dict[Any, Any]) -> Iterator[FakeObject]:
        """
        Those that have these attributes.
        """
        self.check()
        for each in self.token.objects:
            if all(each.attributes.get(name) == value for name, value in wanted.items()):
                each.session = self
                yield each

    def close(self) -> None:
        """
        The end.
        """
        self.closed = True


@define(eq=False)
class FakeToken:
    """
    A token, its slot, and the library.

    @ivar pins: those that were tried.
    @ivar here: whether it is in its slot.
    @ivar trouble: what its sessions raise.
    """

    objects: list[FakeObject]
    mechanisms: frozenset[Any] = ALL
    label: str = "issuer"
    serial: bytes = b"0001"
    manufacturer_id: str = "maker"
    model: str = "model"
    slot_id: int = 7
    pins: list[str] = field(factory=list)
    here: bool = True
    logged_in: bool = False
    trouble: Exception | None = None
    sessions: list[FakeSession] = field(factory=list)

    @property
    def slot(self) -> FakeToken:
        """
        It is both.
        """
        return self

    def get_slots(self, *, token_present: bool) -> list[FakeToken]:
        """
        Of the library.
        """
        return [self] if self.here else []

    def get_token(self) -> FakeToken:
        """
        Of the slot.
        """
        return self

    def get_mechanisms(self) -> frozenset[Any]:
        """
        What it can do.
        """
        return self.mechanisms

    def open(self, user_pin: str | None = None) -> FakeSession:
        """
        Open a session.
        """
        if user_pin is not None:
            if self.logged_in:
                raise pkcs11.UserAlreadyLoggedIn
            self.pins.append(user_pin)
            if user_pin != PIN:
                raise pkcs11.PinIncorrect
            self.logged_in = True
        self.sessions.append(FakeSession(self, user_pin is not None))
        return self.sessions[-1]

    def unplug(self) -> None:
        """
        Take it out.
        """
        self.here = self.logged_in = False
        self.sessions.clear()


def secret(label: str, key: AesKey | DesKey, kind: Any = T.AES, *, sign: bool = True) -> FakeObject:
    """
    A static key.
    """
    attributes = {A.CLASS: pkcs11.ObjectClass.SECRET_KEY, A.LABEL: label, A.KEY_TYPE: kind, A.VALUE_LEN: key.length, A.SIGN: sign}
    return FakeObject(attributes, key)


def private(label: str, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> FakeObject:
    """
    A private key.
    """
    return FakeObject({A.CLASS: pkcs11.ObjectClass.PRIVATE_KEY, A.LABEL: label}, key)


def public(label: str, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> FakeObject:
    """
    A public key.
    """
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        attributes: dict[Any, Any] = {A.KEY_TYPE: T.RSA, A.CLASS: pkcs11.ObjectClass.PUBLIC_KEY}
        attributes[A.MODULUS] = numbers.n.to_bytes(key.key_size // 8, "big")
        attributes[A.PUBLIC_EXPONENT] = numbers.e.to_bytes(3, "big")
    else:
        attributes = decode_ec_public_key(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    return FakeObject({**attributes, A.LABEL: label})


def uri(label: str = "enc", extra: str = "") -> TokenUri:
    """
    Of an object of the token.
    """
    return parse_uri(f"pkcs11:token=issuer;object={label}?module-path=/fake.so&pin-source=env:PIN{extra}")


def token(fake: FakeToken, pin: str = PIN) -> Token:
    """
    That token, not opened yet.
    """
    return TokenPool(load=lambda path: fake).token(uri(), {"PIN": pin})
