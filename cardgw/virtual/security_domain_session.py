# -*- test-case-name: tests.virtual.test_security_domain_session -*-
"""
The secure channel of one logical channel of the software card: SCP03, SCP02 or SCP11, as the host begins it and keys are there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from attrs import frozen
from cryptography.hazmat.primitives.asymmetric import ec

from cardgw.apdu.command import Command
from cardgw.apdu.response import Response
from cardgw.scp.card_channel import DONE, NO_KEYS
from cardgw.scp.card_messaging import NO_SESSION, CardState
from cardgw.scp.card_pso import MORE, Checks
from cardgw.scp.card_scp02 import CardScp02
from cardgw.scp.card_scp03 import CardScp03
from cardgw.scp.card_scp11 import CardScp11, Domain, MakeKey
from cardgw.scp.class_byte import PROPRIETARY, is_marked
from cardgw.scp.keys import AesKey, DesKey, KeySet
from cardgw.scp.primitives import BLOCK
from cardgw.scp.scp02_terms import session_keys
from cardgw.scp.scp11_terms import Variant
from cardgw.scp.store import KeyReference
from cardgw.virtual.security_domain_keys import KeyRing, stored_pair
from cardgw.virtual.security_domain_options import SecurityDomainOptions
from cardgw.virtual.security_domain_put_key import Unwrapping
from cardgw.virtual.security_domain_values import (
    EXTERNAL_AUTHENTICATE,
    INITIALIZE_UPDATE,
    INTERNAL_AUTHENTICATE,
    PERFORM_SECURITY_OPERATION,
    SW_BLOCKED,
)

Role: TypeAlias = CardScp03 | CardScp02 | CardScp11
_AGREEMENT = (PERFORM_SECURITY_OPERATION, EXTERNAL_AUTHENTICATE, INTERNAL_AUTHENTICATE)
_COUNTER = slice(12, 14)
"""Of SCP02 in the answer to INITIALIZE UPDATE."""
_NEW_VERSION = 0x01
"""Of the key for SCP11b that a card makes when it is reset."""


@frozen
class Chance:
    """
    What is random about a card.
    """

    entropy: Callable[[int], bytes]
    make_key: MakeKey


class CardSession:
    """
    At most one session.

    @ivar version: the key version that it was begun with; C{None} without one, and in SCP11.
    """

    def __init__(
        self,
        application: bytes,
        find_ring: Callable[[], KeyRing],
        numbers: Callable[[], tuple[bytes, bytes]],
        options: SecurityDomainOptions,
        chance: Chance,
    ) -> None:
        """
        @param application: the AID of what is selected.
        @param find_ring: gives the keys of the security domain whose secure channel it has, at this moment.
        @param numbers: gives those of issuer and card, which go into the keys with hosts that name themselves.
        """
        self.version: int | None = None
        self._application = application
        self._find_ring = find_ring
        self._ring = find_ring()
        self._numbers = numbers
        self._options = options
        self._chance = chance
        self._role: Role | None = None
        self._dek: DesKey | AesKey | None = None

    def terminate(self) -> None:
        """
        There is no session any more.
        """
        if self._role is not None:
            self._role.terminate()
        self._role = self._dek = self.version = None

    @property
    def authenticated(self) -> bool:
        """
        Whether the host has shown who it is, and nothing was wrong since.
        """
        role = self._role
        if role is None:
            return self._options.connected
        if role.messaging is None or role.messaging.state is CardState.ABORTED:
            return False
        return not isinstance(role, CardScp11) or (role.agreed is not None and role.agreed.host is not None)

    @property
    def dek(self) -> Unwrapping | None:
        """
        What keys come encrypted with.
        """
        if not isinstance(self._role, CardScp11):
            return self._dek
        found = self._role.agreed and self._role.agreed.keys.dek
        return found if isinstance(found, AesKey) else None

    def take(self, command: Command) -> Command | Response:
        """
        @param command: put together where it was cut.
        @return: the plain command, whose answer goes through L{answer}; or the answer.
        """
        if command.cla & PROPRIETARY and not is_marked(command.cla):
            if command.ins == INITIALIZE_UPDATE:
                return self._initialize(command)
            if command.ins in _AGREEMENT:
                return self._agree(command)
        if self._role is None:
            return NO_SESSION if is_marked(command.cla) else command
        authenticating = command.ins == EXTERNAL_AUTHENTICATE and self._role.messaging is None
        taken = self._role.take(command)
        if authenticating and self.version is not None:
            if self._role.messaging is not None:
                self._ring.failures[self.version] = 0
            elif not self._options.family.resets:
                self._fail(self.version)
        return taken

    def _fail(self, version: int) -> bool:
        """
        One more failure.

        @return: whether the keys are blocked now.
        """
        self._ring.failures[version] = self._ring.failures.get(version, 0) + 1
        return self._is_blocked(self._ring.failures[version])

    def _is_blocked(self, count: int) -> bool:
        family = self._options.family
        blocked = family.tries is not None and count >= family.tries
        if blocked and family.resets and family.tries is not None and self._ring.is_blocked(family.tries):
            self._ring.reset()
            self._ring.store(_NEW_VERSION, {Variant.B.kid: stored_pair(self._chance.make_key(ec.SECP256R1()))})
        return blocked

    def answer(self, response: Response) -> Response:
        """
        @return: as it leaves the card.
        """
        return response if self._role is None else self._role.answer(response)

    def _initialize(self, command: Command) -> Response:
        self.terminate()
        self._ring = self._find_ring()
        version = command.p1 or self._ring.available(self._options.family.tries) or 0
        keys = self._ring.channel_keys(version)
        if keys is None:
            return NO_KEYS
        blocked = self._fail(version) if self._options.family.resets else self._is_blocked(self._ring.failures.get(version, 0))
        if blocked:
            return Response(b"", SW_BLOCKED)
        role = self._scp03(keys) if keys.enc.block == BLOCK else self._scp02(keys)
        answer = role.take(command)
        assert isinstance(answer, Response)
        if answer.data:
            self._role, self.version = role, version
            dek = keys.dek if isinstance(role, CardScp03) else session_keys(keys, answer.data[_COUNTER]).dek
            self._dek = dek if isinstance(dek, (AesKey, DesKey)) else None
        return answer

    def _scp03(self, keys: KeySet) -> CardScp03:
        return CardScp03(
            {keys.version: keys},
            application=self._application,
            entropy=self._chance.entropy,
            implementation=self._options.implementation,
            diversification=self._options.diversification,
            family=self._options.family.scp,
            counters=self._ring.counters,
        )

    def _scp02(self, keys: KeySet) -> CardScp02:
        return CardScp02(
            {keys.version: keys},
            application=self._application,
            entropy=self._chance.entropy,
            implementation=self._options.scp02,
            diversification=self._options.diversification,
            counters=self._ring.counters,
            protects_errors=True,
        )

    def _agree(self, command: Command) -> Command | Response:
        if not isinstance(self._role, CardScp11) or self._role.messaging is not None:
            self.terminate()
            self._ring = self._find_ring()
            numbers, group = self._numbers(), self._options.group
            identifiers = {Variant.A: numbers, Variant.B: numbers, Variant.C: (group,) if group else ()}
            domain = Domain(self._ring.own_keys(), Checks(self._ring.authorities()), identifiers)
            size = 16 if self._options.implementation & 1 else 8
            self._role = CardScp11(domain, make_key=self._chance.make_key, mac_length=size, family=self._options.family.scp)
        answer = self._role.take(command)
        return self._counted(command, answer) if self._options.family.resets and isinstance(answer, Response) else answer

    def _counted(self, command: Command, answer: Response) -> Response:
        """
        An agreement on keys, or a certificate for it: failures of each key are counted.
        """
        reference = KeyReference(command.p2 & ~MORE, command.p1 & ~MORE)
        if not self._ring.has(reference):
            return answer
        failed = answer.status != DONE.status
        self._ring.attempts[reference] = self._ring.attempts.get(reference, 0) + 1 if failed else 0
        return Response(b"", SW_BLOCKED) if self._is_blocked(self._ring.attempts[reference]) else answer
