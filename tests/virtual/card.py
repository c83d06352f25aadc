"""
The least of an eUICC and an LPA that an SM-DP+ can be tested with: no checks, no state but its keys.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from attrs import Factory, define, field
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.virtual.pki import Pki, make_pki
from cardgw.virtual.profile_package import make_iccid, make_package
from cardgw.virtual.rsp_calls import Calls
from cardgw.virtual.smdp import Smdp
from cardgw.virtual.smdp_answers import encode_oid, octets, pack
from cardgw.virtual.smdp_orders import Order

PKI = make_pki()
OTHER = make_pki()
PACKAGE = make_package(make_iccid(1), 1500)
CHALLENGE = bytes(range(16))
SVN = b"\x02\x02\x02"


def info1(*ci: bytes, version: bytes = SVN, signing: tuple[bytes, ...] | None = None) -> bytes:
    """
    EUICCInfo1 that lists these CIs.
    """
    keys = [b"".join(tlv.encode(0x04, each) for each in some) for some in (ci, ci if signing is None else signing)]
    return tlv.encode(0xBF20, tlv.encode(0x82, version), tlv.encode(0xA9, keys[0]), tlv.encode(0xAA, keys[1]))


def metadata(sequence: int, event: bytes, address: str, iccid: bytes = b"") -> bytes:
    """
    NotificationMetadata, BF2F.
    """
    parts = [tlv.encode(0x80, bytes((sequence,))), tlv.encode(0x81, event), tlv.encode(0x0C, address.encode())]
    return tlv.encode(0xBF2F, *parts, *([tlv.encode(0x5A, iccid)] if iccid else []))


@define
class Opener:
    """
    The eUICC's end of a protected channel (SGP.22 2.6.4), written without the code that it tests.
    """

    chain: bytes
    s_enc: bytes
    s_mac: bytes
    counter: int = field(default=0, init=False)

    def open(self, item: tlv.Tlv, *, encrypted: bool = True) -> bytes:
        """
        Check one data object's MAC, and decrypt it.
        """
        self.counter += 1
        mac = CMAC(AES(self.s_mac))
        mac.update(self.chain + item.raw[:-8])
        self.chain = mac.finalize()
        if self.chain[:8] != item.raw[-8:]:
            raise ValueError(f"wrong MAC in data object {self.counter}")
        if not encrypted:
            return item.value[:-8]
        block = Cipher(AES(self.s_enc), ECB()).encryptor().update(self.counter.to_bytes(16, "big"))
        plain = Cipher(AES(self.s_enc), CBC(block)).decryptor().update(item.value[:-8])
        return plain.rstrip(b"\0")[:-1]


@define
class Card:
    """
    Plays eUICC and LPA against a server.

    @ivar answer: the server's last answer.
    @ivar euicc_signature1: what was sent in authenticateClient, 5F37.
    """

    pki: Pki
    smdp: Calls
    answer: dict[str, Any] = field(factory=dict)
    transaction: str = ""
    euicc_signature1: bytes = b""
    smdp_signature2: bytes = b""
    one_time: ec.EllipticCurvePrivateKey = Factory(
        lambda self: ec.generate_private_key(self.pki.dp_pb.key.curve), takes_self=True
    )

    def call(self, function: str, **fields: Any) -> dict[str, Any]:
        """
        One call; bytes become base64.
        """
        values = {name: pack(value) if isinstance(value, bytes) else value for name, value in fields.items()}
        self.answer = self.smdp.handle(function, values) or {}
        return self.answer

    @property
    def status(self) -> str:
        """
        C{"Executed-Success"}, or subject and reason of a failure.
        """
        state = self.answer["header"]["functionExecutionStatus"]
        data = state.get("statusCodeData")
        return f"{data['subjectCode']}/{data['reasonCode']}" if data else state["status"]

    def initiate(self, address: str | None = None, info: bytes | None = None) -> dict[str, Any]:
        """
        ES9+.InitiateAuthentication.
        """
        listed = info1(self.pki.ci_id) if info is None else info
        self.call(
            "initiateAuthentication",
            smdpAddress=self.pki.host if address is None else address,
            euiccChallenge=CHALLENGE,
            euiccInfo1=listed,
        )
        self.transaction = self.answer.get("transactionId", "")
        return self.answer

    def server_response(self, matching_id: str = "PROFILE-1", **changes: bytes) -> bytes:
        """
        AuthenticateServerResponse, BF38.

        @param changes: other values: C{transaction_id}, C{address}, C{challenge}, C{signature}, C{euicc}, C{eum}.
        """
        given = tlv.only(octets(self.answer, "serverSigned1"), 0x30).children()
        device = tlv.encode(0xA1, tlv.encode(0x80, bytes.fromhex("35290611")), tlv.encode(0xA1))
        context = tlv.encode(0xA0, *([tlv.encode(0x80, matching_id.encode())] if matching_id else []), device)
        signed = tlv.encode(
            0x30,
            tlv.encode(0x80, changes.get("transaction_id", given.need(0x80).value)),
            tlv.encode(0x83, changes.get("address", given.need(0x83).value)),
            tlv.encode(0x84, changes.get("challenge", given.need(0x84).value)),
            tlv.encode(0xBF22, tlv.encode(0x82, SVN)),
            context,
        )
        self.euicc_signature1 = tlv.encode(0x5F37, changes.get("signature", self.pki.euicc.sign(signed)))
        chain = changes.get("euicc", self.pki.euicc.der) + changes.get("eum", self.pki.eum.der)
        return tlv.encode(0xBF38, tlv.encode(0xA0, signed, self.euicc_signature1, chain))

    def authenticate(self, matching_id: str = "PROFILE-1", **changes: bytes) -> dict[str, Any]:
        """
        ES9+.AuthenticateClient.
        """
        response = self.server_response(matching_id, **changes)
        return self.call("authenticateClient", transactionId=self.transaction, authenticateServerResponse=response)

    def prepare(self, code: str | None = None, **changes: bytes) -> dict[str, Any]:
        """
        ES9+.GetBoundProfilePackage.

        @param changes: other values: C{transaction_id}, C{point}, C{signature}.
        """
        point = self.one_time.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        parts = [
            tlv.encode(0x80, changes.get("transaction_id", bytes.fromhex(self.transaction))),
            tlv.encode(0x5F49, changes.get("point", point)),
        ]
        if code is not None:
            parts.append(tlv.encode(0x04, sha256(sha256(code.encode()).digest() + bytes.fromhex(self.transaction)).digest()))
        signed = tlv.encode(0x30, *parts)
        if "smdpSignature2" in self.answer:
            self.smdp_signature2 = octets(self.answer, "smdpSignature2")
        signature = tlv.encode(0x5F37, changes.get("signature", self.pki.euicc.sign(signed + self.smdp_signature2)))
        response = tlv.encode(0xBF21, tlv.encode(0xA0, signed, signature))
        return self.call("getBoundProfilePackage", transactionId=self.transaction, prepareDownloadResponse=response)

    def unpack(self) -> tuple[bytes, bytes, bytes]:
        """
        Configuration, metadata and profile package out of the bound one.
        """
        parts = tlv.only(octets(self.answer, "boundProfilePackage"), 0xBF36).children()
        channel = parts.need(0xBF23).children()
        server = ec.EllipticCurvePublicKey.from_encoded_point(self.one_time.curve, channel.need(0x5F49).value)
        host = channel.need(0xA6).children().need(0x84).value
        info = b"\x88\x10" + tlv.encode(0x84, host)[1:] + b"\x10" + self.pki.eid
        keys = X963KDF(SHA256(), 48, info).derive(self.one_time.exchange(ec.ECDH(), server))
        channel_end = Opener(keys[:16], keys[16:32], keys[32:])
        configuration = b"".join(channel_end.open(item) for item in parts.need(0xA0).children())
        stored = b"".join(channel_end.open(item, encrypted=False) for item in parts.need(0xA1).children())
        if parts.find(0xA2) is not None:
            (command,) = parts.need(0xA2).children()
            fresh = tlv.only(channel_end.open(command), 0xBF26).children()
            channel_end = Opener(*(fresh.need(tag).value for tag in (0x80, 0x81, 0x82)))
        return configuration, stored, b"".join(channel_end.open(item) for item in parts.need(0xA3).children())

    def result(self, *, error: tuple[int, int] | None = None, transaction: bytes | None = None) -> bytes:
        """
        ProfileInstallationResult, BF37.
        """
        success = tlv.encode(0xA0, tlv.encode(0x4F, bytes(16)), tlv.encode(0x04, bytes.fromhex("3007a0053003800100")))
        failed = tlv.encode(
            0xA1, *(tlv.encode(tag, bytes((code,))) for tag, code in zip((0x80, 0x81), error or (), strict=False))
        )
        data = tlv.encode(
            0xBF27,
            tlv.encode(0x80, bytes.fromhex(self.transaction) if transaction is None else transaction),
            metadata(1, b"\x07\x80", self.pki.host, bytes(10)),
            tlv.encode(0x06, encode_oid(self.pki.smdp_oid)),
            tlv.encode(0xA2, failed if error else success),
        )
        return tlv.encode(0xBF37, data, tlv.encode(0x5F37, self.pki.euicc.sign(data)))

    def other(self, event: bytes = b"\x06\x40") -> bytes:
        """
        OtherSignedNotification.
        """
        about = metadata(2, event, self.pki.host, bytes(10))
        return tlv.encode(0x30, about, tlv.encode(0x5F37, self.pki.euicc.sign(about)), self.pki.euicc.der, self.pki.eum.der)

    def cancel_response(self, reason: int, oid: str | None = None, signature: bytes | None = None) -> bytes:
        """
        CancelSessionResponse, BF41.
        """
        signed = tlv.encode(
            0x30,
            tlv.encode(0x80, bytes.fromhex(self.transaction)),
            tlv.encode(0x81, encode_oid(oid or self.pki.smdp_oid)),
            tlv.encode(0x82, bytes((reason,))),
        )
        proof = tlv.encode(0x5F37, signature or self.pki.euicc.sign(signed))
        return tlv.encode(0xBF41, tlv.encode(0xA0, signed, proof))

    def cancel(self, reason: int = 0, **changes: Any) -> dict[str, Any]:
        """
        ES9+.CancelSession.
        """
        response = self.cancel_response(reason, **changes)
        return self.call("cancelSession", transactionId=self.transaction, cancelSessionResponse=response)


class SmdpTestCase(SynchronousTestCase):
    """
    A server with one order, and a card.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.smdp = Smdp(PKI, clock=self.clock.seconds)
        self.order = self.smdp.add(Order("PROFILE-1", PACKAGE))
        self.card = Card(PKI, self.smdp)

    def expect(self, status: str) -> None:
        """
        The last answer's status.
        """
        self.assertEqual(self.card.status, status)
