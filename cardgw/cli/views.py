# -*- test-case-name: tests.cli.test_views -*-
"""
What people see of cards, jobs and the other things that the API lists, and of the results of operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cardgw.cli import gp_views
from cardgw.cli.app import App
from cardgw.cli.render import Column, facts, key, shown, table, tree
from cardgw.cli.text import age, digits_of, due, moment, sentence, stage_text, tail_of
from cardgw.identities import EID

Row = Mapping[str, Any]


def cards(now: float, *, narrow: bool = False) -> Sequence[Column]:
    """
    The columns of cards that are here.
    """
    return (
        Column("id", key("id"), firm=True),
        _card_column(narrow, "identity", "identity"),
        Column("transport", key("transport")),
        Column("peer", key("peer"), wide=True),
        Column("here for", lambda row: age(row.get("since"), now)),
        Column("what it does", card_state, wide=True, remark=True),
    )


def card_state(row: Row) -> str:
    """
    What a card does now.
    """
    waiting = f"{row['queued']} queued" if row.get("queued") else ""
    if row.get("job"):
        return ", ".join(filter(None, (f"job {row['job']}", waiting)))
    stays = "waits for operators" if row.get("managed") else "idle"
    return waiting or (f"asked for {row['request']}" if row.get("request") and not row.get("managed") else stays)


def _card_column(narrow: bool, title: str = "card", *names: str) -> Column:
    """
    @param narrow: show the end of the identity alone, which is good enough for C{--card}.
    @param names: of what it may be taken from.
    """

    def value(row: Row) -> str:
        found = next((row[name] for name in names or ("card", "channel") if row.get(name)), None)
        return tail_of(found) if narrow else digits_of(found)

    return Column(title, value, firm=True)


def jobs(now: float, *, narrow: bool = False) -> Sequence[Column]:
    """
    The columns of jobs.
    """
    return (
        Column("id", key("id"), firm=True),
        Column("operation", key("operation")),
        Column("state", key("state")),
        _card_column(narrow),
        Column("age", lambda row: age(row.get("created"), now)),
        Column("by", key("requester"), minor=True),
        Column("what", job_remark, wide=True, remark=True),
    )


def job_remark(row: Row) -> str:
    """
    What there is to say about a job.
    """
    if row.get("question"):
        return f"asks: {row['question'].get('text')}"
    if row.get("error"):
        return ": ".join(filter(None, (row["error"].get("title"), row["error"].get("detail"))))
    if row.get("state") == "running" and row.get("stage"):
        percent = f" {row['percent']} %" if row.get("percent") is not None else ""
        return stage_text(row["stage"], {}) + percent
    return ""


def links(now: float) -> Sequence[Column]:
    """
    The columns of links.
    """
    return (
        Column("id", key("id"), firm=True),
        Column("good for", lambda row: age(row.get("expires"), now)),
        Column("job", key("job"), firm=True),
        Column("card", lambda row: "here" if row.get("here") else None),
        Column("by", key("requester"), minor=True),
    )


def entries(now: float, *, narrow: bool = False) -> Sequence[Column]:
    """
    The columns of the outbox.
    """
    return (
        Column("id", key("id"), firm=True),
        Column("state", key("state")),
        Column("what", lambda row: row.get("facts", {}).get("event") or row.get("kind")),
        Column("number", key("number"), right=True, minor=True),
        _card_column(narrow),
        Column("for", key("address"), wide=True),
        Column("tries", key("attempts"), right=True, minor=True),
        Column("next", lambda row: due(row["next_attempt"], now) if row.get("next_attempt") else None),
        Column("reason", key("reason"), wide=True, remark=True),
    )


def tokens(now: float) -> Sequence[Column]:
    """
    The columns of tokens.
    """
    return (
        Column("name", key("name")),
        Column("role", key("role")),
        Column("made", lambda row: age(row.get("created"), now) + " ago"),
        Column("used", lambda row: age(row["used"], now) + " ago" if row.get("used") else "never"),
        Column("expires", lambda row: moment(row["expires"]) if row.get("expires") else "never"),
    )


AUDIT = (
    Column("time", lambda row: moment(row.get("time"))),
    Column("who", key("who")),
    Column("what", key("action")),
    Column("to", key("target"), firm=True),
    Column("detail", key("detail"), wide=True, remark=True),
)
"""The columns of changes."""
PROFILES = (
    Column("state", key("profileState")),
    Column("ICCID", key("iccid"), firm=True),
    Column("nickname", key("profileNickname"), wide=True),
    Column("provider", key("serviceProviderName"), wide=True),
    Column("name", key("profileName"), wide=True),
    Column("class", key("profileClass")),
)
"""The columns of profiles."""
NOTIFICATIONS = (
    Column("number", key("seqNumber"), right=True),
    Column("what", key("profileManagementOperation")),
    Column("ICCID", key("iccid"), firm=True),
    Column("for", key("notificationAddress"), wide=True),
    Column("sent", lambda row: row.get("delivered")),
)
"""The columns of notifications on a card."""
_FATES = ("delivered", "removed", "kept", "waiting", "refused", "left")


def card(app: App, row: Row) -> None:
    """
    Print all about a card.
    """
    facts(
        app,
        [
            ("id", row["id"]),
            ("EID" if (row["identity"] or "").startswith(f"{EID}:") else "identity", digits_of(row["identity"])),
            ("kind", row.get("kind")),
            *([("UID", row["uid"])] if row.get("uid") else []),
            ("transport", row["transport"]),
            ("peer", row["peer"]),
            ("here since", f"{moment(row['since'])} ({age(row['since'], app.now())})"),
            ("asked for", row["request"]),
            ("what it does", card_state(row)),
            ("ATR", row["atr"]),
            ("application", row["application"]),
            ("offers", row["offers"]),
            ("resets", row["resets"]),
        ],
    )


def job(app: App, row: Row) -> None:
    """
    Print all about a job.
    """
    error, question = row.get("error") or {}, row.get("question") or {}
    stage = stage_text(row["stage"], row.get("facts") or {}) if row.get("stage") else None
    pairs = [
        ("id", row["id"]),
        ("operation", row["operation"]),
        ("parameters", row["parameters"]),
        ("state", row["state"]),
        ("card", digits_of(row["card"])),
        ("by", row["requester"]),
        ("created", moment(row["created"])),
        ("started", moment(row["started"])),
        ("ended", moment(row["ended"])),
        ("last stage", stage),
        ("question", question.get("text")),
        ("error", ": ".join(filter(None, (error.get("title"), error.get("detail"))))),
        ("status word", error.get("status_word")),
        ("advice", error.get("hint")),
        ("runs", row["runs"]),
    ]
    facts(app, [(name, value) for name, value in pairs if value not in (None, "", "-", {})])
    if row.get("result"):
        app.print("result:")
        tree(app, row["result"], "  ")


def _profiles(app: App, result: Row) -> None:
    table(app, PROFILES, result.get("profiles", []), "There is no profile on this card.")


def _notifications(app: App, result: Row) -> None:
    table(app, NOTIFICATIONS, result.get("notifications", []), "There are no notifications on this card.")
    if result.get("unreadable"):
        app.say(f"{result['unreadable']} more cannot be read.")


def _settled(app: App, result: Row) -> None:
    found = [(fate, each) for fate in _FATES for each in result.get(fate, [])]
    columns = (
        Column("number", lambda row: row["seqNumber"], right=True),
        Column("what became of it", key("fate")),
        Column("what", key("profileManagementOperation")),
        Column("for", key("notificationAddress"), wide=True),
        Column("reason", key("reason"), wide=True, remark=True),
    )
    table(app, columns, [{**each, "fate": fate} for fate, each in found], "There was nothing to do.")


def _installed(app: App, result: Row) -> None:
    names = " ".join(str(result[name]) for name in ("provider", "name") if result.get(name))
    app.print(shown(f"installed {result.get('iccid')} ({names})" if names else f"installed {result.get('iccid')}"))
    fate = result.get("notification")
    if fate not in (None, "delivered"):
        app.say(f"The notification of it: {fate}. {sentence(result.get('reason') or '')}".rstrip())


def _switched(app: App, result: Row) -> None:
    state = result.get("profileState")
    told = f"{state} {result.get('iccid')}" if result.get("changed", True) else f"{result.get('iccid')} was {state} already"
    app.print(shown(told + (f", in place of {result['replaced']}" if result.get("replaced") else "")))
    if result.get("confirmed") is False:
        app.say("The card left before it could confirm that.")
    _remarks(app, result)


def _deleted(app: App, result: Row) -> None:
    app.print(shown(f"deleted {result.get('iccid')}"))
    _remarks(app, result)


def _named(app: App, result: Row) -> None:
    nickname = result.get("profileNickname")
    app.print(shown(f'{result.get("iccid")} is "{nickname}" now' if nickname else f"{result.get('iccid')} has no nickname now"))


def _remarks(app: App, result: Row) -> None:
    counts = result.get("notifications") or {}
    told = ", ".join(f"{count} {fate}" for fate, count in counts.items() if count)
    if told:
        app.say(f"notifications: {told}")
    if result.get("note"):
        app.say(str(result["note"]))


def _attached(app: App, result: Row) -> None:
    counts = f"{result.get('commands')} commands, {result.get('resets')} resets"
    app.print(shown(f"the card was in the reader {result.get('reader')} for {result.get('seconds')} s: {counts}"))


def _info(app: App, result: Row) -> None:
    tree(app, {name: each for name, each in result.items() if each not in (None, {}, [])})


RESULTS: Mapping[str, Callable[[App, Row], None]] = {
    "card.attach": _attached,
    "lpa.info": _info,
    "lpa.profiles": _profiles,
    "lpa.enable": _switched,
    "lpa.disable": _switched,
    "lpa.delete": _deleted,
    "lpa.nickname": _named,
    "notifications.list": _notifications,
    "notifications.send": _settled,
    "notifications.send-all": _settled,
    "notifications.remove": _settled,
    "profile.download": _installed,
    **gp_views.RESULTS,
}
"""How the results of some operations are shown; others are shown as they are."""


SO_FAR: Mapping[str, Callable[[Row], str]] = {"gp.install": gp_views.left}
"""What is told of operations that have failed half-way; of others their result is."""


def so_far(app: App, operation: str, value: Row) -> None:
    """
    Tell what an operation that did not succeed has done.
    """
    told = SO_FAR[operation](value) if operation in SO_FAR else f"It had come so far: {shown(value)}"
    if told:
        app.say(told)


def result(app: App, operation: str, value: Row) -> None:
    """
    Print the result of an operation.
    """
    RESULTS.get(operation, tree)(app, value)
