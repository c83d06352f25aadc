# -*- test-case-name: tests.lpa.test_metadata -*-
"""
StoreMetadataRequest: what a server says of a profile before it is downloaded (SGP.22 5.5.3).
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from cardgw.apdu.tlv import Tlvs, decode, only
from cardgw.lpa.bcd import iccid_digits
from cardgw.lpa.es10 import RULES, named_bits
from cardgw.lpa.notification import EVENTS
from cardgw.lpa.server_errors import MalformedServerAnswer

STORE_METADATA = 0xBF25
ICCID, PROVIDER, NAME, ICON_TYPE, ICON, CLASS = 0x5A, 0x91, 0x92, 0x93, 0x94, 0x95
NOTIFICATIONS, OWNER, POLICY_RULES = 0xB6, 0xB7, 0x99
CLASSES = {0: "test", 1: "provisioning", 2: "operational"}
"""ProfileClass (SGP.22 annex H)."""
NAME_MAX = 64
"""Most characters of a name (SGP.22 annex H: 32 bytes of the provider's, 64 of the profile's).  What goes on is cut off: people
are to read it in message boxes."""
ICON_TYPES = {0: "jpg", 1: "png"}


@frozen
class Owner:
    """
    Whose profile it is (OperatorId).

    @ivar mcc_mnc: three bytes, coded as in 3GPP TS 24.008.
    """

    mcc_mnc: bytes
    gid1: bytes = b""
    gid2: bytes = b""


@frozen
class Notification:
    """
    Who wants to hear of what (NotificationConfigurationInformation).

    @ivar events: of L{EVENTS}.
    @ivar address: the host to tell.
    """

    events: frozenset[str]
    address: str


@frozen
class Metadata:
    """
    What is known of a profile.

    @ivar iccid: digits.
    @ivar provider: the service provider's name; C{name}: the profile's.
    @ivar profile_class: C{"test"}, C{"provisioning"}, C{"operational"}, or C{None} where the server does not say.
    @ivar policy_rules: of L{RULES}, those that are set.
    @ivar icon_type: C{"jpg"}, C{"png"}, or C{None}.
    @ivar icon: 1024 bytes at most, says SGP.22; the eUICC judges that.
    @ivar notifications: beside that of the installation, which always goes to the server.
    """

    iccid: str
    provider: str
    name: str
    profile_class: str | None = None
    policy_rules: frozenset[str] = frozenset()
    owner: Owner | None = None
    icon_type: str | None = None
    icon: bytes = field(default=b"", repr=False)
    notifications: tuple[Notification, ...] = ()


def parse_metadata(octets: bytes) -> Metadata:
    """
    @param octets: the whole data object BF25.  Data objects that are not known count for nothing.
    @raise MalformedServerAnswer: it cannot be read.
    """
    try:
        return _read(only(octets, STORE_METADATA).children())
    except ValueError as problem:
        raise MalformedServerAnswer(f"profileMetadata: {problem}") from None


def _read(fields: Tlvs) -> Metadata:
    return Metadata(
        iccid_digits(fields.need(ICCID).value),
        _text(fields, PROVIDER),
        _text(fields, NAME),
        _choice(fields, CLASS, CLASSES),
        named_bits(fields.value(POLICY_RULES), RULES),
        _owner(fields),
        _choice(fields, ICON_TYPE, ICON_TYPES),
        fields.value(ICON),
        tuple(_notification(item.children()) for item in decode(fields.value(NOTIFICATIONS)).every(0x30)),
    )


def _text(fields: Tlvs, tag: int) -> str:
    return one_line(fields.value(tag).decode())


def one_line(name: str) -> str:
    """
    A name, fit to be shown: one line, no control characters, not longer than L{NAME_MAX}.
    """
    return " ".join("".join(char if char.isprintable() else " " for char in name).split())[:NAME_MAX]


def _choice(fields: Tlvs, tag: int, names: Mapping[int, str]) -> str | None:
    found = fields.find(tag)
    return None if found is None or not found.value else names.get(int.from_bytes(found.value, "big"))


def _owner(fields: Tlvs) -> Owner | None:
    found = fields.find(OWNER)
    if found is None:
        return None
    items = found.children()
    return Owner(items.need(0x80).value, items.value(0x81), items.value(0x82))


def _notification(items: Tlvs) -> Notification:
    # Some operators' addresses have spaces in them.
    return Notification(named_bits(items.value(0x80), EVENTS), "".join(items.value(0x81).decode().split()))
