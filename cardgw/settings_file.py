# -*- test-case-name: tests.test_settings_file -*-
"""
The settings file as C{cardgw init} prints it: every setting that the gateway and its plugins declare, with its default, commented
out, and what it means.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap
from typing import Any

from attrs import NOTHING

from cardgw.config import ALL_OPERATIONS, DEFAULT_TRANSPORT, answers, operation_settings, transport_settings
from cardgw.fields import Option, boolean, options, text
from cardgw.gateway.registry import Registry
from cardgw.gateway.settings import JobSettings, ManagementSettings, StoreSettings
from cardgw.gateway.webhook_settings import WebhookSettings
from cardgw.key_settings import KeySettings
from cardgw.log import LogSettings, PrivacySettings
from cardgw.lpa.settings import HttpsSettings
from cardgw.quirks import Quirks
from cardgw.texts.settings import TextSettings
from cardgw.values import ANY, ARRIVAL
from cardgw.web.settings import WebSettings

WIDTH = 100
_HEAD = """\
# The settings of cardgw.  Every setting is here with its default, commented out: change what you need, and remove its #.
# Files in conf.d/ beside this one are read after it, in the order of their names; of two values the later one counts.
#
# Check it with:  cardgw check-config FILE
# Run it with:    twistd -n cardgw --config FILE
"""
_PLAIN = (text, boolean)
"""Kinds of which the default says it all."""
_ENTRY_NAMES = {"hosts": "smdp.example.com"}
"""What stands for the free name of an entry, in the example of a table of tables."""
_OFF = "  Off unless this table is there."
_QUIRKS = """\
# What is odd about a kind of card.  Each entry says what it matches (everything, if nothing) and what is different then.
# Of several entries that match, the later one counts.
"""
_REQUESTS = """\
# Which operation answers which request of a card; "" for none, and "stay" to let the card wait for operators.
"""
_ARRIVALS = """\
# A card that has just come is identified.  What is said here of its kind counts before what is said of every "arrival";
# "" says nothing of it.
"""
_ANY = """\
# Any name may stand here that cards ask for (the first part of their path); "*" is what answers all others.
"""
_QUIRK_VALUES: Mapping[str, Any] = {
    "transport": "estk",
    "atr": bytes.fromhex("3B9F96801F"),
    "segment_size": 120,
    "isd_r": bytes.fromhex("A0000005591010FFFFFFFF8900000100"),
    "refresh": False,
}
_WEBHOOKS = """\
# Who is told what happens: each event is posted there as JSON, and tried again until it is taken.
"""
_WEBHOOK_VALUES: Mapping[str, Any] = {
    "name": "helpdesk",
    "url": "https://helpdesk.example.com/cards",
    "events": ("job.ended", "job.waiting"),
    "secret": "webhook",
    "roots": "",
}
_ALL_OPERATIONS = "What holds for every operation that has this setting; the table of an operation itself counts more."
_SECRETS = """\
# Where secrets are that settings and operations call by a name; the secrets themselves are not written here.
#   file:PATH         a file that only its owner may read
#   env:NAME          an environment variable
#   credential:NAME   a credential of systemd (LoadCredential= in the unit)
#   command:COMMAND   what a command prints
[secrets]
#webhook = "credential:webhook"
"""
_KEYS = """\
# Key sets of cards that operations call by a name (secure channels, signatures, gp.keys.put).  These say
# where the keys are, as [secrets] does, or in which PKCS#11 token.  Either enc, mac and dek, or one master,
# in hexadecimal; or a private key in PEM with what belongs to it (SCP11), or only what belongs to it; or
# the key that a card's side shares with a psk: listener (TLS-PSK), or a file with those of many.
"""
_KEY_VALUES: Mapping[str, Mapping[str, Any]] = {
    "issuer": {
        "version": 0x30,
        "cipher": "aes",
        "enc": "file:/etc/cardgw/keys/issuer-enc",
        "mac": "file:/etc/cardgw/keys/issuer-mac",
        "dek": "file:/etc/cardgw/keys/issuer-dek",
    },
    "batch": {"master": "credential:batch-master", "diversification": "kdf3"},
    "token": {
        "master": "pkcs11:token=cards;object=master?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/cardgw/pin"
    },
    "administrator": {
        "version": 3,
        "private": "file:/etc/cardgw/keys/administrator.pem",
        "passphrase": "credential:administrator",
        "certificates": ["/etc/cardgw/keys/administrator-chain.pem"],
        "roots": ["/etc/cardgw/keys/cards-root.pem"],
        "variant": "c",
        "identifier": 0x15,
        "authority_identifier": 0x10,
        "authority_version": 3,
        "host_id": "0102030405060708",
        "card_ids": ["1112131415161718"],
    },
    "anybody": {"roots": ["/etc/cardgw/keys/cards-root.pem"], "without_receipt": True},
    "signer": {"public": "/etc/cardgw/keys/signer.pem"},
    "card-1": {
        "identity": "card-1",
        "psk": "file:/etc/cardgw/keys/card-1",
        "agent": "//se-id/eid/89001012012341234012345678901224",
    },
    "fleet": {"psk_file": "file:/etc/cardgw/keys/psk.txt"},
}


def render(registry: Registry) -> str:
    """
    The whole file, for the plugins that are installed.
    """
    parts = [
        _HEAD,
        _section("log", LogSettings, "What is logged."),
        _section("privacy", PrivacySettings, "Personal data in the log."),
        _section("https", HttpsSettings, "HTTPS to the servers that cards and their holders name (SM-DP+)."),
        _section("store", StoreSettings, "What must not be lost."),
        _section("jobs", JobSettings, "What is to be done to cards."),
        _section("management", ManagementSettings, "Cards that stay for operators (remote management)."),
        _section("texts", TextSettings, "What card holders read."),
        _section("web", WebSettings, "The HTTP API, which the cardgw command uses too."),
    ]
    for transport in registry.transports():
        parts += _transport(transport.plugin, registry)
    parts += _operations([each.plugin for each in registry.operations()])
    arrays = _array("webhooks", _WEBHOOKS, WebhookSettings, _WEBHOOK_VALUES), _array("quirks", _QUIRKS, Quirks, _QUIRK_VALUES)
    return "\n".join([*parts, _SECRETS, _KEYS + "\n".join(_key_sets()), *arrays])


def _key_sets() -> Iterator[str]:
    for name, values in _KEY_VALUES.items():
        given = [each for each in options(KeySettings) if each.name in values]
        yield f'#[keys."{name}"]\n' + "".join(_lines(given, values))


def _array(name: str, comment: str, settings: type, example: Mapping[str, Any]) -> str:
    return f"{comment}#[[{name}]]\n" + "".join(_lines(options(settings), example))


def _transport(plugin: Any, registry: Registry) -> Iterator[str]:
    declared = [each for each in options(transport_settings(plugin.settings)) if each.name != "requests"]
    off = "" if plugin.name == DEFAULT_TRANSPORT else "#"
    comment = _sentence(plugin.summary) + (_OFF if off else "")
    yield f"# {comment}\n{off}[transports.{plugin.name}]\n" + "".join(_lines(_enabled_first(declared)))
    if plugin.requests:
        installed = answers(plugin, [each.plugin.name for each in registry.operations()])
        keys = {request: _value(request) if request == ANY else request for request in plugin.requests}
        lines = [f"#{key} = {_value(installed.get(request, ''))}\n" for request, key in keys.items()]
        comment = _REQUESTS + (_ARRIVALS if ARRIVAL in plugin.requests else "") + (_ANY if ANY in plugin.requests else "")
        yield f"{comment}{off}[transports.{plugin.name}.requests]\n" + "".join(lines)


def _operations(plugins: Iterable[Any]) -> Iterator[str]:
    """
    The settings that several operations have stand once, in the table for all.
    """
    declared = {plugin.name: options(operation_settings(plugin.settings)) for plugin in plugins}
    count = Counter(each.name for found in declared.values() for each in found)
    common = {each.name: each for found in declared.values() for each in found if count[each.name] > 1 and each.name != "enabled"}
    if common:
        yield _declared(f'operations."{ALL_OPERATIONS}"', common.values(), _ALL_OPERATIONS)
    for plugin in plugins:
        own = [each for each in declared[plugin.name] if each.name not in common]
        yield _declared(f'operations."{plugin.name}"', own, _sentence(plugin.summary))


def _section(name: str, settings: type, comment: str) -> str:
    return _declared(name, options(settings), comment)


def _declared(name: str, declared: Iterable[Option], comment: str) -> str:
    every = _enabled_first(declared)
    return f"# {comment}\n[{name}]\n" + "".join(_lines(every)) + "".join(_tables(name, every))


def _enabled_first(declared: Iterable[Option]) -> list[Option]:
    return sorted(declared, key=lambda each: each.name != "enabled")


def _lines(declared: Iterable[Option], examples: Mapping[str, Any] | None = None) -> Iterator[str]:
    for each in declared:
        if each.kind.entries is None and each.kind.table is None:
            value = each.default if examples is None else examples[each.name]
            yield from _comment(each)
            yield from (f"#{line}\n" for line in f"{each.name} = {_value(value)}".splitlines())


def _comment(each: Option) -> Iterator[str]:
    expected = "" if each.kind in _PLAIN else f" Expected: {each.kind.expected}."
    yield from (f"# {line}\n" for line in wrap(_sentence(each.help) + expected, WIDTH))


def _tables(name: str, declared: Iterable[Option]) -> Iterator[str]:
    for each in declared:
        if each.kind.table is not None:
            yield f"\n# {_sentence(each.help)}\n[{name}.{each.name}]\n"
            yield from _lines(options(each.kind.table))
        if each.kind.entries is not None:
            entry = _ENTRY_NAMES.get(each.name, "name")
            yield f'\n# {_sentence(each.help)} For example:\n#[{name}.{each.name}."{entry}"]\n'
            yield from _lines(options(each.kind.entries))


def _sentence(words: str) -> str:
    first = words[:1].upper() if words[:2].islower() else words[:1]  # "eSTK.me" stays
    return first + words[1:].rstrip(".") + "."


def _value(value: Any) -> str:
    """
    A value as TOML writes it, and as its kind parses it.
    """
    if value is None or value is NOTHING:
        return '""'
    if isinstance(value, bytes):
        return json.dumps(value.hex().upper())
    if isinstance(value, (bool, int, float, str)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (tuple, list)):
        items = [_value(each) for each in value]
        line = f"[{', '.join(items)}]"
        return line if len(line) <= WIDTH else "[\n" + "".join(f"    {each},\n" for each in items) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)} = {_value(each)}" for key, each in value.items()) + "}"
    return json.dumps(str(value))
