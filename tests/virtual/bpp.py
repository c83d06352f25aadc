"""
Bound profile packages of which any part can be wrong, and what becomes of them.
"""

from __future__ import annotations

from attrs import Factory, define
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cardgw.apdu.tlv import Tlv, decode, encode, length, only
from cardgw.virtual.bsp import Bsp, BspKeys, derive_keys
from cardgw.virtual.certificates import Identity

TRANSACTION = bytes(range(0x20, 0x30))
HOST_ID = b"rig"
ADDRESS = "smdp.example.test"
ICCID = "89999010000000000018"
OID_2_999_10 = bytes.fromhex("88370A")
ALL_EVENTS = bytes.fromhex("0470")
FRESH = BspKeys(b"\0" * 16, b"\x11" * 16, b"\x22" * 16)


def swapped(iccid: str) -> bytes:
    """
    An ICCID of 20 digits as metadata has it.
    """
    return bytes.fromhex("".join(iccid[at + 1] + iccid[at] for at in range(0, len(iccid), 2)))


def metadata(iccid: str = ICCID, *more: bytes, wishes: bytes | None = None) -> bytes:
    """
    A whole BF25.
    """
    if wishes is None:
        wishes = encode(0xB6, encode(0x30, encode(0x80, ALL_EVENTS), encode(0x81, ADDRESS.encode())))
    names = encode(0x91, b"Provider") + encode(0x92, b"Name")
    return encode(0xBF25, encode(0x5A, swapped(iccid)), names, wishes, *more)


def upp(iccid: str = ICCID, size: int = 1800) -> bytes:
    """
    An unprotected profile package: header, one file, end.
    """
    head = encode(0xA0, encode(0x80, b"\x02"), encode(0x81, b"\x03"), encode(0x83, bytes.fromhex(iccid)))
    return head + encode(0xA1, encode(0x81, b"\x5c" * size)) + encode(0xAA, encode(0xA0, encode(0x80), encode(0x81, b"\2")))


def flip(octets: bytes, at: int) -> bytes:
    """
    The same with the lowest bit of one byte changed.
    """
    at %= len(octets)
    return octets[:at] + bytes((octets[at] ^ 1,)) + octets[at + 1 :]


def public_point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """
    The uncompressed public point.
    """
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def cut(package: bytes) -> list[bytes]:
    """
    The segments of SGP.22 2.5.5.
    """
    parts = only(package, 0xBF36).children()
    found = [encode(0xBF36)[:2] + length(len(package) - len(_header(package))) + parts[0].raw]
    for part in parts[1:]:
        header, children = _header(part.raw), part.children()
        if part.tag in (0xA0, 0xA2):
            found += [header + children[0].raw, *(child.raw for child in children[1:])]
        else:
            found += [header, *(child.raw for child in children)]
    return found


def _header(raw: bytes) -> bytes:
    return raw[: len(raw) - len(decode(raw)[0].value)]


@define
class Package:
    """
    What goes into a bound profile package, before protection; each value can be wrong.

    @ivar point: otPK.EUICC.ECKA, for which it is bound.
    """

    signer: Identity
    eid: bytes
    point: bytes = b""
    operation: bytes = b"\x01"
    transaction_id: bytes = TRANSACTION
    template: bytes = encode(0x80, b"\x88") + encode(0x81, b"\x10") + encode(0x84, HOST_ID)
    configuration: bytes = encode(0xBF24)
    metadata: bytes = Factory(metadata)
    replace: bytes | None = None
    elements: bytes = Factory(upp)
    one_time: ec.EllipticCurvePrivateKey = Factory(lambda self: ec.generate_private_key(self.signer.key.curve), takes_self=True)
    bad_signature: bool = False

    def initialise(self) -> bytes:
        """
        The whole BF23.
        """
        parts = (encode(0x82, self.operation), encode(0x80, self.transaction_id), encode(0xA6, self.template))
        body = b"".join(parts) + encode(0x5F49, public_point(self.one_time))
        signature = self.signer.sign(body + encode(0x5F49, self.point))
        return encode(0xBF23, body, encode(0x5F37, flip(signature, 5) if self.bad_signature else signature))

    def build(self) -> bytes:
        """
        The whole BF36.
        """
        card = ec.EllipticCurvePublicKey.from_encoded_point(self.one_time.curve, self.point)
        shared = self.one_time.exchange(ec.ECDH(), card)
        bsp = Bsp(derive_keys(shared, 0x88, 16, HOST_ID, self.eid))
        parts = [
            self.initialise(),
            encode(0xA0, bsp.protect(0x87, self.configuration)),
            encode(0xA1, *(bsp.protect(0x88, self.metadata[at : at + 50], True) for at in range(0, len(self.metadata), 50))),
        ]
        if self.replace is not None:
            parts.append(encode(0xA2, bsp.protect(0x87, self.replace)))
            bsp.replace_keys(FRESH)
        pieces = [self.elements[at : at + 1007] for at in range(0, len(self.elements), 1007)]
        return encode(0xBF36, *parts, encode(0xA3, *(bsp.protect(0x86, piece) for piece in pieces)))


def replacement(keys: BspKeys = FRESH) -> bytes:
    """
    ReplaceSessionKeys, BF26.
    """
    return encode(0xBF26, encode(0x80, keys.initial_mcv), encode(0x81, keys.s_enc), encode(0x82, keys.s_mac))


@define
class Result:
    """
    A ProfileInstallationResult.

    @ivar error: C{bppCommandId} and C{errorReason}, or C{None}.
    """

    raw: bytes
    data: Tlv
    signature: Tlv
    sequence: int
    address: str
    iccid: bytes
    aid: bytes
    error: tuple[int, int] | None

    @classmethod
    def of(cls, raw: bytes) -> Result:
        """
        Read a BF37.
        """
        data, signature = only(raw, 0xBF37).children()
        fields = data.children()
        about = fields.need(0xBF2F).children()
        (outcome,) = fields.need(0xA2).children()
        values = outcome.children()
        error = None if outcome.tag == 0xA0 else (values.need(0x80).value[0], values.need(0x81).value[0])
        sequence = int.from_bytes(about.need(0x80).value, "big")
        address, iccid = about.need(0x0C).value.decode(), about.value(0x5A)
        return cls(raw, data, signature, sequence, address, iccid, values.value(0x4F), error)
