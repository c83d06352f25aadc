# -*- test-case-name: tests.hsm.test_pair -*-
"""
Key pairs in a token, as L{cardgw.scp.key_pair.KeyPair}.
"""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import Hash, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from cardgw.errors import ParameterError
from cardgw.hsm.errors import TokenUnusable
from cardgw.hsm.token import Token, find
from cardgw.hsm.uri import TokenUri
from cardgw.scp.aside import Aside
from cardgw.scp.curves import curve_of, encode_point
from cardgw.scp.key_pair import PublicKey, called, check_public, no_agreement

_BITS = 8
_OCTET_STRING = 0x04


class TokenKeyPair:
    """
    One key pair.

    @ivar aside: see L{cardgw.scp.aside}.
    """

    def __init__(self, token: Token, uri: TokenUri, where: str, aside: Aside, public: PublicKey | None = None) -> None:
        """
        @param where: what errors begin with: the place in the settings.
        @param public: its public half, where a certificate or a file has it; otherwise it is in the token, too.
        """
        self.aside = aside
        self._token = token
        self._uri = uri
        self._where = where
        self._public = public
        self._compared = False

    @property
    def public(self) -> PublicKey:
        """
        See L{cardgw.scp.key_pair.KeyPair}.

        @raise TokenUnusable: it is not in the token, or another one than its certificate says.
        """
        if not self._compared:
            told = self._token.use(self._where, self._told)
            if self._public is None and told is None:
                raise TokenUnusable(
                    f"{self._where}: the token does not have the public key of {self._uri}",
                    hint="Give its certificate (certificates), or the public key itself (public).",
                )
            if None not in (self._public, told) and self._public != told:
                raise TokenUnusable(f"{self._where}: the key in the token is not the one of the certificate: {self._uri}")
            self._public, self._compared = self._public or told, True
        assert self._public is not None
        return self._public

    def agree(self, other: ec.EllipticCurvePublicKey) -> bytes:
        """
        See L{cardgw.scp.key_pair.KeyPair.agree}.
        """
        own = self.public
        if isinstance(own, rsa.RSAPublicKey):
            raise no_agreement()
        if own.curve.name != other.curve.name:
            raise ValueError(f"a key of {own.curve.name} and one of {other.curve.name} have no secret in common")
        secret: bytes = self._with(lambda key: _derive(key, encode_point(other), curve_of(own).size))
        return secret

    def sign(self, data: bytes, algorithm: HashAlgorithm, *, pss: bool = False) -> bytes:
        """
        See L{cardgw.scp.key_pair.KeyPair.sign}.
        """
        own = self.public
        if isinstance(own, rsa.RSAPublicKey):
            signature: bytes = self._with(lambda key: _sign_rsa(key, data, algorithm, pss))
        else:
            size = curve_of(own).size
            signature = self._with(lambda key: _sign_elliptic(key, data, algorithm, size))
        return signature

    def __repr__(self) -> str:
        kind = f" of {called(self._public)}" if self._public is not None else ""
        return f"<key pair{kind} in a token: {self._uri}>"

    def _with(self, work: Any) -> Any:
        import pkcs11

        return self._token.with_key(self._where, self._uri, pkcs11.ObjectClass.PRIVATE_KEY, work)

    def _told(self, session: Any) -> PublicKey | None:
        import pkcs11

        found = find(session, self._uri, pkcs11.ObjectClass.PUBLIC_KEY)
        try:
            return check_public(_public_key(found[0])) if len(found) == 1 else None
        except ParameterError as problem:
            raise TokenUnusable(f"{self._where}: {problem.detail}") from None
        except ValueError:
            raise TokenUnusable(f"{self._where}: the public key in the token is not understood") from None


def _public_key(key: Any) -> Any:
    import pkcs11
    from pkcs11.util.ec import encode_ec_public_key

    if key[pkcs11.Attribute.KEY_TYPE] == pkcs11.KeyType.RSA:
        numbers = (int.from_bytes(key[each], "big") for each in (pkcs11.Attribute.PUBLIC_EXPONENT, pkcs11.Attribute.MODULUS))
        return rsa.RSAPublicNumbers(*numbers).public_key()
    if key[pkcs11.Attribute.KEY_TYPE] == pkcs11.KeyType.EC:
        return load_der_public_key(encode_ec_public_key(key))
    return None


def _derive(key: Any, point: bytes, size: int) -> bytes:
    """
    The secret itself, which is no key yet: a session object that is read and gone.
    """
    import pkcs11

    template = {
        pkcs11.Attribute.TOKEN: False,
        pkcs11.Attribute.SENSITIVE: False,
        pkcs11.Attribute.EXTRACTABLE: True,
        pkcs11.Attribute.VALUE_LEN: size,
    }

    def derived(public: bytes) -> Any:
        return key.derive_key(
            pkcs11.KeyType.GENERIC_SECRET,
            size * _BITS,
            mechanism=pkcs11.Mechanism.ECDH1_DERIVE,
            mechanism_param=(pkcs11.KDF.NULL, None, public),
            template=template,
        )

    try:
        secret = derived(point)
    except (pkcs11.MechanismParamInvalid, pkcs11.ArgumentsBad, pkcs11.DomainParamsInvalid):
        secret = derived(_octet_string(point))  # older tokens want it as their own objects have it
    try:
        return bytes(secret[pkcs11.Attribute.VALUE]).rjust(size, b"\0")
    finally:
        secret.destroy()


def _octet_string(octets: bytes) -> bytes:
    size = len(octets)
    length = bytes((size,)) if size < 0x80 else bytes((0x81, size))
    return bytes((_OCTET_STRING,)) + length + octets


def _sign_elliptic(key: Any, data: bytes, algorithm: HashAlgorithm, size: int) -> bytes:
    import pkcs11

    digest = Hash(algorithm)
    digest.update(data)
    return bytes(key.sign(digest.finalize()[:size], mechanism=pkcs11.Mechanism.ECDSA))


def _sign_rsa(key: Any, data: bytes, algorithm: HashAlgorithm, pss: bool) -> bytes:
    import pkcs11

    name = algorithm.name.upper()
    if not pss:
        return bytes(key.sign(data, mechanism=pkcs11.Mechanism[f"{name}_RSA_PKCS"]))
    digest = pkcs11.Mechanism.SHA_1 if name == "SHA1" else pkcs11.Mechanism[name]
    parameters = (digest, pkcs11.MGF[name], algorithm.digest_size)
    return bytes(key.sign(data, mechanism=pkcs11.Mechanism[f"{name}_RSA_PKCS_PSS"], mechanism_param=parameters))
