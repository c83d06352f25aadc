# -*- test-case-name: tests.functional.test_pkcs11 -*-
"""
Keys in a PKCS#11 token (SoftHSM): each does what the same one in this process does; and cards are administered with them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512
from twisted.trial.unittest import SynchronousTestCase

from cardgw.hsm.errors import TokenUnusable
from cardgw.key_settings import key_settings
from cardgw.key_store import read_keys
from cardgw.scp.diversification import MasterKeys, diversification
from cardgw.scp.key_pair import LocalKeyPair
from cardgw.scp.keys import AesKey, DesKey
from tests.functional.scp11_files import Owner, make_card
from tests.functional.softhsm import LABEL, PIN, SoftToken, missing, soft_token
from tests.functional.vpcd import VpcdTestCase

CUID = "cuid:4790D3210001A1B2C3D4"
WHERE = '[keys."issuer"]'


class _WithToken:
    """
    Has the token of this process.
    """

    skip = missing()
    mktemp: Any

    def token(self) -> SoftToken:
        """
        Made once.
        """
        _directory.append(self.place())
        return soft_token(_directory[0])

    def place(self) -> Path:
        """
        A directory.
        """
        return Path(self.mktemp()).resolve()


_directory: list[Path] = []


class KeysTests(_WithToken, SynchronousTestCase):
    """
    Keys in the token, compared with the same ones here.
    """

    def keys(self, environ: dict[str, str] | None = None, **values: Any) -> Any:
        """
        As settings name them.
        """
        known = {"TOKEN_PIN": PIN} if environ is None else environ
        return read_keys({"issuer": key_settings(values, WHERE)}, known)("issuer")

    def test_aes(self) -> None:
        """
        AES, with CMAC.
        """
        token = self.token()
        for name in ("aes", "aes256"):
            local, keys = AesKey(token.secret[name]), self.keys(master=token.uri(name)).for_card(bytes(10))
            self.assertEqual((keys.enc.length, keys.enc.kcv()), (local.length, local.kcv()))
            for data in (b"", b"1", bytes(16), bytes(33)):
                self.assertEqual(keys.mac.cmac(data), local.cmac(data))
            self.assertEqual(keys.dek.encrypt(bytes(48)), local.encrypt(bytes(48)))

    def test_des(self) -> None:
        """
        Triple DES.
        """
        token = self.token()
        local, key = DesKey(token.secret["des"]), self.keys(master=token.uri("des"), cipher="des").for_card(bytes(10)).enc
        self.assertEqual((key.length, key.block, key.kcv()), (local.length, local.block, local.kcv()))
        self.assertEqual([key.encrypt(bytes(24)), key.cmac(b"1")], [local.encrypt(bytes(24)), local.cmac(b"1")])

    def test_diversified(self) -> None:
        """
        Master keys derive in the token.
        """
        token, data = self.token(), bytes(range(10))
        for name, cipher, way, make in (
            ("aes", "aes", "kdf3", AesKey),
            ("des", "des", "emv", DesKey),
            ("des", "des", "visa2", DesKey),
        ):
            keys = self.keys(master=token.uri(name), cipher=cipher, diversification=way)
            local = MasterKeys.of(0, make(token.secret[name]), diversification(way), make)
            self.assertEqual(keys.for_card(data).check_values(), local.for_card(data).check_values())

    def test_agree(self) -> None:
        """
        The secret of ECDH.
        """
        token = self.token()
        for name in ("host", "p384", "p521"):
            pair, private = self.keys(private=token.uri(name)).pair, token.private[name]
            self.assertEqual(pair.public, private.public_key())
            for _ in range(4):
                other = ec.generate_private_key(private.curve)
                self.assertEqual(pair.agree(other.public_key()), LocalKeyPair(private).agree(other.public_key()))

    def test_ecdsa(self) -> None:
        """
        Signatures with ECDSA, whatever the hash.
        """
        token = self.token()
        for name in ("host", "p384", "p521"):
            pair = self.keys(private=token.uri(name)).pair
            for algorithm in (SHA256(), SHA384(), SHA512()):
                signature = pair.sign(b"load file", algorithm)
                r, s = (int.from_bytes(signature[at : at + len(signature) // 2], "big") for at in (0, len(signature) // 2))
                pair.public.verify(encode_dss_signature(r, s), b"load file", ec.ECDSA(algorithm))

    def test_rsa(self) -> None:
        """
        Signatures with RSA.
        """
        pair = self.keys(private=self.token().uri("rsa")).pair
        for algorithm in (SHA1(), SHA256()):
            pair.public.verify(pair.sign(b"load file", algorithm), b"load file", padding.PKCS1v15(), algorithm)
        pss = padding.PSS(padding.MGF1(SHA256()), 32)
        pair.public.verify(pair.sign(b"load file", SHA256(), pss=True), b"load file", pss, SHA256())

    def test_missing(self) -> None:
        """
        What is not there is told with the place in the settings.
        """
        token = self.token()
        self.unusable("no key in the token", master=token.uri("nothing"))
        self.unusable("the token is not there", master=token.uri("aes").replace("token=", "token=x"))
        self.unusable("could not be loaded", master=token.uri("aes").replace("libsofthsm2", "libnothing"))
        self.unusable("for another cipher", master=token.uri("des"))

    def unusable(self, why: str, **values: Any) -> None:
        """
        A key that cannot be used.
        """
        problem = self.assertRaises(TokenUnusable, lambda: self.keys(**values).for_card(bytes(10)).enc.length)
        self.assertIn(f"{WHERE} master: ", str(problem))
        self.assertIn(why, str(problem))

    def test_leaves(self) -> None:
        """
        No key can be read from the token, nor put on a card from there.
        """
        token = self.token()
        keys = self.keys(master=token.uri("aes")).for_card(bytes(10))
        self.assertFalse(hasattr(keys.enc, "put"))
        text = repr(keys) + repr(keys.enc) + repr(self.keys(private=token.uri("host")).pair)
        self.assertIn(LABEL, text)
        self.assertNotIn(PIN, text)


class ServiceTests(_WithToken, VpcdTestCase):
    """
    The service, whose keys are in the token.
    """

    SETTINGS: ClassVar[str] = """
[keys."issuer"]
version = 48
master = "{aes}"

[keys."host"]
private = "{host}"
certificates = "{directory}/host/leaf.pem"
roots = "{directory}/card/root.pem"

[keys."locked"]
version = 48
master = "{locked}"

[keys."nothing"]
version = 48
master = "{nothing}"
"""

    async def begin(self) -> None:
        """
        The service, and a card that is here.
        """
        token, directory = self.token(), self.place()
        self.environ = {**token.environ, "WRONG_PIN": "555111"}
        host, own = Owner.make("host", token.private["host"]), Owner.make("card")
        host.write(directory / "host")
        own.write(directory / "card")
        uris = {name: token.uri(name) for name in ("aes", "host", "nothing")}
        await self.start(self.SETTINGS.format(directory=directory, locked=token.uri("aes", "env:WRONG_PIN"), **uris))
        card = make_card(own, host)
        await self.insert_any(card, card.atr, card.reset)
        await self.identified(CUID)

    async def test_administered(self) -> None:
        """
        SCP03 and SCP11a; a dry run tells the check values.
        """
        await self.begin()
        for keys in ("issuer", "host"):
            found = await self.run_job(CUID, "gp.registry", keys=keys)
            self.assertIn("ISD", [each["kind"] for each in found["entries"]])
        dry = await self.run_job(CUID, "gp.keys.delete", confirm=True, keys="issuer", version=1, dry_run=True)
        self.assertEqual(dry["keys"][0]["check_values"], [AesKey(bytes(range(0x40, 0x50))).kcv().hex().upper()] * 3)
        self.assertNotIn(PIN, json.dumps(await self.api.items("jobs")))

    async def test_refused(self) -> None:
        """
        A wrong PIN and a missing key fail one job, and are no failures of the card's.
        """
        await self.begin()
        for keys, expected in (("locked", "token-pin-refused"), ("locked", "token-pin-refused"), ("nothing", "token-unusable")):
            self.assertEqual(await self.failed_job(CUID, "gp.registry", keys=keys), expected)
        for _ in range(2):
            self.assertEqual(await self.failed_job(CUID, "gp.registry", keys="nothing"), "token-unusable")
        await self.run_job(CUID, "gp.registry", keys="issuer")
        for job in await self.api.items("jobs"):
            self.assertNotIn("555111", json.dumps(job))
