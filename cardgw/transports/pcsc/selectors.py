# -*- test-case-name: tests.transports.pcsc.test_selectors -*-
"""
Which readers are used, and what they are called.

    >>> matches("acr39u", Seen("ACS ACR39U ICC Reader 01 00", 1))
    True
    >>> matches("atr:3B9F*", Seen("ACS ACR39U ICC Reader 01 00", 1, bytes.fromhex("3B9F95")))
    True
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from attrs import define, field, frozen
from twisted.logger import Logger

_log = Logger()
_ATR = "atr:"
_ATR_DIGITS = re.compile(r"[0-9A-Fa-f*? ]+")
_WILD = frozenset("*?[")


@frozen
class Seen:
    """
    A reader, as selectors see it.

    @ivar name: what pcscd calls it.
    @ivar index: its place in the sorted list of readers, from 0.
    @ivar atr: of the card in it; empty where there is none, or a mute one.
    """

    name: str
    index: int
    atr: bytes = b""


def well_formed(selector: str) -> str:
    """
    The same selector.

    @raise ValueError: it is none; the text says why.
    """
    if not selector.strip():
        raise ValueError("it is empty")
    if _is_atr(selector) and not _ATR_DIGITS.fullmatch(selector[len(_ATR) :]):
        raise ValueError("after atr: come hexadecimal digits, * and ?")
    return selector


def matches(selector: str, reader: Seen) -> bool:
    """
    Whether a selector that is no alias means this reader (or the card in it).  The case of letters does not count.
    """
    if selector.isdecimal():
        return int(selector) == reader.index
    if _is_atr(selector):
        wanted = selector[len(_ATR) :].replace(" ", "")
        return bool(reader.atr) and fnmatchcase(reader.atr.hex(), wanted.lower())
    name, wanted = reader.name.casefold(), selector.casefold()
    return wanted in name or (not _WILD.isdisjoint(wanted) and fnmatchcase(name, f"*{wanted}*"))


def _is_atr(selector: str) -> bool:
    return selector[: len(_ATR)].lower() == _ATR


@define(eq=False)
class Selection:
    """
    Which readers are used, and what people call them.  A reader keeps its alias as long as it is there.

    @ivar readers: selectors and aliases.
    @ivar ignore: likewise; they count more.
    @ivar names: a selector for each alias.
    """

    readers: Sequence[str]
    ignore: Sequence[str] = ()
    names: Mapping[str, str] = field(factory=dict)
    _called: dict[str, str] = field(factory=dict, init=False)
    _told: set[tuple[str, str]] = field(factory=set, init=False)

    def wants(self, reader: Seen) -> bool:
        """
        Whether this reader is used, with what is in it.
        """
        return self._any(self.readers, reader) and not self._any(self.ignore, reader)

    def _any(self, selectors: Sequence[str], reader: Seen) -> bool:
        return any(matches(self.names.get(each, each), reader) for each in selectors)

    def called(self, reader: Seen) -> str:
        """
        What a reader is called: its alias, or as pcscd does.  The second reader of one alias goes without.
        """
        for alias, selector in self.names.items():
            if self._called.get(alias) == reader.name:
                return alias
            if not matches(selector, reader):
                continue
            if alias not in self._called:
                self._called[alias] = reader.name
                return alias
            self._tell_clash(alias, reader.name)
        return reader.name

    def forget(self, name: str, *, card: bool = False) -> None:
        """
        A reader is gone.

        @param card: only the card in it is: so is an alias that meant the card.
        """
        for alias in [each for each, reader in self._called.items() if reader == name]:
            if not card or _is_atr(self.names[alias]):
                del self._called[alias]

    def _tell_clash(self, alias: str, name: str) -> None:
        if (alias, name) not in self._told:
            self._told.add((alias, name))
            _log.warn(
                "{reader}: keeps its name, because {alias} in [transports.pcsc.names] means {other}, too",
                event="reader-name-taken",
                reader=name,
                alias=alias,
                other=self._called[alias],
            )
