# -*- test-case-name: tests.virtual.test_euicc_package,tests.virtual.test_euicc_refusals -*-
"""
LoadBoundProfilePackage of the software eUICC (SGP.22 5.7.6, 5.5): key agreement, unprotecting, the checks of each step, and the
ProfileInstallationResult (2.5.6).
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen
from cryptography.hazmat.primitives.asymmetric import ec

from cardgw.apdu.tlv import Tlvs, encode, only
from cardgw.virtual.bsp import Bsp, BspKeys, BspSecurityError, BspStructureError, derive_keys
from cardgw.virtual.euicc_auth import ONE_TIME_KEY, SIGNATURE, Session, point
from cardgw.virtual.euicc_elements import Elements, ElementsError
from cardgw.virtual.euicc_metadata import Metadata, ProfileClass, read_metadata
from cardgw.virtual.euicc_notifications import Event, Notifications
from cardgw.virtual.euicc_options import Options
from cardgw.virtual.euicc_profiles import Profiles
from cardgw.virtual.euicc_result import COMMANDS, Command, Reason, write_error, write_result, write_success
from cardgw.virtual.euicc_stream import (
    CONFIGURE,
    ELEMENTS,
    METADATA,
    REPLACE_KEYS,
    SECURE_CHANNEL,
    Item,
    PackageStream,
    StreamError,
)
from cardgw.virtual.euicc_values import shaped

CONFIGURE_ISDP, REPLACE_SESSION_KEYS = 0xBF24, 0xBF26
DP_DATA = 0xB8
"""C{dpProprietaryData}, which begins with the OID of the SM-DP+."""
INSTALL = b"\x01"
"""C{RemoteOpId.installBoundProfilePackage} (SGP.22 annex H)."""
KEY_TYPE_AES, KEY_LENGTH, HOST_ID_MAX = 0x88, 16, 16
"""The only values of the control reference template (SGP.22 5.5.1)."""


class _Failed(Exception):
    def __init__(self, reason: Reason, response: bytes = b"") -> None:
        super().__init__(reason.name)
        self.reason = reason
        self.response = response


@frozen
class Site:
    """
    Where a profile is installed.
    """

    eid: bytes
    options: Options
    profiles: Profiles
    notifications: Notifications


class Installation:
    """
    One bound profile package, from its first segment to the result.

    @ivar installed: the profile is on the eUICC.
    """

    def __init__(self, site: Site, session: Session) -> None:
        """
        @param session: a download was prepared in it.
        """
        self.installed = False
        self._site = site
        self._session = session
        self._stream = PackageStream(site.options.strict_segments)
        self._plain = b""
        self._metadata: Metadata | None = None
        self._elements: Elements | None = None

    def feed(self, segment: bytes) -> bytes | None:
        """
        Take a segment.

        @return: the ProfileInstallationResult, good or bad, or C{None}: further segments must come.
        """
        try:
            for item in self._stream.feed(segment):
                self._take(item)
        except StreamError:
            early = COMMANDS[self._stream.section] == Command.INITIALISE_SECURE_CHANNEL
            return self._fail(_Failed(Reason.INCORRECT_VALUES if early else Reason.STRUCTURE))
        except BspStructureError:
            return self._fail(_Failed(Reason.STRUCTURE))
        except BspSecurityError:
            return self._fail(_Failed(Reason.SECURITY))
        except _Failed as failure:
            return self._fail(failure)
        return self._succeed() if self._stream.done else None

    def interrupt(self) -> None:
        """
        What was loaded so far is of no use; keep the notification of that.
        """
        self._fail(_Failed(Reason.INTERRUPTION))

    def _take(self, item: Item) -> None:
        if item.section == SECURE_CHANNEL:
            self._initialise(item.raw)
            return
        plain = self._bsp.unprotect(item.raw, mac_only=item.section == METADATA)
        if item.section == ELEMENTS:
            self._load(plain, item.last)
            return
        self._plain += plain
        if item.last:
            whole, self._plain = self._plain, b""
            self._finish_section(item.section, whole)

    def _finish_section(self, section: int, plain: bytes) -> None:
        finish: dict[int, Callable[[bytes], None]] = {
            CONFIGURE: self._configure,
            METADATA: self._store_metadata,
            REPLACE_KEYS: self._replace_keys,
        }
        try:
            finish[section](plain)
        except ValueError:
            raise _Failed(Reason.INCORRECT_VALUES) from None

    def _initialise(self, raw: bytes) -> None:
        """
        InitialiseSecureChannel (SGP.22 5.5.1).
        """
        try:
            fields = shaped(only(raw, SECURE_CHANNEL).children(), 0x82, 0x80, 0xA6, ONE_TIME_KEY, SIGNATURE)
            template = fields[2].children()
        except ValueError:
            raise _Failed(Reason.INCORRECT_VALUES) from None
        self._check_request(fields)
        host_id = _host_id(template)
        key = self._session.one_time
        assert key is not None
        try:
            theirs = ec.EllipticCurvePublicKey.from_encoded_point(key.curve, fields[3].value)
        except ValueError:
            raise _Failed(Reason.INCORRECT_VALUES) from None
        self._bsp = Bsp(derive_keys(key.exchange(ec.ECDH(), theirs), KEY_TYPE_AES, KEY_LENGTH, host_id, self._site.eid))

    def _check_request(self, fields: Tlvs) -> None:
        session = self._session
        assert session.binder is not None and session.one_time is not None
        signed = b"".join(field.raw for field in fields[:4]) + encode(ONE_TIME_KEY, point(session.one_time))
        if not session.binder.signed(fields.value(SIGNATURE), signed):
            raise _Failed(Reason.INVALID_SIGNATURE)
        if fields[0].value != INSTALL:
            raise _Failed(Reason.UNSUPPORTED_OPERATION)
        if fields[1].value != session.transaction_id:
            raise _Failed(Reason.INVALID_TRANSACTION_ID)

    def _configure(self, plain: bytes) -> None:
        """
        ConfigureISDP (SGP.22 5.5.2).
        """
        data = only(plain, CONFIGURE_ISDP).children().find(DP_DATA)
        if data is not None and data.children().value(0x80) != self._session.oid():
            raise _Failed(Reason.INCORRECT_VALUES)

    def _store_metadata(self, plain: bytes) -> None:
        """
        StoreMetadata (SGP.22 5.5.3).
        """
        metadata = read_metadata(plain)
        self._metadata = metadata
        if metadata.profile_class not in set(ProfileClass):
            raise _Failed(Reason.UNSUPPORTED_CLASS)
        if self._site.profiles.has(metadata.iccid):
            raise _Failed(Reason.ICCID_EXISTS)
        if not self._rules_allowed(metadata):
            raise _Failed(Reason.RULE_NOT_ALLOWED)
        self._elements = Elements(metadata.digits)

    def _rules_allowed(self, metadata: Metadata) -> bool:
        """
        SGP.22 2.9: the eUICC and its Rules Authorisation Table allow each, and PPR1 is only for the first
        operational profile.
        """
        options, rules = self._site.options, metadata.rules
        if rules & options.forbidden_rules or rules - options.authorised_rules - {"update-control"}:
            return False
        others = any(each.metadata.profile_class == ProfileClass.OPERATIONAL for each in self._site.profiles.installed)
        return not ("ppr1" in rules and others)

    def _replace_keys(self, plain: bytes) -> None:
        """
        ReplaceSessionKeys (SGP.22 5.5.4).
        """
        mcv, enc, mac = (field.value for field in shaped(only(plain, REPLACE_SESSION_KEYS).children(), 0x80, 0x81, 0x82))
        if {len(mcv), len(enc), len(mac)} != {KEY_LENGTH}:
            raise _Failed(Reason.INCORRECT_VALUES)
        self._bsp.replace_keys(BspKeys(mcv, enc, mac))

    def _load(self, plain: bytes, last: bool) -> None:
        """
        LoadProfileElements (SGP.22 5.5.5).
        """
        elements = self._elements
        assert elements is not None
        if elements.size + len(plain) > self._site.profiles.free:
            raise _Failed(Reason.MEMORY)
        try:
            elements.feed(plain)
            if last:
                elements.finish()
        except ElementsError as problem:
            raise _Failed(Reason.ICCID_MISMATCH if problem.mismatch else Reason.ELEMENT, problem.response) from None

    def _succeed(self) -> bytes:
        assert self._metadata is not None and self._elements is not None
        made = self._site.profiles.add(self._metadata, self._elements.size)
        self.installed = True
        result = self._keep(write_success(made.aid))
        self._site.notifications.tell(Event.INSTALL, self._metadata.wishes, self._metadata.iccid, but=self._session.address)
        return result

    def _fail(self, failure: _Failed) -> bytes:
        return self._keep(write_error(COMMANDS[self._stream.section], failure.reason, failure.response))

    def _keep(self, outcome: bytes) -> bytes:
        iccid = self._metadata.iccid if self._metadata is not None else b""
        return self._site.notifications.keep(
            Event.INSTALL, self._session.address, iccid, lambda metadata: self._seal(metadata, outcome)
        ).raw

    def _seal(self, metadata: bytes, outcome: bytes) -> bytes:
        result = write_result(self._session, metadata, outcome)
        if self._site.options.faults.bad_result:
            return result[:-1] + bytes((result[-1] ^ 1,))
        return result


def _host_id(template: Tlvs) -> bytes:
    """
    Check the control reference template (SGP.22 5.5.1).
    """
    wanted = {0x80: bytes((KEY_TYPE_AES,)), 0x81: bytes((KEY_LENGTH,))}
    host_id = template.value(0x84)
    if len(template) != 3 or any(template.value(tag) != value for tag, value in wanted.items()):
        raise _Failed(Reason.UNSUPPORTED_CRT)
    if not 1 <= len(host_id) <= HOST_ID_MAX:
        raise _Failed(Reason.UNSUPPORTED_CRT)
    return host_id
