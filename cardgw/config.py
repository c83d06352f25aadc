# -*- test-case-name: tests.test_config -*-
"""
The settings: one TOML file, and the files in C{conf.d} beside it, checked against what the gateway and its plugins declare.

Every mistake is told with file, table, key, what was expected, and the nearest key that exists.  Without a file everything has
its default: eSTK.me cards on C{tcp:1888}.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from attrs import Factory, evolve, field, frozen, make_class

from cardgw.config_files import merged, read_files
from cardgw.errors import MissingPlugin, SettingsError
from cardgw.fields import boolean, build, mapping, option, options, text
from cardgw.gateway.registry import Registry
from cardgw.gateway.settings import JobSettings, ManagementSettings, StoreSettings
from cardgw.gateway.webhook_settings import WebhookSettings, check_secrets, named
from cardgw.interfaces import ITransport
from cardgw.key_settings import KeySettings, key_settings
from cardgw.log import LogSettings, PrivacySettings
from cardgw.lpa.settings import HttpsSettings
from cardgw.quirks import Quirks
from cardgw.secrets import Source, secret_source
from cardgw.texts.settings import TextSettings
from cardgw.values import ANY, ARRIVAL, ARRIVALS, LINK, STAY
from cardgw.web.settings import WebSettings

DEFAULT_TRANSPORT = "estk"
"""The transport that is on without a word in the settings."""
ARRAYS = ("webhooks", "quirks")
"""The arrays of tables of the file."""
TABLES = (
    "log",
    "privacy",
    "https",
    "store",
    "jobs",
    "management",
    "texts",
    "web",
    "transports",
    "operations",
    "secrets",
    "keys",
    *ARRAYS,
)
"""The tables of the file."""
ALL_OPERATIONS = "*"
"""The table of C{[operations]} whose settings hold for every operation that has them."""
KINDS = ARRIVALS.keys() - {ARRIVAL}
"""Requests of which nothing is said where they have no answer: then what is said of every card that comes counts."""
COMMAND_LINE = "command line"
"""What an error calls the place of settings that are not in a file."""


@frozen
class Config:
    """
    All settings.

    @ivar transports: the settings of each transport that is on, by name.
    @ivar operations: the settings of each operation that is on, by name.
    @ivar routes: transport and request to the name of an operation, or to L{STAY}; see L{cardgw.gateway.recognition.route_of}.
    @ivar secrets: where each secret is, by name.
    @ivar keys: where the keys of each key set are, by name.
    @ivar webhooks: who is told what happens.
    @ivar files: what was read.
    """

    log: LogSettings = field(factory=LogSettings)
    privacy: PrivacySettings = field(factory=PrivacySettings)
    https: HttpsSettings = field(factory=HttpsSettings)
    store: StoreSettings = field(factory=StoreSettings)
    jobs: JobSettings = field(factory=JobSettings)
    management: ManagementSettings = field(factory=ManagementSettings)
    texts: TextSettings = field(factory=TextSettings)
    web: WebSettings = field(factory=WebSettings)
    transports: Mapping[str, Any] = field(factory=dict)
    operations: Mapping[str, Any] = field(factory=dict)
    routes: Mapping[tuple[str, str], str] = field(factory=dict)
    secrets: Mapping[str, Source] = field(factory=dict)
    keys: Mapping[str, KeySettings] = field(factory=dict)
    webhooks: tuple[WebhookSettings, ...] = ()
    quirks: tuple[Quirks, ...] = ()
    files: tuple[Path, ...] = ()


def load_config(path: Path | None, registry: Registry, overrides: Mapping[str, Any] | None = None) -> Config:
    """
    Read the settings, or take the defaults where C{path} is C{None}.

    @param registry: the plugins, which declare their settings.
    @param overrides: settings of the command line, as TOML would have them; they count most.
    @raise SettingsError: (or L{MissingPlugin}) the first mistake.
    """
    files = read_files(path) if path is not None else {}
    parts = {**{str(each): content for each, content in files.items()}, COMMAND_LINE: overrides or {}}
    for name, content in parts.items():
        _config(content, registry, name)  # so that a mistake is told with the file that has it
    file = str(path) if path is not None else COMMAND_LINE
    whole = _config(merged(parts.values()), registry, file)
    check_secrets(whole.webhooks, whole.secrets, f"{file}: [[webhooks]]")
    return evolve(whole, files=tuple(files))


def transport_settings(settings: type) -> type:
    """
    The settings class of a transport, with the keys that every transport has.
    """
    words = f'which operation answers which request of a card; "" for none, "{STAY}" to let it wait for operators'
    requests = option(mapping(text), words, default=Factory(dict))
    return make_class(settings.__name__, {"enabled": _enabled(), "requests": requests}, bases=(settings,), frozen=True)


def operation_settings(settings: type) -> type:
    """
    The settings class of an operation, with the keys that every operation has.
    """
    return make_class(settings.__name__, {"enabled": _enabled()}, bases=(settings,), frozen=True)


def _enabled() -> Any:
    return option(boolean, "whether it is used", default=True)


def _config(content: Mapping[str, Any], registry: Registry, file: str) -> Config:
    for key in content:
        if key not in TABLES:
            raise SettingsError(f"{file}: [{key}]: unknown table", hint=_nearest(key, TABLES))
    tables = {name: _table(content.get(name, {}), f"{file}: [{name}]") for name in TABLES if name not in ARRAYS}
    transports = _transports(tables["transports"], registry, file)
    operations = _operations(tables["operations"], registry, file)
    sources = {str(key): _source(value, f"{file}: [secrets] {key}") for key, value in tables["secrets"].items()}
    return Config(
        log=build(LogSettings, tables["log"], f"{file}: [log]"),
        privacy=build(PrivacySettings, tables["privacy"], f"{file}: [privacy]"),
        https=build(HttpsSettings, tables["https"], f"{file}: [https]"),
        store=build(StoreSettings, tables["store"], f"{file}: [store]"),
        jobs=build(JobSettings, tables["jobs"], f"{file}: [jobs]"),
        management=build(ManagementSettings, tables["management"], f"{file}: [management]"),
        texts=build(TextSettings, tables["texts"], f"{file}: [texts]"),
        web=build(WebSettings, tables["web"], f"{file}: [web]"),
        transports=transports,
        operations=operations,
        routes=_routes(transports, operations, registry, file),
        secrets=sources,
        keys=_keys(tables["keys"], file),
        webhooks=_webhooks(content.get("webhooks", []), f"{file}: [[webhooks]]"),
        quirks=_quirks(content.get("quirks", []), registry, f"{file}: [[quirks]]"),
    )


def _transports(tables: Mapping[str, Any], registry: Registry, file: str) -> dict[str, Any]:
    found = {}
    for name in dict.fromkeys((*_shipped(registry), *tables)):
        where = f"{file}: [transports.{name}]"
        declared = transport_settings(_plugin(registry.transport, name, where).settings)
        settings: Any = build(declared, _table(tables.get(name, {}), where), where)
        if settings.enabled:
            found[name] = settings
    return found


def _operations(tables: Mapping[str, Any], registry: Registry, file: str) -> dict[str, Any]:
    common = _table(tables.get(ALL_OPERATIONS, {}), f'{file}: [operations."{ALL_OPERATIONS}"]')
    names = [*(each.plugin.name for each in registry.operations()), *(name for name in tables if name != ALL_OPERATIONS)]
    found: dict[str, Any] = {}
    used: set[str] = set()
    for name in dict.fromkeys(names):
        where = f'{file}: [operations."{name}"]'
        declared = operation_settings(_plugin(registry.operation, name, where).settings)
        own = {key.replace("-", "_"): value for key, value in _table(tables.get(name, {}), where).items()}
        known = {each.name for each in options(declared)}
        shared = {key: value for key, value in common.items() if key.replace("-", "_") in known}
        used |= shared.keys()
        settings: Any = build(declared, {**_without(shared, own), **own}, where)
        if settings.enabled:
            found[name] = settings
    for key in common.keys() - used:
        raise SettingsError(f'{file}: [operations."{ALL_OPERATIONS}"] {key}: no operation has this setting')
    return found


def _without(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in shared.items() if key.replace("-", "_") not in own}


def _routes(
    transports: Mapping[str, Any], operations: Mapping[str, Any], registry: Registry, file: str
) -> dict[tuple[str, str], str]:
    routes: dict[tuple[str, str], str] = {}
    for transport, settings in transports.items():
        plugin = registry.transport(transport)
        free = ANY in plugin.requests
        for request, name in settings.requests.items():
            where = f"{file}: [transports.{transport}.requests] {request}"
            _check_request(request, plugin, where)
            _check_answer(name, operations, registry, where)
        found = {**answers(plugin, operations), **settings.requests}
        routes.update({(transport, request): name for request, name in found.items() if name or (free and request not in KINDS)})
    return routes


def _check_request(request: str, plugin: ITransport, where: str) -> None:
    if request == LINK:
        raise SettingsError(f"{where}: with this come cards that have a link, which says itself what is done")
    if request in plugin.requests:
        return
    if ANY not in plugin.requests:
        raise SettingsError(f"{where}: unknown request", hint=_nearest(request, tuple(plugin.requests), "requests"))
    if not request or "/" in request:
        raise SettingsError(f"{where}: expected one part of a path, without a slash")


def answers(transport: ITransport, operations: Container[str]) -> dict[str, str]:
    """
    What answers the requests of a transport's cards where settings do not say.

    @param operations: the names of those that there are; requests for others are left out.
    """
    return {request: name for request, name in transport.requests.items() if name == STAY or name in operations}


def _check_answer(name: str, operations: Mapping[str, Any], registry: Registry, where: str) -> None:
    if name in ("", STAY):
        return
    _plugin(registry.operation, name, where)
    if name not in operations:
        raise SettingsError(f'{where}: the operation {name} is not enabled (see [operations."{name}"])')


def _shipped(registry: Registry) -> list[str]:
    return [DEFAULT_TRANSPORT] if any(each.plugin.name == DEFAULT_TRANSPORT for each in registry.transports()) else []


def _plugin(find: Any, name: str, where: str) -> Any:
    try:
        return find(name)
    except MissingPlugin as missing:
        raise MissingPlugin(f"{where}: {missing.detail}", hint=missing.hint) from None


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SettingsError(f"{where}: expected a table, got {value!r}")
    return value


def _source(value: Any, where: str) -> Source:
    try:
        source: Source = secret_source.parse(value)
    except (ValueError, TypeError) as problem:
        reason = f" ({problem})" if str(problem) else ""
        raise SettingsError(f"{where}: expected {secret_source.expected}{reason}") from None  # never the value: it may be one
    return source


def _keys(tables: Mapping[str, Any], file: str) -> dict[str, KeySettings]:
    places = {str(name): f'{file}: [keys."{name}"]' for name in tables}
    return {name: key_settings(_table(tables[name], where), where) for name, where in places.items()}


def _webhooks(entries: Any, where: str) -> tuple[WebhookSettings, ...]:
    tables = _tables(entries, where, "webhooks")
    return named((build(WebhookSettings, each, where) for each in tables), where)


def _tables(entries: Any, where: str, name: str) -> list[Mapping[str, Any]]:
    if not isinstance(entries, list):
        raise SettingsError(f"{where}: expected an array of tables", hint=f"Each begins with [[{name}]].")
    return [_table(each, where) for each in entries]


def _quirks(entries: Any, registry: Registry, where: str) -> tuple[Quirks, ...]:
    built = tuple(build(Quirks, each, where) for each in _tables(entries, where, "quirks"))
    for each in built:
        if each.transport:
            _plugin(registry.transport, each.transport, f"{where} transport")
    return built


def _nearest(key: str, known: tuple[str, ...], what: str = "tables") -> str:
    near = get_close_matches(key, known, 1, 0.5)
    return f'Did you mean "{near[0]}"?' if near else f"Known {what}: {', '.join(known) or 'none'}."
