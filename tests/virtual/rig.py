"""
The least of an LPA and an SM-DP+ that the software eUICC can be tested with.  Whatever it sends can be made wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256

from attrs import define, evolve, field

from cardgw.apdu.tlv import Tlv, encode, only
from cardgw.virtual.certificates import Identity, verify
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Options
from cardgw.virtual.pki import Pki, make_pki
from tests.virtual.bpp import ADDRESS, TRANSACTION, Package, Result, cut

DEVICE = encode(0xA1, encode(0x80, bytes.fromhex("35290611")), encode(0xA1))
CONTEXT = encode(0xA0, encode(0x80, b"MATCHING-ID"), DEVICE)
NO_CC = encode(0x01, b"\0")
pki_for = cache(make_pki)


@define
class Rig:
    """
    One card and both its counterparts.

    @ivar sw: the last status word.
    """

    pki: Pki
    card: VirtualEuicc
    block: int = 240
    cla: int = 0x80
    sw: int = 0
    apdus: int = 0
    challenge: bytes = b""
    signature1: bytes = b""
    point: bytes = b""
    answers: list[bytes] = field(factory=list)

    @classmethod
    def make(cls, options: Options | None = None, curve: str = "nist") -> Rig:
        """
        A card that is selected already.
        """
        pki = pki_for(curve)
        options = Options() if options is None else options
        return cls(pki, VirtualEuicc.from_pki(pki, options=evolve(options, pinned=True)))

    def apdu(self, text: str) -> str:
        """
        One APDU, hex in and out.
        """
        return self.card.transmit(bytes.fromhex(text)).hex().upper()

    def transmit(self, apdu: bytes) -> bytes:
        """
        One APDU and the GET RESPONSEs that it wants; C{sw} is the last status word.
        """
        data = b""
        while True:
            answer = self.card.transmit(apdu)
            self.apdus += 1
            data, self.sw = data + answer[:-2], int.from_bytes(answer[-2:], "big")
            if self.sw >> 8 != 0x61:
                return data
            apdu = bytes((self.cla, 0xC0, 0, 0, self.sw & 0xFF))

    def send(self, payload: bytes) -> bytes:
        """
        One ES10 request; stops at the first block that is refused.
        """
        blocks = [payload[at : at + self.block] for at in range(0, len(payload), self.block)]
        for number, block in enumerate(blocks):
            p1 = 0x91 if number == len(blocks) - 1 else 0x11
            data = self.transmit(bytes((self.cla, 0xE2, p1, number % 256, len(block))) + block)
            if self.sw >> 8 not in (0x90, 0x91):
                break
        return data

    def ask(self, text: str) -> str:
        """
        One ES10 request, hex in and out; the status word if it is refused.
        """
        answer = self.send(bytes.fromhex(text))
        return answer.hex().upper() if self.sw == 0x9000 else f"{self.sw:04X}"

    def begin(self) -> bytes:
        """
        GetEUICCChallenge.
        """
        self.challenge = only(self.send(bytes.fromhex("BF2E00")), 0xBF2E).children().need(0x80).value
        return self.challenge

    def server_signed(self, transaction_id: bytes = TRANSACTION) -> bytes:
        """
        serverSigned1 that answers the challenge.
        """
        fields = (encode(0x80, transaction_id), encode(0x81, self.challenge), encode(0x83, ADDRESS.encode()))
        return encode(0x30, *fields, encode(0x84, b"\x5e" * 16))

    def authentication(
        self,
        *,
        signed: bytes | None = None,
        signature: bytes | None = None,
        signer: Identity | None = None,
        ci_id: bytes | None = None,
        certificate: bytes | None = None,
        context: bytes = CONTEXT,
    ) -> bytes:
        """
        AuthenticateServerRequest.
        """
        who = signer if signer is not None else self.pki.dp_auth
        body = signed if signed is not None else self.server_signed()
        proof = signature if signature is not None else who.sign(body)
        return encode(
            0xBF38,
            body,
            encode(0x5F37, proof),
            encode(0x04, ci_id if ci_id is not None else self.pki.ci_id),
            certificate if certificate is not None else who.der,
            context,
        )

    def authenticate(self) -> bytes:
        """
        Challenge and a good AuthenticateServer.
        """
        self.begin()
        answer = self.send(self.authentication())
        self.signature1 = only(answer, 0xBF38).children().need(0xA0).children().need(0x5F37).raw
        return answer

    def preparation(
        self,
        *,
        transaction_id: bytes = TRANSACTION,
        required: bytes = NO_CC,
        hash_cc: bytes = b"",
        signature: bytes | None = None,
        signer: Identity | None = None,
        old_point: bytes = b"",
    ) -> bytes:
        """
        PrepareDownloadRequest.
        """
        who = signer if signer is not None else self.pki.dp_pb
        body = encode(0x30, encode(0x80, transaction_id), required, encode(0x5F49, old_point) if old_point else b"")
        proof = signature if signature is not None else who.sign(body + self.signature1)
        return encode(0xBF21, body, encode(0x5F37, proof), encode(0x04, hash_cc) if hash_cc else b"", who.der)

    def prepare(self, **changes: bytes) -> bytes:
        """
        A good PrepareDownload after a good authentication.
        """
        self.authenticate()
        answer = self.send(self.preparation(**changes))  # type: ignore[arg-type]
        signed = only(answer, 0xBF21).children().need(0xA0).children().need(0x30)
        self.point = signed.children().need(0x5F49).value
        return answer

    def package(self) -> Package:
        """
        A good package for this session.
        """
        return Package(self.pki.dp_pb, self.pki.eid, self.point)

    def load(self, segments: Sequence[bytes]) -> bytes:
        """
        Send segments until one is answered or refused.
        """
        answer = b""
        self.answers = []
        for segment in segments:
            answer = self.send(segment)
            self.answers.append(answer)
            if answer or self.sw != 0x9000:
                break
        return answer

    def install(self, package: Package | None = None) -> Result:
        """
        A whole download.
        """
        if not self.point:
            self.prepare()
        made = package if package is not None else self.package()
        return Result.of(self.load(cut(made.build())))

    def check(self, signature: Tlv, message: bytes) -> bool:
        """
        Whether the eUICC signed this.
        """
        return verify(self.pki.euicc.key.public_key(), signature.value, message)


def hash_code(code: str, transaction_id: bytes = TRANSACTION) -> bytes:
    """
    HashCc (SGP.22 5.7.5).
    """
    return sha256(sha256(code.encode()).digest() + transaction_id).digest()
