# -*- test-case-name: tests.functional.test_pkcs11 -*-
"""
A PKCS#11 token in software (SoftHSM), in a directory of this process, filled with keys that do not leave it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from attrs import field, frozen
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

LIBRARIES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so")
LABEL, PIN = "cardgw tests", "918273"
_CONF = "SOFTHSM2_CONF"


def missing() -> str | None:
    """
    Why tests must be skipped, or C{None}.
    """
    if find_spec("pkcs11") is None:
        return "python-pkcs11 is not installed"
    found = shutil.which("softhsm2-util") and any(Path(each).exists() for each in LIBRARIES)
    return None if found else "SoftHSM is not installed"


@frozen
class SoftToken:
    """
    A token.

    @ivar environ: what a process needs to find it.
    """

    library: str
    environ: Mapping[str, str]
    secret: Mapping[str, bytes] = field(repr=False)
    private: Mapping[str, Any] = field(repr=False)

    def uri(self, label: str, pin: str = "env:TOKEN_PIN") -> str:
        """
        Of a key in it.
        """
        return f"pkcs11:token={LABEL.replace(' ', '%20')};object={label}?module-path={self.library}&pin-source={pin}"


@cache
def soft_token(directory: Path) -> SoftToken:
    """
    One per process: the library reads its settings once.

    @param directory: where it is kept; of the first call.
    """
    (directory / "tokens").mkdir(parents=True)
    conf = directory / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {directory}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ[_CONF] = str(conf)
    arguments = ["softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", PIN]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)
    library = next(each for each in LIBRARIES if Path(each).exists())
    secret = {"aes": bytes(range(0x40, 0x50)), "aes256": bytes(range(32)), "des": bytes(range(0x50, 0x60))}
    curves: dict[str, Any] = {"host": ec.SECP256R1(), "p384": ec.SECP384R1(), "p521": ec.SECP521R1()}
    private = {name: ec.generate_private_key(curve) for name, curve in curves.items()}
    token = SoftToken(library, {_CONF: str(conf), "TOKEN_PIN": PIN}, secret, {**private, "rsa": _rsa()})
    _fill(token)
    return token


def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _fill(token: SoftToken) -> None:
    import pkcs11
    from pkcs11 import Attribute

    kept = {
        Attribute.TOKEN: True,
        Attribute.PRIVATE: True,
        Attribute.SENSITIVE: True,
        Attribute.EXTRACTABLE: False,
        Attribute.SIGN: True,
    }
    (found,) = pkcs11.lib(token.library).get_tokens(token_label=LABEL)
    with found.open(rw=True, user_pin=PIN) as session:
        for name, value in token.secret.items():
            kind = pkcs11.KeyType.DES2 if name == "des" else pkcs11.KeyType.AES
            what = {
                Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY,
                Attribute.KEY_TYPE: kind,
                Attribute.VALUE: value,
                Attribute.LABEL: name,
                Attribute.ENCRYPT: True,
            }
            session.create_object({**kept, **what})
        for name, key in token.private.items():
            session.create_object({**kept, **_private(key), Attribute.LABEL: name})
            session.create_object({**_public(key), Attribute.LABEL: name, Attribute.TOKEN: True})


def _private(key: Any) -> dict[Any, Any]:
    from pkcs11 import Attribute
    from pkcs11.util.ec import decode_ec_private_key
    from pkcs11.util.rsa import decode_rsa_private_key

    octets = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    if isinstance(key, rsa.RSAPrivateKey):
        return decode_rsa_private_key(octets)
    return {**decode_ec_private_key(octets), Attribute.DERIVE: True}


def _public(key: Any) -> dict[Any, Any]:
    from pkcs11.util.ec import decode_ec_public_key
    from pkcs11.util.rsa import decode_rsa_public_key

    if isinstance(key, rsa.RSAPrivateKey):
        return decode_rsa_public_key(key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1))
    return decode_ec_public_key(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
