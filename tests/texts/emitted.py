"""
All that the code says to card holders, found in it: briefs of errors, tables of reasons, and what calls that show a text are
given.  A call that gives something which cannot be seen in the source fails here, until L{SAMPLES} says what that may be.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache

import cardgw
from cardgw.errors import CardGatewayError
from cardgw.lpa import reasons_es9, reasons_es10, reasons_install, reasons_subjects
from cardgw.lpa.activation import ActivationCodeError
from cardgw.lpa.changes import restart_words
from cardgw.lpa.deliver import Outcome, Settled
from cardgw.lpa.errors import AlreadyInstalled, Es10Error, ProfileNotInstalled
from cardgw.lpa.es9 import Es9Error
from cardgw.lpa.es11 import Event
from cardgw.lpa.notification import Metadata
from cardgw.lpa.profiles import DISABLED, ENABLED, Profile
from cardgw.operations.lpa_discover import _Downloads
from cardgw.operations.notifications import summary
from cardgw.operations.text_command import HELP
from cardgw.operations.text_commands_notices import _WORDS, notice_lines
from cardgw.operations.text_commands_profiles import profile_lines
from cardgw.operations.text_parser import FORMS, Typed, UnknownCommand, WrongForm, parse_text_command, wrong_form
from cardgw.testing import FakeSession
from cardgw.transports.estk.factory import FULL, FULL_ADDRESS
from cardgw.values import Reset
from tests.source import modules
from tests.texts.source_texts import calls

ASIDE = ("cardgw.testing", "cardgw.virtual")
LENDING = ("cardgw.bridges.touch_errors", "cardgw.bridges.touch_pin", "cardgw.bridges.touch_daemon_errors")
FACES = ("cardgw.cli", "cardgw.web", "cardgw.replay", "cardgw.apdu.transcript", *LENDING)
"""What goes wrong there is for operators."""
SPEAKING = ("cardgw.gateway.inventory", "cardgw.gateway.serving", "cardgw.gateway.session", "cardgw.operations", "cardgw.lpa")
"""Modules that tell card holders something."""
SPOKEN = (ActivationCodeError, AlreadyInstalled, Es10Error, Es9Error, ProfileNotInstalled, UnknownCommand, WrongForm)
"""Errors whose brief is different each time; what it may be is collected by itself."""
NAME = "St. Example Mobile, Ltd. Travel"
"""Of a provider and its profile: it has in it what ends sentences and clauses."""
_PROFILES = (Profile("8944476500001224158", state=ENABLED), Profile("8944476500001224158", state=DISABLED))
_NOTICE = Metadata(7, frozenset({"install"}), "smdp.example.com", "8944476500001224158")


def errors(base: type[CardGatewayError] = CardGatewayError) -> Iterator[type[CardGatewayError]]:
    """
    All errors that a job may end with.
    """
    for module in pkgutil.walk_packages(cardgw.__path__, "cardgw."):
        if not module.name.startswith((*ASIDE, *FACES, "cardgw.dropins", "cardgw.plugins")):
            importlib.import_module(module.name)
    yield from (each for each in _below(base) if each.__module__.startswith("cardgw."))


def _below(base: type[CardGatewayError]) -> Iterator[type[CardGatewayError]]:
    for each in base.__subclasses__():
        if not each.__module__.startswith((*ASIDE, *FACES)) and not each.__name__.startswith("_"):
            yield each
        yield from _below(each)


def briefs() -> Iterator[str]:
    """
    Of errors that always say the same.
    """
    yield from (each.__new__(each).brief for each in errors() if each not in SPOKEN)
    yield Es9Error("initiateAuthentication", "", "").brief


def reasons() -> Iterator[str]:
    """
    Of cards and servers.
    """
    yield from (reason[2] for table in reasons_es10.RESULTS.values() for reason in table.values())
    yield from (reason[2] for reason in reasons_es9.PAIRS.values())
    yield from (reason[2] for reason in reasons_subjects.SUBJECTS.values())
    yield from (reason[2] for reason in reasons_install.REASONS.values())
    yield from (each[2] for each in (reasons_es10.UNKNOWN, reasons_es10.UNDEFINED_ERROR, reasons_install.UNKNOWN))


def activation_codes() -> Iterator[str]:
    """
    What may be wrong with one.
    """
    sources = {each.name: each for each in modules()}
    imei = [text for call in calls(sources["cardgw.lpa.imei"], "ValueError") for text in call.texts(0, {})]
    samples = {
        "len(body)": ("300",),
        "LONGEST": ("255",),
        "len(fields)": ("7",),
        "FIELDS": ("5",),
        "end + 1": ("12",),
        "str(problem)": tuple(imei),
    }
    for call in calls(sources["cardgw.lpa.activation"], "ActivationCodeError"):
        yield from (ActivationCodeError(detail).brief for detail in call.texts(0, samples))


def typed_commands() -> Iterator[str]:
    """
    What may be wrong with one.
    """
    for text in ("/xyzzy", "/profil"):
        try:
            parse_text_command(text)
        except UnknownCommand as error:
            yield error.brief
    yield from (wrong_form(Typed(name, "", "")).brief for name in FORMS)
    operations = [each for each in modules() if each.name.startswith("cardgw.operations.")]
    counted = [text for source in operations for call in calls(source, "number") for text in call.texts(3, {})]
    samples = {"what": tuple(counted), "low": ("1",), "high": ("1024",)}
    for source in operations:
        for call in calls(source, "wrong_form"):
            yield from (wrong_form(Typed("data", "", ""), hint).brief for hint in call.texts(1, samples))


def _settled() -> Iterator[Settled]:
    yield Settled()
    one = Outcome(_NOTICE)
    for name in ("delivered", "waiting", "refused", "kept", "left"):
        for many in ((one,), (one, one)):
            yield Settled(**{name: many})
            yield Settled(**({"delivered": (one,)} | {name: many}))


def _discovered() -> Iterator[str]:
    for installed in ((), (None,), (None, None), (True,), (False, True), (True, True)):
        events = [Event(str(number), "smdp.example.com") for number in range(len(installed))]
        outcomes = {event: {"installed": each} for event, each in zip(events, installed, strict=True) if each is not None}
        yield _Downloads(FakeSession.__new__(FakeSession), "", "", events, outcomes).summary()


def _last(text: str) -> str:
    return text.rpartition("\n")[2]


SAMPLES: Mapping[str, tuple[str, ...]] = {
    "named": (NAME,),
    "profile.title": (NAME,),
    "self.profile.title": (NAME,),
    "self.state": (ENABLED, DISABLED),
    "self.state.capitalize()": (ENABLED.capitalize(), DISABLED.capitalize()),
    "restart_words(reset)": ("", restart_words(Reset.REBOOT)),
    "len(gone)": ("2",),
    "sequence": ("7",),
    "kib": ("5",),
    "code": ("ABCD-EFGH",),
    "minutes": ("10",),
    "_WORDS[fate]": tuple(_WORDS.values()),
    "HELP": (HELP,),
    "summary(settled)": tuple(map(summary, _settled())),
    "found.summary()": tuple(_discovered()),
    "notice_lines(wanted)": (notice_lines(()), notice_lines((_NOTICE,)).partition("\n")[0]),
    "profile_lines(found)": (profile_lines(()), *(_last(profile_lines((each,))) for each in _PROFILES)),
    "box": (),  # full of nothing
    "outcome.text": (),  # what farewells were given
    "settings.greeting": (),  # in the operator's own words
    "self._refusal": (FULL, FULL_ADDRESS),
}
"""What expressions in calls that show something may give."""
_SHOWING = {"farewell": 0, "show": 0, "_tell": 1}
"""Methods, and which argument is the text."""


def calls_that_show() -> Iterator[str]:
    """
    What operations and the gateway show; and what transports say of their own.
    """
    for source in modules():
        if source.name.startswith(SPEAKING):
            for call in calls(source, *_SHOWING):
                yield from call.texts(_SHOWING[call.name], SAMPLES)
        if source.name.startswith("cardgw.transports"):
            for call in calls(source, "_words"):
                yield from call.texts(0, SAMPLES)


def untranslated() -> list[str]:
    """
    What transports send without having it translated, besides what they are given.
    """
    sources = [source for source in modules() if source.name.startswith("cardgw.transports")]
    sent = (call for source in sources for call in calls(source, "message", "last_words"))
    return [text for call in sent for text in call.texts(0, SAMPLES) if text]


@cache
def emitted() -> tuple[str, ...]:
    """
    All of them, once each.
    """
    every = (briefs(), reasons(), activation_codes(), typed_commands(), calls_that_show())
    return tuple(sorted({text for each in every for text in each if text}))
