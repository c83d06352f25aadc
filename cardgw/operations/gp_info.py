# -*- test-case-name: tests.operations.test_gp_info -*-
"""
C{gp.info}: what a card of GlobalPlatform tells of itself; C{gp.registry}: what is on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.errors import CardError
from cardgw.gp import isd, key_information
from cardgw.gp.capabilities import CAPABILITIES, parse_capabilities
from cardgw.gp.card_data import CIN, CPLC, IIN, parse_cplc, parse_number
from cardgw.gp.get_status import read_registry
from cardgw.gp.key_information import parse_key_information
from cardgw.gp.privileges import privilege_names
from cardgw.gp.recognition_data import CARD_DATA, parse_recognition_data
from cardgw.gp.registry import Entry
from cardgw.gp.registry_tree import Node, listing, version_text
from cardgw.gp.resources import RESOURCES, parse_resources
from cardgw.identities import MOST_CIN, MOST_IIN
from cardgw.interfaces import IOperation, ISession
from cardgw.operations.gp_domain import Domain
from cardgw.operations.gp_head import GpParameters
from cardgw.operations.gp_operation import GpOperation
from cardgw.operations.gp_shown import capabilities_json, card_json, cplc_json, hexadecimal, key_json, resources_json

_T = TypeVar("_T")
_LISTING_HELP = "Without keys many cards do not tell; then the status is 6982 or 6985."


@implementer(IPlugin, IOperation)
class GpInfo(GpOperation):
    """
    See L{IOperation}.
    """

    name = "gp.info"
    summary = "tell what a GlobalPlatform card says of itself"
    help = """\
Reads how the card was made (CPLC), the numbers of issuer and card, the card data, the keys and the free memory.  Most cards tell
that to everybody: no keys are needed.  What the card does not tell is null; "problems" says why.
"""
    parameters: Any = GpParameters
    destructive = False

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        See L{GpOperation.perform}.

        @return: C{domain} (its AID), C{cplc}, C{iin}, C{cin}, C{card}, C{capabilities}, C{keys}, C{resources},
            and C{problems}: texts by the name of what could not be read.
        """
        session.stage("gp_info")
        read = _Reader(domain, {})
        return {
            "domain": hexadecimal(domain.aid),
            "cplc": await read("cplc", CPLC, lambda answer: cplc_json(parse_cplc(answer))),
            "iin": await read("iin", IIN, lambda answer: hexadecimal(parse_number(answer, IIN, MOST_IIN))),
            "cin": await read("cin", CIN, lambda answer: hexadecimal(parse_number(answer, CIN, MOST_CIN))),
            "card": await read("card", CARD_DATA, lambda answer: card_json(parse_recognition_data(answer))),
            "capabilities": await read("capabilities", CAPABILITIES, lambda told: capabilities_json(parse_capabilities(told))),
            "keys": await read("keys", key_information.TEMPLATE, lambda answer: [*map(key_json, parse_key_information(answer))]),
            "resources": await read("resources", RESOURCES, lambda answer: resources_json(parse_resources(answer))),
            "problems": read.problems,
        }


@frozen(eq=False)
class _Reader:
    domain: Domain
    problems: dict[str, str]

    async def __call__(self, name: str, tag: int, parse: Callable[[bytes], _T]) -> _T | None:
        try:
            return parse(await isd.get_data(self.domain.channel, tag, self.domain.number))
        except CardError as problem:
            self.problems[name] = str(problem)
            return None


@implementer(IPlugin, IOperation)
class GpRegistry(GpOperation):
    """
    See L{IOperation}.
    """

    name = "gp.registry"
    summary = "list the security domains, applications and load files of a GlobalPlatform card"
    help = f"""\
Lists what the security domain may see: with their states, privileges, and what belongs to what.  {_LISTING_HELP}
"""
    parameters: Any = GpParameters
    destructive = False

    async def perform(self, session: ISession, domain: Domain) -> dict[str, Any]:
        """
        See L{GpOperation.perform}.

        @return: C{entries}, each as L{entry_json} has it; C{tree}: C{aid} and C{children}; C{listing}: the same for people.
        """
        session.stage("gp_registry")
        found = await read_registry(domain.channel, number=domain.number)
        return {"entries": [*map(entry_json, found.entries)], "tree": _tree(found.tree()), "listing": listing(found)}


def entry_json(entry: Entry) -> dict[str, Any]:
    """
    An entry of the registry.  What the card does not tell is empty.
    """
    return {
        "kind": entry.kind.value,
        "aid": hexadecimal(entry.aid),
        "state": entry.state_name,
        "privileges": list(privilege_names(entry.privileges)),
        "domain": hexadecimal(entry.domain),
        "load_file": hexadecimal(entry.load_file),
        "version": version_text(entry.version),
        "modules": [*map(hexadecimal, entry.modules)],
        "implicit": list(entry.implicit),
    }


def _tree(nodes: Iterable[Node]) -> list[dict[str, Any]]:
    return [{"aid": hexadecimal(each.entry.aid), "children": _tree(each.children)} for each in nodes]
