# -*- test-case-name: tests.apdu.test_mini_language -*-
"""
Scripts as text: a command on each line, and the statuses that it may end in.

    # the OATH application
    00A4040008A000000527210101 = 9000 | 61xx
    A1=
    84/08=9000

A line is in hexadecimal (the whole command APDU), or in the mini-language of ykman, C{[CLA]INS[P1P2][:DATA][/LE]}.  It is in the
mini-language if it has a colon or a slash, or less than four bytes; four bytes alone mean the same in both.  What is left out of
CLA, P1 and P2 is 00.  C{/LE} has two digits, or four for the extended form; 00 and 0000 ask for all there is.  Without C{/LE}
there is no Le field.

After C{=} come the statuses after which the script goes on, with C{|} between them and C{x} for any digit; C{=} alone is
C{=9000}.  Without C{=} any status will do.

Blanks count for nothing, upper and lower case are one, and C{#} begins a comment.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from attrs import field, frozen

from cardgw.apdu.command import EXTENDED_LE, SHORT_LE, Command
from cardgw.apdu.script import ANY
from cardgw.errors import ParameterError

COMMENT = "#"
SUCCESS = "9000"
HEADER_BYTES = 4
_HEX = "0123456789ABCDEF"
_WILD = "x"
_STATUS_DIGITS = 4


class ScriptError(ParameterError):
    """
    The script cannot be read.
    """


@frozen
class ScriptLine:
    """
    A command and what is expected of it.

    @ivar command: may hold secrets, and is not shown.
    @ivar expected: patterns of four digits, C{x} for any; none where any status will do.
    @ivar number: of the line, from 1; 0 where it is not from a text.
    """

    command: Command = field(repr=False)
    expected: tuple[str, ...] = ()
    number: int = field(default=0, eq=False)

    @property
    def statuses(self) -> tuple[range, ...]:
        """
        What is expected, as L{cardgw.apdu.script.Step} has it.
        """
        return tuple(each for pattern in self.expected for each in _ranges(pattern)) or (ANY,)

    def allows(self, status: int) -> bool:
        """
        Whether a status is as expected.
        """
        return any(status in each for each in self.statuses)


def _ranges(pattern: str) -> Iterable[range]:
    fixed = pattern.rstrip(_WILD)
    size = 16 ** (len(pattern) - len(fixed))
    for digits in product(*(_HEX if digit == _WILD else digit for digit in fixed)):
        start = int("".join(digits) or "0", 16) * size
        yield range(start, start + size)


def render(lines: Iterable[ScriptLine]) -> str:
    """
    The text of a script, in hexadecimal.
    """
    return "".join(f"{_rendered(each)}\n" for each in lines)


def _rendered(line: ScriptLine) -> str:
    octets = line.command.encode().hex().upper()
    return f"{octets} = {' | '.join(line.expected)}" if line.expected else octets


def parse_script(text: str) -> tuple[ScriptLine, ...]:
    """
    The commands of a script.

    @raise ScriptError: a line is wrong; the text says which, where, and not what is in it.
    """
    lines = (_Line(number, line).parsed() for number, line in enumerate(text.splitlines(), 1))
    return tuple(each for each in lines if each is not None)


class _Part:
    """
    A piece of a line without blanks, that knows where its characters were.
    """

    def __init__(self, characters: list[tuple[int, str]], end: int) -> None:
        self.text = "".join(character for _, character in characters)
        self._characters = characters
        self._end = end

    def column(self, at: int) -> int:
        """
        Where a character is, from 1; of one too far, where the piece ends.
        """
        return self._characters[at][0] if at < len(self._characters) else self._end

    def split(self, mark: str) -> tuple[_Part, _Part | None]:
        """
        What is before and after the first of these marks; the second is C{None} where there is none.
        """
        at = self.text.find(mark)
        if at < 0:
            return self, None
        return _Part(self._characters[:at], self.column(at)), _Part(self._characters[at + 1 :], self._end)


class _Line:
    """
    One line of a script.
    """

    def __init__(self, number: int, text: str) -> None:
        self._number = number
        code = text.partition(COMMENT)[0]
        kept = [(column, character) for column, character in enumerate(code, 1) if not character.isspace()]
        self._code = _Part(kept, len(code.rstrip()) + 1)

    def parsed(self) -> ScriptLine | None:
        """
        @return: C{None} for an empty line.
        @raise ScriptError: see L{parse_script}.
        """
        if not self._code.text:
            return None
        command, expected = self._code.split("=")
        return ScriptLine(self._command(command), () if expected is None else self._expected(expected), self._number)

    def _wrong(self, part: _Part, at: int, problem: str) -> ScriptError:
        return ScriptError(f"line {self._number}, column {part.column(at)}: {problem}")

    def _command(self, part: _Part) -> Command:
        mini = ":" in part.text or "/" in part.text or len(part.text) < 2 * HEADER_BYTES
        try:
            return self._mini(part) if mini else Command.decode(self._octets(part, "a command"))
        except ValueError as problem:
            raise self._wrong(part, 0, str(problem)) from None

    def _mini(self, part: _Part) -> Command:
        before, length = part.split("/")
        header, data = before.split(":")
        octets = self._octets(header, "[CLA]INS[P1P2]")
        if len(octets) > HEADER_BYTES:
            raise self._wrong(header, 2 * HEADER_BYTES, "CLA, INS, P1 and P2 are four bytes; a colon comes before the data")
        cla = 0 if len(octets) % 2 else octets[0]
        ins, p1, p2 = (*octets[1 - len(octets) % 2 :], 0, 0)[:3]
        body = b"" if data is None else self._octets(data, "data after the colon")
        if length is None:
            return Command(cla, ins, p1, p2, body)
        return Command(cla, ins, p1, p2, body, *self._le(length))

    def _le(self, part: _Part) -> tuple[int, bool]:
        octets = self._octets(part, "Le after the slash")
        if len(octets) > 2:
            raise self._wrong(part, 4, "Le has two digits, or four")
        extended = len(octets) == 2
        return int.from_bytes(octets, "big") or (EXTENDED_LE if extended else SHORT_LE), extended

    def _octets(self, part: _Part, what: str) -> bytes:
        """
        At least one byte.
        """
        for at, digit in enumerate(part.text):
            if digit.upper() not in _HEX:
                raise self._wrong(part, at, f"expected a hexadecimal digit, got {digit!r}")
        if not part.text or len(part.text) % 2:
            raise self._wrong(part, len(part.text), f"expected {what}, two digits for each byte")
        return bytes.fromhex(part.text)

    def _expected(self, part: _Part) -> tuple[str, ...]:
        if not part.text:
            return (SUCCESS,)
        patterns = []
        rest: _Part | None = part
        while rest is not None:
            pattern, rest = rest.split("|")
            patterns.append(self._pattern(pattern))
        return tuple(patterns)

    def _pattern(self, part: _Part) -> str:
        text = part.text.upper().replace(_WILD.upper(), _WILD)
        for at, digit in enumerate(text):
            if digit not in _HEX + _WILD:
                raise self._wrong(part, at, f"expected a status word such as 9000 or 61xx, got {part.text[at]!r}")
        if len(text) != _STATUS_DIGITS:
            raise self._wrong(part, min(len(text), _STATUS_DIGITS), "a status word has four digits; x stands for any")
        return text
