# -*- test-case-name: tests.virtual.test_euicc_isdr -*-
"""
The ISD-R of the software eUICC: gives each ES10 request to what answers it (SGP.22 5.7.2).
"""

from __future__ import annotations

from collections.abc import Callable

from cardgw.apdu import tlv
from cardgw.apdu.tlv import Tlvs
from cardgw.virtual.euicc_auth import Rsp
from cardgw.virtual.euicc_crl import Revocations
from cardgw.virtual.euicc_identity import Identity, Random
from cardgw.virtual.euicc_info import Info
from cardgw.virtual.euicc_notifications import Notifications
from cardgw.virtual.euicc_options import Options
from cardgw.virtual.euicc_package import Installation, Site
from cardgw.virtual.euicc_profiles import Profiles
from cardgw.virtual.euicc_stream import PACKAGE
from cardgw.virtual.euicc_values import SW_CONDITIONS, SW_DATA, SW_FAILED, SW_REFERENCE, Refused

PACKAGE_PARTS = frozenset((0x86, 0x87, 0x88, 0xA0, 0xA1, 0xA2, 0xA3))
"""What begins a segment of a bound profile package, besides BF36."""


class Isdr:
    """
    @ivar refresh: the terminal has to be told to read the card anew.
    """

    def __init__(self, identity: Identity, options: Options, random: Random) -> None:
        self.options = options
        self.refresh = False
        self.notifications = Notifications(options.first_sequence, identity.main)
        self.profiles = Profiles(options, self.notifications, self._switched, self._forget_address)
        self.info = Info(identity, options, lambda: self.profiles.free, lambda: len(self.profiles.installed))
        self.revocations = Revocations(identity, lambda: self.profiles.free)
        self.rsp = Rsp(identity, random, self.info.info2, self.revocations.revoked)
        self._site = Site(identity.eid, options, self.profiles, self.notifications)
        self._loading: Installation | None = None
        self._functions: dict[int, Callable[[Tlvs], bytes]] = {}
        for part in (self.info, self.rsp, self.profiles, self.notifications, self.revocations):
            self._functions.update(part.functions())

    def _switched(self) -> None:
        self.refresh = self.options.refresh

    def _forget_address(self) -> None:
        self.info.forget_address()

    def answer(self, request: bytes) -> bytes:
        """
        Do what one request, or one segment of a bound profile package, asks for.

        @return: the answer; empty after a segment that is not the last.
        @raise Refused: with the status word.
        """
        tag = _tag(request)
        if tag is None and self._loading is None:
            raise Refused(SW_DATA)
        if tag is not None and self._is_function(tag, request):
            return self._flipped(tag, self._call(tag, request))
        if tag == PACKAGE and self.options.reloads:
            self.interrupt()
        if self._loading is None:
            self._begin(tag)
        return self._flipped(PACKAGE, self._load(request))

    def reset(self) -> None:
        """
        Power was lost: the session and a package that was being loaded are gone (SGP.22 5.7.6).
        """
        loading, self._loading = self._loading, None
        if loading is not None:
            loading.interrupt()
        self.rsp.session = None
        self.refresh = False

    def _is_function(self, tag: int, request: bytes) -> bool:
        if tag not in self._functions:
            return False
        if self._loading is None:
            return True
        # Where segments may be cut anywhere, one may begin with any bytes.
        try:
            tlv.only(request, tag)
        except ValueError:
            return False
        return True

    def _call(self, tag: int, request: bytes) -> bytes:
        self.interrupt()
        self._fail_on_purpose(tag)
        try:
            return self._functions[tag](tlv.only(request, tag).children())
        except ValueError:
            raise Refused(SW_DATA) from None

    def interrupt(self) -> None:
        """
        A package that is being loaded will not go on (SGP.22 2.5.5: all segments in one go, on one channel).
        """
        loading, self._loading = self._loading, None
        if loading is None:
            return
        if self.options.reloads and self.rsp.session is not None:
            self.rsp.session.loaded = False
        else:
            loading.interrupt()

    def _fail_on_purpose(self, tag: int) -> None:
        status = self.options.faults.status.get(tag)
        if status is not None:
            raise Refused(status)

    def _begin(self, tag: int | None) -> None:
        if tag in PACKAGE_PARTS:
            raise Refused(SW_CONDITIONS)
        if tag != PACKAGE:
            raise Refused(SW_REFERENCE)
        self._fail_on_purpose(PACKAGE)
        session = self.rsp.session
        if session is None or session.one_time is None or session.loaded:
            raise Refused(SW_CONDITIONS)
        session.loaded = True
        self._loading = Installation(self._site, session)

    def _load(self, segment: bytes) -> bytes:
        assert self._loading is not None
        result = self._loading.feed(segment)
        if result is None:
            return b""
        installed, self._loading, self.rsp.session = self._loading.installed, None, None
        if not installed:
            return result
        self.rsp.unused = None
        faults = self.options.faults
        if faults.lost_response:
            raise Refused(SW_FAILED)
        return b"" if faults.no_result else result

    def _flipped(self, tag: int, answer: bytes) -> bytes:
        bit = self.options.faults.flip.get(tag)
        if bit is None or not answer:
            return answer
        at = bit % (8 * len(answer))
        return answer[: at // 8] + bytes((answer[at // 8] ^ 0x80 >> at % 8,)) + answer[at // 8 + 1 :]


def _tag(request: bytes) -> int | None:
    try:
        return tlv.header(request)[0]
    except ValueError:
        return None
