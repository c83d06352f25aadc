# -*- test-case-name: tests.cli.test_gp_views -*-
"""
What people see of the results of C{gp.*}.
"""

from __future__ import annotations

from base64 import encodebytes
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

from cardgw.apdu.command import Command
from cardgw.cli.app import App
from cardgw.cli.render import Column, facts, key, shown, table
from cardgw.cli.text import clean, flat, warning

Row = Mapping[str, Any]
View = Callable[[App, Row], None]

KEYS: Sequence[Column] = (
    Column("version", key("version")),
    Column("identifier", key("identifier")),
    Column("type", key("type"), wide=True),
    Column("bytes", key("length"), right=True),
)
"""The columns of keys."""
_INDENT = 15
"""Columns before the values in a listing."""
_HEADER = 8
"""Digits of CLA, INS, P1 and P2."""
_X509 = "30"
"""Digits with which a certificate in DER begins."""
_CAPITALS = {"ic": "IC", "os": "OS", "icc": "ICC"}
_STATES = {"lock": "locked", "unlock": "unlocked", "terminate": "terminated"}
"""What it is then."""
_STATUS_LINE = "{line:>3}  {command:<8}  {status}  {name}"


def key_rows(keys: Iterable[Row]) -> list[dict[str, Any]]:
    """
    The rows of keys: a key of several parts has several.
    """
    return [
        {"version": _number(each["version"]), "identifier": _number(each["identifier"]), **part}
        for each in keys
        for part in each["parts"]
    ]


def _number(value: int) -> str:
    return f"{value} (0x{value:02X})"


def _registry(app: App, result: Row) -> None:
    for line in str(result["listing"]).rstrip("\n").split("\n"):
        for part in _folded(line, app.out.width) if app.out.is_terminal else [line]:
            app.print(clean(part))


def _folded(line: str, width: int) -> list[str]:
    """
    Between words, and below the values.
    """
    return wrap(line, max(width, 2 * _INDENT), subsequent_indent=" " * _INDENT, break_long_words=False) or [""]


def _info(app: App, result: Row) -> None:
    card, resources = result["card"] or {}, result["resources"] or {}
    pairs = [
        ("security domain", result["domain"]),
        ("issuer (IIN)", result["iin"]),
        ("card (CIN)", result["cin"]),
        ("GlobalPlatform", card.get("version")),
        ("secure channels", card.get("secure_channels")),
        ("configuration", card.get("configuration")),
        ("chip", card.get("chip")),
        ("Java Card", card.get("java_card")),
        ("applications", resources.get("applications")),
        ("free memory", _memory(resources)),
        *((_cplc_name(name), value) for name, value in (result["cplc"] or {}).items() if value.strip("0")),
    ]
    facts(app, [(name, value) for name, value in pairs if value not in (None, "", [])])
    if result["keys"]:
        app.print("")
        table(app, KEYS, key_rows(result["keys"]), "")
    for name, problem in result["problems"].items():
        app.say(f"{name}: {problem}")


def _memory(resources: Row) -> str:
    if not resources:
        return ""
    return f"{resources['non_volatile']} bytes, and {resources['volatile']} that are lost without power"


def _cplc_name(name: str) -> str:
    return " ".join(_CAPITALS.get(word, word) for word in name.split("_"))


def _installed(app: App, result: Row) -> None:
    if result.get("blocks", True):
        app.print(shown(f"loaded {result['package']} {result.get('version', '')}".rstrip()))
    for what in ("deleted", "installed"):
        for each in result.get(what, ()):
            app.print(shown(f"{what} {each}"))
    if result.get("cleaned_up"):
        app.say(f"What was left of {result['cleaned_up']} by a load that had broken off was deleted first.")


def left(result: Row) -> str:
    """
    What is told of an installation that has failed: what may be on the card.
    """
    told = [f"{each} is installed." for each in result.get("installed", ())]
    if result.get("left"):
        again = "the next gp install with this card" if result.get("journalled") else "gp uninstall"
        told.append(f"The card may have parts of {result['left']}: {again} deletes them.")
    return flat(" ".join(told))


def _deleted(app: App, result: Row) -> None:
    app.print(shown(f"deleted {result['deleted']}"))


def _keys_put(app: App, result: Row) -> None:
    app.print(shown(f"put the keys of version {_number(result['version'])}"))
    values = result.get("check_values") or []
    names = ("check value of ENC", "of MAC", "of DEK") if len(values) > 1 else ("check value",)
    if values:
        facts(app, [*zip(names, values, strict=False)])


def _keys_deleted(app: App, result: Row) -> None:
    which = " ".join(f"{name} {_number(value)}" for name, value in result.items() if isinstance(value, int))
    app.print(shown(f"deleted the keys of {which}"))


def _data(app: App, result: Row) -> None:
    app.print(shown(result["data"]))
    if result.get("decoded") is not None:
        app.say(_meaning(result["decoded"]))
    elif result.get("problem"):
        app.say(str(result["problem"]))


def _meaning(value: Any) -> str:
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {shown(each)}" for name, each in value.items())
    return "\n".join(map(shown, value)) if isinstance(value, list) else shown(value)


def _stored(app: App, result: Row) -> None:
    app.print(shown(f"stored {result['stored']} bytes"))
    if result.get("answer"):
        app.print(shown(result["answer"]))


def _certificates(app: App, result: Row) -> None:
    if not result["certificates"]:
        app.say("The card has no certificates for this key.")
    for each in result["certificates"]:
        app.print(_pem(bytes.fromhex(each)) if each.startswith(_X509) else shown(each))


def _pem(octets: bytes) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{encodebytes(octets).decode()}-----END CERTIFICATE-----"


def _certificates_stored(app: App, result: Row) -> None:
    app.print(shown(f"stored {result['stored']}"))


def _extradited(app: App, result: Row) -> None:
    app.print(shown(f"{result['aid']} belongs to {result['domain']}"))


def _privileges(app: App, result: Row) -> None:
    privileges = result["privileges"]
    app.print(shown(f"{result['aid']}: {'changed' if privileges is None else ', '.join(privileges) or 'no privileges'}"))


def _status(app: App, result: Row) -> None:
    app.print(shown(f"{result['aid'] or 'the card'}: {_STATES.get(result['state'], result['state'])}"))


def _script(app: App, result: Row) -> None:
    for each in result["answers"]:
        app.print(flat(_STATUS_LINE.format(**each)))
        if each["response"]:
            app.print(f"     {flat(each['response'])}")


def _of_keys(result: Row) -> list[str]:
    """
    Warnings of the keys of a dry run.
    """
    from cardgw.operations.gp_warnings import TRIAL, for_trial

    keys = result.get("keys", ()) if result.get("dry_run") else ()
    return [for_trial(each["name"]) for each in keys if not TRIAL.isdisjoint(map(bytes.fromhex, each.get("check_values", ())))]


def _rehearsed(app: App, result: Row) -> None:
    """
    Plain commands a line each, and what the keys are known by: it can be given to C{cardgw gp script}.
    """
    for line in _rehearsal(result):
        app.print(flat(line))
    if not result["commands"]:
        app.say("What is said to the card depends on its answers, and on the session.")


def _rehearsal(result: Row) -> Iterator[str]:
    for each in result.get("keys", ()):
        values = zip(("ENC", "MAC", "DEK"), each.get("check_values") or ("not told",), strict=False)
        told = ", ".join(f"{name} {value}" for name, value in values)
        of_master = " (of the master keys; each card has others)" if each.get("diversified") else ""
        known = each.get("kind") or f"check values {told}{of_master}"
        yield f"# keys {each['name']}, version {_number(each['version'])}: {known}"
    yield from map(_spaced, result["commands"])


def _spaced(text: str) -> str:
    """
    CLA, INS, P1, P2, Lc, the data, Le.
    """
    data = 2 * len(Command.decode(bytes.fromhex(text)).data)
    header, rest = [text[at : at + 2] for at in range(0, _HEADER, 2)], text[_HEADER:]
    if not data:
        return " ".join(filter(None, (*header, rest)))
    lc = 6 if rest.startswith("00") else 2
    return " ".join(filter(None, (*header, rest[:lc], rest[lc : lc + data], rest[lc + data :])))


_VIEWS: Mapping[str, View] = {
    "gp.info": _info,
    "gp.registry": _registry,
    "gp.install": _installed,
    "gp.delete": _deleted,
    "gp.keys.put": _keys_put,
    "gp.keys.delete": _keys_deleted,
    "gp.data.get": _data,
    "gp.data.store": _stored,
    "gp.certificates.get": _certificates,
    "gp.certificates.store": _certificates_stored,
    "gp.extradite": _extradited,
    "gp.privileges.set": _privileges,
    "gp.status.set": _status,
    "gp.script": _script,
}


def _either(view: View) -> View:
    def show(app: App, result: Row) -> None:
        for each in dict.fromkeys([*_of_keys(result), *result.get("warnings", ())]):
            app.say(warning(each))
        (_rehearsed if result.get("dry_run") else view)(app, result)

    return show


RESULTS: Mapping[str, View] = {name: _either(view) for name, view in _VIEWS.items()}
"""How they are shown, by operation."""
