# -*- test-case-name: tests.operations.test_gp_status -*-
"""
C{gp.status.set}: states of a card, of its security domains and applications.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.apdu.command import Command
from cardgw.errors import OperationRefused, ParameterError, UnexpectedStatus
from cardgw.fields import boolean, choice, option, text
from cardgw.gp.life_cycle import SELECTABLE, CardState, DomainState
from cardgw.gp.set_status import lock, set_card_state, set_state, unlock
from cardgw.identities import as_identity
from cardgw.interfaces import IOperation, ISession
from cardgw.operations.gp_domain import Domain
from cardgw.operations.gp_head import ChangeParameters, aid_or_none
from cardgw.operations.gp_operation import GpOperation
from cardgw.operations.gp_signing import KeySource

LOCK, UNLOCK, TERMINATE = "lock", "unlock", "terminate"
_CARD_STATES = {
    "initialized": CardState.INITIALIZED,
    "secured": CardState.SECURED,
    LOCK: CardState.CARD_LOCKED,
    UNLOCK: CardState.SECURED,
    TERMINATE: CardState.TERMINATED,
}
_STATES = {"selectable": SELECTABLE, "personalized": DomainState.PERSONALIZED}
"""Of applications and security domains, besides locked and unlocked; only forward, and the second one only of domains."""

_HINTS = {0x6A88: "The card has nothing of this AID, as far as this security domain sees."}
_HINTS_OF_CARD = {
    0x6985: "A card becomes initialized, then secured, and cannot go back; only one that is secured can be locked.",
}


@frozen
class StatusParameters(ChangeParameters):
    """
    What the caller gives.
    """

    state: str = option(
        choice(*_CARD_STATES, *_STATES),
        "what it is to become: the card initialized, secured or terminated; an application or domain selectable, a domain "
        "personalized; either locked or unlocked",
    )
    aid: str = option(aid_or_none, "the AID of the application or security domain; empty: the card itself", default="")
    related: bool = option(boolean, "lock or unlock what belongs to the domain, too", default=False)
    for_good: bool = option(boolean, "consent to what can never be undone: the card is terminated", default=False)
    terminate: str = option(
        text,
        "consent once more: the identity of the card that is terminated, as lists of cards have it; of one that does not tell "
        "who it is, the AID of its issuer security domain",
        default="",
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.aid and self.state not in (LOCK, UNLOCK, *_STATES):
            raise ParameterError("state: it is one of the card, not of an application or a security domain")
        if not self.aid and self.state in _STATES:
            raise ParameterError("aid: missing; this is no state of the card")
        if self.related and self.state in _STATES:
            raise ParameterError("related: only locking and unlocking goes for what belongs to a domain")
        if self.related and not self.aid:
            raise ParameterError("related: the card itself has everything in it")
        if self.state == TERMINATE and not (self.for_good and self.consent):
            raise ParameterError(
                "state: nothing can be done with a terminated card ever again",
                hint="It takes both for_good, and the identity of the card as terminate.",
            )

    @property
    def consent(self) -> str:
        """
        The identity of the card that is terminated, or the AID of its issuer security domain; empty for neither.
        """
        is_aid = re.fullmatch("([0-9A-Fa-f]{2}){5,16}", self.terminate) is not None
        return self.terminate.upper() if is_aid else as_identity(self.terminate)


@implementer(IPlugin, IOperation)
class SetGpStatus(GpOperation):
    """
    See L{IOperation}.
    """

    name = "gp.status.set"
    summary = "lock, unlock or terminate a GlobalPlatform card, or lock what is on it"
    help = """\
Locks or unlocks an application or a security domain, or with no AID the card: initialized, secured, lock, unlock (secured again),
terminate.  The first two cannot be undone.  A terminated card is waste: it takes for_good, and the identity of that card.  With
an AID also selectable and personalized, which some personalisation ends with.
"""
    parameters: Any = StatusParameters

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        See L{GpOperation.perform}.

        @return: C{aid} (empty for the card) and C{state}, as it was asked for.
        @raise OperationRefused: this is not the card that is to be terminated.
        """
        parameters: StatusParameters = session.parameters
        if parameters.state == TERMINATE and parameters.consent != (session.identity or domain.aid.hex().upper()):
            raise OperationRefused("it is not the card that is to be terminated, or does not tell who it is")
        session.stage("gp_set_status", state=parameters.state)
        (command,) = self.plan(parameters, session.keys)
        try:
            await domain.slowly(command, "SET STATUS")
        except UnexpectedStatus as problem:
            problem.hint = (_HINTS if parameters.aid else _HINTS_OF_CARD).get(problem.response.status, "")
            raise
        return {"aid": parameters.aid.upper(), "state": parameters.state}

    def plan(self, parameters: StatusParameters, keys: KeySource) -> Iterable[Command]:
        """
        See L{GpOperation.plan}.
        """
        if not parameters.aid:
            return (set_card_state(_CARD_STATES[parameters.state], for_good=parameters.for_good),)
        if parameters.state in _STATES:
            return (set_state(bytes.fromhex(parameters.aid), _STATES[parameters.state]),)
        change = lock if parameters.state == LOCK else unlock
        return (change(bytes.fromhex(parameters.aid), with_applications=parameters.related),)
