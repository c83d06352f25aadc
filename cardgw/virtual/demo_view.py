# -*- test-case-name: tests.virtual.test_demo_view -*-
"""
What the demo draws: stages with a progress bar, message boxes as a phone shows them, lists of profiles.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from attrs import define

BAR = 30
"""Width of the progress bar, in characters."""
PHONE = 34
"""Width of a text on the phone, in characters."""

STAGES = {
    "es10b_get_euicc_challenge_and_info": "the eUICC gives its challenge and what it is",
    "es9p_initiate_authentication": "the SM-DP+ answers the challenge",
    "es10b_authenticate_server": "the eUICC checks the SM-DP+",
    "es9p_authenticate_client": "the SM-DP+ checks the eUICC",
    "es8p_metadata_parse": "the profile on offer",
    "es10b_prepare_download": "the eUICC agrees to the download",
    "es9p_get_bound_profile_package": "the SM-DP+ binds the profile to this eUICC",
    "es10b_load_bound_profile_package": "the eUICC loads the profile",
    "es9p_handle_notification": "the SM-DP+ is told of the installation",
    "es10b_remove_notification_from_list": "the eUICC forgets the delivered notification",
    "es10b_cancel_session": "the eUICC cancels the session",
    "es9p_cancel_session": "the SM-DP+ is told of the cancellation",
}
"""Stage names (those of lpac) and what happens in them."""


def bar(done: int) -> str:
    """
    A progress bar.

    @param done: percent, 0 to 100.
    """
    filled = BAR * done // 100
    return f"[{'#' * filled}{'.' * (BAR - filled)}] {done:3} %"


def box(text: str) -> str:
    """
    A message box as the phone draws it.
    """
    lines = [line for part in text.splitlines() for line in textwrap.wrap(part, PHONE) or [""]]
    body = "\n".join(f"    | {line:<{PHONE}} |" for line in lines)
    edge = f"    +{'-' * (PHONE + 2)}+"
    return f"{edge}\n{body}\n    | {'[ OK ]':>{PHONE}} |\n{edge}"


def profiles(title: str, items: Sequence[Mapping[str, Any]]) -> str:
    """
    The profiles on the eUICC.

    @param items: each with C{iccid}, C{state}, C{provider} and C{name}.
    """
    rows = [f"    {each['iccid']:<20}  {each['state']:<8}  {each['provider']} {each['name']}".rstrip() for each in items]
    return "\n".join([title, *(rows or ["    none"])])


@define
class View:
    """
    Draws on a terminal, or plain lines elsewhere.

    @ivar live: whether the bar may be redrawn in place.
    """

    out: TextIO
    live: bool
    _open: bool = False

    def line(self, text: str) -> None:
        """
        Whole lines.
        """
        self._finish()
        print(text, file=self.out, flush=True)

    def stage(self, name: str, facts: Mapping[str, Any]) -> None:
        """
        A stage begins.
        """
        shown = ", ".join(f"{key} {value}" for key, value in facts.items())
        self.line(f"  {STAGES.get(name, name)}{': ' + shown if shown else ''}")

    def percent(self, done: int) -> None:
        """
        The present stage has come so far.
        """
        if self.live:
            print(f"\r    {bar(done)}", end="", file=self.out, flush=True)
            self._open = True
        elif done == 100:
            self.line(f"    {bar(done)}")

    def _finish(self) -> None:
        if self._open:
            print(file=self.out)
            self._open = False
