# -*- test-case-name: tests.virtual.test_euicc -*-
"""
An eUICC in software (SGP.22 v2.2): cryptographically real, and strict.  Nothing of it survives the process.

    >>> card = VirtualEuicc.from_pki(make_pki())
    >>> card.transmit(bytes.fromhex("00A4040010A0000005591010FFFFFFFF8900000100")).hex()
    '6121'

This module puts it together: L{cardgw.virtual.euicc_apdu} faces the terminal, L{cardgw.virtual.euicc_isdr} does the work.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Protocol, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from cardgw.virtual.euicc_apdu import ApduLayer
from cardgw.virtual.euicc_identity import Chain, Identity, Random
from cardgw.virtual.euicc_isdr import Isdr
from cardgw.virtual.euicc_metadata import ProfileClass, read_metadata, write_metadata
from cardgw.virtual.euicc_notifications import Notification
from cardgw.virtual.euicc_options import Options
from cardgw.virtual.euicc_profile import Profile


class AnyIdentity(Protocol):
    """
    A certificate and its key.
    """

    @property
    def certificate(self) -> x509.Certificate:
        """
        The certificate.
        """

    @property
    def der(self) -> bytes:
        """
        The same, as bytes.
        """

    @property
    def key(self) -> ec.EllipticCurvePrivateKey:
        """
        The private key that belongs to it.
        """


class Hierarchy(Protocol):
    """
    What L{VirtualEuicc.from_pki} needs of a L{cardgw.virtual.pki.Pki}.
    """

    @property
    def ci(self) -> AnyIdentity:
        """
        The certificate issuer, which the eUICC trusts.
        """

    @property
    def eum(self) -> AnyIdentity:
        """
        The manufacturer of the eUICC.
        """

    @property
    def euicc(self) -> AnyIdentity:
        """
        The eUICC itself.
        """


class VirtualEuicc:
    """
    @ivar options: what kind of card it is.
    @ivar apdus: how many it has answered.
    """

    def __init__(
        self,
        eum: bytes,
        euicc: bytes,
        key: ec.EllipticCurvePrivateKey,
        ci: Iterable[x509.Certificate],
        *,
        options: Options | None = None,
        more: Sequence[Chain] = (),
        random: Random = os.urandom,
    ) -> None:
        """
        @param eum: the certificate of the manufacturer, DER.
        @param euicc: the eUICC's own, DER; its subject names the EID.
        @param ci: the CIs that it trusts.
        @param more: identities below other CIs, of the same EID.
        @param random: gives entropy.
        @raise ValueError: the certificates do not make one eUICC.
        """
        self.options = options if options is not None else Options()
        self.apdus = 0
        self._identity = Identity((Chain(eum, euicc, key), *more), ci)
        self._isdr = Isdr(self._identity, self.options, random)
        self._port = ApduLayer(self.options, self._isdr)

    @classmethod
    def from_pki(cls, *hierarchies: Hierarchy, options: Options | None = None, random: Random = os.urandom) -> Self:
        """
        The eUICC of a test PKI, or of several at once.
        """
        first, *others = [Chain(pki.eum.der, pki.euicc.der, pki.euicc.key) for pki in hierarchies]
        roots = [pki.ci.certificate for pki in hierarchies]
        return cls(first.eum, first.euicc, first.key, roots, options=options, more=others, random=random)

    @property
    def eid(self) -> bytes:
        """
        16 bytes.
        """
        return self._identity.eid

    @property
    def profiles(self) -> list[Profile]:
        """
        The profiles, in the order of their installation.
        """
        return [each.view() for each in self._isdr.profiles.installed]

    @property
    def notifications(self) -> list[Notification]:
        """
        The pending notifications.
        """
        return list(self._isdr.notifications.pending)

    @property
    def default_smdp(self) -> str:
        """
        The default SM-DP+ address; empty for none.
        """
        return self._isdr.info.default_smdp

    def add_profile(
        self,
        iccid: str,
        name: str,
        provider: str,
        state: str = "disabled",
        *,
        profile_class: int = ProfileClass.OPERATIONAL,
        rules: Iterable[str] = (),
        wishes: Iterable[tuple[Iterable[int], str]] = (),
        size: int = 0,
    ) -> Profile:
        """
        Put a profile there as if it had come from the factory; nobody is notified.

        @param iccid: 18 to 20 digits.
        @param state: C{"enabled"} (in place of another) or C{"disabled"}.
        @param wishes: bits of L{cardgw.virtual.euicc_notifications.Event} and an address each.
        @param size: bytes of memory that it takes.
        """
        metadata = write_metadata(iccid, name, provider, profile_class=profile_class, rules=rules, wishes=wishes)
        store = self._isdr.profiles
        if state == "enabled" and store.enabled is not None:
            store.enabled.enabled = False
        made = store.add(read_metadata(metadata), size, fixed=True)
        made.enabled = state == "enabled"
        return made.view()

    def reset(self) -> None:
        """
        Power off and on.
        """
        self._isdr.reset()
        self._port.reset()

    def transmit(self, apdu: bytes) -> bytes:
        """
        One command APDU.

        @return: the response APDU.
        """
        self.apdus += 1
        return self._port.transmit(apdu)
