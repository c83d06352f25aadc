# -*- test-case-name: tests.cli.test_layout -*-
"""
Tables as lines of text.  Nothing that is in them is ever cut off: where there is little room, cells are folded, and remarks go
below their rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from rich.text import Text

GAP, INDENT = 2, 4
"""Blanks between columns, and before a remark."""
FOLDED, NARROWEST = 10, 4
"""Widths to which columns are folded: those that are meant to be, and where that is not enough, others."""


@frozen
class Shape:
    """
    What may become of a column where there is little room.

    @ivar wide: it is folded.
    @ivar firm: it is never folded.
    @ivar remark: it goes below the row.
    """

    right: bool = False
    wide: bool = False
    firm: bool = False
    remark: bool = False


def lay_out(titles: Sequence[Text], rows: Sequence[Sequence[Text]], shapes: Sequence[Shape], room: int) -> list[Text]:
    """
    @param room: the columns of the terminal.
    @return: the lines, without blanks at their ends; longer than C{room} only where firm columns alone are.
    """
    found = widths_of([titles, *rows])
    if _width(found) <= room:
        return [line for row in (titles, *rows) for line in _lines(row, found, shapes)]
    kept = [index for index, each in enumerate(shapes) if not each.remark]
    below = [index for index, each in enumerate(shapes) if each.remark]
    inside = [shapes[index] for index in kept]
    widths = narrowed([found[index] for index in kept], inside, room)
    lines = _lines([titles[index] for index in kept], widths, inside)
    for row in rows:
        lines += _lines([row[index] for index in kept], widths, inside)
        lines += [line for index in below if row[index].plain != "-" for line in _remark(row[index], room)]
    return lines


def widths_of(rows: Sequence[Sequence[Text]]) -> list[int]:
    """
    The width of each column where there is room enough.
    """
    return [max(cell.cell_len for cell in column) for column in zip(*rows, strict=True)]


def _width(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def narrowed(widths: Sequence[int], shapes: Sequence[Shape], room: int) -> list[int]:
    """
    Widths that fit: the widest column gives way first.
    """
    found = list(widths)
    for least, yielding in ((FOLDED, [each.wide for each in shapes]), (NARROWEST, [not each.firm for each in shapes])):
        while _width(found) > room:
            left = [index for index, yields in enumerate(yielding) if yields and found[index] > least]
            if not left:
                break
            found[max(left, key=found.__getitem__)] -= 1
    return found


def _lines(row: Sequence[Text], widths: Sequence[int], shapes: Sequence[Shape]) -> list[Text]:
    from rich.text import Text

    found = []
    for parts in zip_longest(*(folded(cell, width) for cell, width in zip(row, widths, strict=True))):
        line = Text()
        for part, width, shape in zip(parts, widths, shapes, strict=True):
            cell = part or Text()
            pad = " " * (width - cell.cell_len)
            line = Text.assemble(line, pad, cell, " " * GAP) if shape.right else Text.assemble(line, cell, pad, " " * GAP)
        line.rstrip()
        found.append(line)
    return found


def _remark(cell: Text, room: int) -> list[Text]:
    from rich.text import Text

    return [Text.assemble(" " * INDENT, line) for line in folded(cell, max(room - INDENT, FOLDED))]


def folded(cell: Text, width: int) -> list[Text]:
    """
    A text in lines that are not wider than this; between words where that is possible.
    """
    from rich.cells import cell_len, chop_cells
    from rich.text import Text

    if cell.cell_len <= width:
        return [cell]
    lines: list[str] = [""]
    for word in cell.plain.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(longer) <= width:
            lines[-1] = longer
        else:
            lines += chop_cells(word, width)
    return [Text(line, style=cell.style) for line in lines if line]
