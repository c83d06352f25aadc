# -*- test-case-name: tests.lpa.test_switch -*-
"""
A card with two profiles, the first of them enabled, whose server wants to hear of all that becomes of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twisted.internet.defer import Deferred

from cardgw.apdu.base import Answers, Watch
from cardgw.apdu.script import Script
from cardgw.lpa.changes import Manner
from cardgw.lpa.isdr import ISD_R, Isdr
from cardgw.lpa.notice_policy import NoticePolicy
from cardgw.lpa.switch import switch
from cardgw.values import ChannelInfo, Reset
from cardgw.virtual.euicc_notifications import Event
from cardgw.virtual.euicc_options import Faults, Options
from tests.lpa.card import BOUND
from tests.lpa.world import World, pki_of

HOME, AWAY = "89999010000000000018", "8999901000000000026"
HOME_AID, AWAY_AID = "a0000005591010ffffffff8900001000", "a0000005591010ffffffff8900001100"
CARRIED = ChannelInfo("memory", application=ISD_R, resets=frozenset({Reset.REBOOT}), self_carried=True)
"""As an eSTK.me card is."""
READER = ChannelInfo("memory", application=ISD_R, resets=frozenset({Reset.COLD, Reset.WARM}))
PLAIN = Manner(NoticePolicy())


class TwoProfiles(World):
    """
    See the module.
    """

    def __init__(
        self,
        info: ChannelInfo = BOUND,
        faults: Faults | None = None,
        rules: Iterable[str] = (),
        pinned: bool = True,
        **options: Any,
    ) -> None:
        """
        @param rules: policy rules of both.
        """
        super().__init__(info=info, options=Options(pinned=pinned, faults=faults or Faults(), **options))
        self.isdr = Isdr(self.session.channel)
        wishes = [((Event.ENABLE, Event.DISABLE, Event.DELETE), pki_of("nist").host)]
        self.card.add_profile(HOME, "Home", "Provider", "enabled", wishes=wishes, rules=rules)
        self.card.add_profile(AWAY, "Away", "Provider", wishes=wishes, rules=rules)

    @property
    def states(self) -> str:
        """
        E or D for each profile.
        """
        return "".join(each.state[0].upper() for each in self.card.profiles)

    @property
    def events(self) -> list[str]:
        """
        What the card has notifications of.
        """
        return [each.event.name.lower() for each in self.card.notifications]

    def switch(self, which: str, state: str, manner: Manner = PLAIN) -> Deferred[dict[str, Any]]:
        """
        Begin to enable or to disable one.
        """
        return Deferred.fromCoroutine(switch(self.session, self.isdr, which, state, manner))

    def requests(self, tag: int) -> list[bytes]:
        """
        The requests of one function that were sent.
        """
        head = tag.to_bytes(2, "big")
        return [each[5:] for each in self.wire.sent if each[1] == 0xE2 and each[5:].startswith(head)]

    def tarry_at(self, tag: int) -> Deferred[None]:
        """
        Have the card do a function, and answer when this is fired.
        """
        late: Deferred[None] = Deferred()
        run = self.wire._run

        def tarry(script: Script, watch: Watch) -> Deferred[Answers]:
            answers = run(script, watch)
            if not script.steps[0].command.data.startswith(tag.to_bytes(2, "big")):
                return answers
            waiting: Deferred[Answers] = Deferred()
            late.addCallback(lambda _: answers.chainDeferred(waiting))
            return waiting

        self.wire._run = tarry  # type: ignore[method-assign]
        return late

    def lose_at(self, tag: int, *, processed: bool) -> None:
        """
        Have the card lost when a function is asked.

        @param processed: the card does it, but its answer is lost.
        """
        head, answer = tag.to_bytes(2, "big"), self.wire.answer

        def transmit(command: bytes) -> bytes:
            if command[5:].startswith(head):
                self.wire.lose_after = len(self.wire.sent)
            return answer(command)

        if processed:
            self.wire.answer = transmit
        else:
            self.wire.lose_at = head
