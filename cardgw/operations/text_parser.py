# -*- test-case-name: tests.operations.test_text_parser -*-
"""
The commands that a card holder types in place of an activation code: C{/ln delete}.  Upper and lower case are one, and so are one
blank and many.
"""

from __future__ import annotations

from difflib import get_close_matches

from attrs import frozen

from cardgw.errors import ParameterError

SIGN = "/"
FORMS = {
    "profiles": "/profiles",
    "enable": "/enable <profile>",
    "disable": "/disable <profile>",
    "ln": "/ln [install|enable|disable|delete]",
    "process": "/process <number>",
    "data": "/data <KiB>",
    "help": "/help",
}
"""How each command is typed.  C{/ln}, C{/process} and C{/data} are those of estkme-cloud."""
_ALIASES = {"": "help", "?": "help", "profile": "profiles", "list": "profiles", "notifications": "ln"}
_SHOWN = 30


class UnknownCommand(ParameterError):
    """
    There is no such text command.
    """

    @property
    def brief(self) -> str:
        """
        See L{cardgw.errors.CardGatewayError.brief}.
        """
        return f"{self.detail}. {self.hint}"


class WrongForm(ParameterError):
    """
    The text command is not typed like this.
    """

    @property
    def brief(self) -> str:
        """
        See L{cardgw.errors.CardGatewayError.brief}.
        """
        return f"{self.detail}. {self.hint}" if self.hint else f"{self.detail}."


@frozen
class Typed:
    """
    What was typed.

    @ivar name: one of L{FORMS}.
    @ivar argument: the rest, single blanks between its words.
    @ivar text: all of it.
    """

    name: str
    argument: str
    text: str


def parse_text_command(text: str) -> Typed:
    """
    @param text: with the sign or without.
    @raise UnknownCommand: there is no such command; the text names them all, and the nearest one.
    """
    words = text.strip().removeprefix(SIGN).split()
    typed = words[0].casefold() if words else ""
    name = _ALIASES.get(typed, typed)
    if name not in FORMS:
        near = get_close_matches(typed, FORMS, 1, 0.5)
        question = f"Did you mean {SIGN}{near[0]}? " if near else ""
        raise UnknownCommand(
            f"No command {SIGN}{_short(typed)}", hint=f"{question}Commands: {' '.join(SIGN + each for each in FORMS)}"
        )
    return Typed(name, " ".join(words[1:]), text)


def number(typed: Typed, low: int, high: int, what: str) -> int:
    """
    The argument as a number.

    @param what: what is counted, for people.
    @raise WrongForm: it is none, or not within these bounds.
    """
    digits = typed.argument
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > len(str(high)) or not low <= int(digits) <= high:
        raise wrong_form(typed, f"{what} is a number from {low} to {high}")
    return int(digits)


def wrong_form(typed: Typed, hint: str = "") -> WrongForm:
    """
    What to say where an argument is wrong or missing.
    """
    return WrongForm(f"Type it like this: {FORMS[typed.name]}", hint=f"{hint[:1].upper()}{hint[1:]}." if hint else "")


def no_argument(typed: Typed) -> None:
    """
    @raise WrongForm: there is one.
    """
    if typed.argument:
        raise wrong_form(typed)


def _short(word: str) -> str:
    return word if len(word) <= _SHOWN else word[:_SHOWN] + "..."
