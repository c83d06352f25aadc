# -*- test-case-name: tests.gp.test_registry_tree -*-
"""
A registry as a whole: what belongs to what, and the listing that people know from GlobalPlatformPro.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import frozen

from cardgw.gp.life_cycle import Kind
from cardgw.gp.privileges import privilege_names
from cardgw.gp.registry import Entry, selection_text

MOST_DEPTH = 16
"""Of domains in domains."""


@frozen
class Node:
    """
    An entry, and those that belong to it.
    """

    entry: Entry
    children: tuple[Node, ...] = ()


@frozen
class Registry:
    """
    All entries, in the order in which the card told them.
    """

    entries: tuple[Entry, ...] = ()

    def of(self, *kinds: Kind) -> tuple[Entry, ...]:
        """
        Entries of these kinds.
        """
        return tuple(each for each in self.entries if each.kind in kinds)

    def find(self, aid: bytes, *kinds: Kind) -> Entry | None:
        """
        The entry with this AID, of any kind if none is named.
        """
        return next((each for each in self.entries if each.aid == aid and (not kinds or each.kind in kinds)), None)

    @property
    def isd(self) -> Entry | None:
        """
        The issuer security domain; C{None} where another domain cannot see it.
        """
        return next(iter(self.of(Kind.ISD)), None)

    def instances(self, load_file: Entry) -> tuple[Entry, ...]:
        """
        What was installed from a load file, and would go with it.  Where the card does not tell, those whose AIDs are of its
        modules.
        """
        return tuple(
            each
            for each in self.of(Kind.APP, Kind.SSD)
            if (each.load_file == load_file.aid if each.load_file else each.aid in load_file.modules)
        )

    def tree(self) -> tuple[Node, ...]:
        """
        Domains with what belongs to them.  What belongs to itself, to nothing or to something unknown stands at the top; so does
        what belongs to itself by way of others, or is deeper than L{MOST_DEPTH}.
        """
        domains = {each.aid: each for each in reversed(self.entries) if each.is_domain}
        below: dict[bytes, list[Entry]] = {}
        top = []
        for each in self.entries:
            if _is_below(each, domains):
                below.setdefault(each.domain, []).append(each)
            else:
                top.append(each)
        return tuple(_node(each, domains, below) for each in top)


def _is_below(entry: Entry, domains: Mapping[bytes, Entry]) -> bool:
    for depth in range(MOST_DEPTH):
        above = domains.get(entry.domain)
        if above is None or above is entry:
            return depth > 0
        entry = above
    return False


def _node(entry: Entry, domains: Mapping[bytes, Entry], below: Mapping[bytes, list[Entry]]) -> Node:
    inside = below.get(entry.aid, []) if domains.get(entry.aid) is entry else []
    return Node(entry, tuple(_node(each, domains, below) for each in inside))


def listing(registry: Registry) -> str:
    """
    The registry as lines of text: C{ISD: A000000151000000 (OP_READY)} and, below, what else is known.
    """
    return "".join("".join(f"{line}\n" for line in _lines(each)) + "\n" for each in registry.entries)


def _lines(entry: Entry) -> Iterator[str]:
    yield f"{entry.kind.value}: {_hex(entry.aid)} ({entry.state_name})"
    for name, value in _details(entry):
        if value:
            yield f"     {name + ':':<9} {value}"


def _details(entry: Entry) -> Iterator[tuple[str, str]]:
    yield "Parent", _hex(entry.domain)
    if entry.kind is Kind.PKG:
        yield "Version", version_text(entry.version)
        yield from (("Applet", _hex(each)) for each in entry.modules)
        return
    yield "From", _hex(entry.load_file)
    yield "Selected", ", ".join(filter(None, map(selection_text, entry.implicit)))
    yield "Privs", ", ".join(privilege_names(entry.privileges))


def version_text(version: bytes) -> str:
    """
    C{"1.0"} for the two bytes of a version; others in hex.
    """
    return f"{version[0]}.{version[1]}" if len(version) == 2 else _hex(version)


def _hex(octets: bytes) -> str:
    return octets.hex().upper()
