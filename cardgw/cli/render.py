# -*- test-case-name: tests.cli.test_render -*-
"""
Lists and values as people read them; for programs, the JSON of the API as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from cardgw.cli.app import App, Style
from cardgw.cli.layout import Shape, lay_out
from cardgw.cli.text import clean, flat

if TYPE_CHECKING:
    from rich.text import Text

STATES = {
    "done": "green",
    "enabled": "green",
    "delivered": "green",
    "running": "cyan",
    "waiting": "yellow",
    "failed": "red",
    "refused": "red",
}
"""The colours of states."""

NOTHING = "-"


@frozen
class Column:
    """
    One column of a table.

    @ivar value: gives what is in it; nothing is shown as a dash.
    @ivar wide: it may be folded where the terminal is narrow.
    @ivar minor: it is left out there.
    @ivar firm: it is never folded: ids, so that they can be copied.
    @ivar remark: it goes below the row where there is no room for it beside the others.
    """

    title: str
    value: Callable[[Mapping[str, Any]], Any]
    wide: bool = False
    right: bool = False
    minor: bool = False
    firm: bool = False
    remark: bool = False


def key(name: str) -> Callable[[Mapping[str, Any]], Any]:
    """
    A value that is shown as it is.
    """
    return lambda row: row.get(name)


def shown(value: Any) -> str:
    """
    A value in one line.
    """
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(shown, value)) or NOTHING
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {shown(each)}" for name, each in value.items()) or NOTHING
    return flat(value)


def table(app: App, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], empty: str) -> None:
    """
    Print a table.

    @param empty: what people are told if there are no rows.
    """
    if not rows:
        app.say(empty)
        return
    from rich.text import Text

    used = _used(app, columns, rows)
    titles = [Text(each.title, style="bold") for each in used]
    cells = [[_cell(shown(each.value(row))) for each in used] for row in rows]
    shapes = [Shape(right=each.right, wide=each.wide, firm=each.firm, remark=each.remark) for each in used]
    for line in lay_out(titles, cells, shapes, app.out.width):
        if app.out.is_terminal:
            app.out.print(line, soft_wrap=True)
        else:
            app.print(line.plain)


def _cell(text: str) -> Text:
    from rich.text import Text

    return Text(text, style=STATES.get(text, ""))


def _used(app: App, columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> list[Column]:
    """
    Those that people see; programs that cut columns out of a table get all of them.
    """
    if not app.out.is_terminal:
        return list(columns)
    found = [each for each in columns if not (app.narrow and each.minor)]
    return [each for each in found if any(shown(each.value(row)) != NOTHING for row in rows)]


def _put(app: App, made: Any) -> None:
    """
    Without the blanks at the ends of lines, where nobody sees colours.
    """
    if app.out.is_terminal:
        app.out.print(made)
        return
    with app.out.capture() as captured:
        app.out.print(made)
    app.print("\n".join(line.rstrip() for line in captured.get().splitlines()))


def listing(app: App, columns: Sequence[Column], found: Mapping[str, Any], empty: str) -> None:
    """
    Print a list of the API.

    @param found: with C{items}, and C{next} if there are more.
    """
    if app.style is Style.JSON:
        app.print_json(found)
        return
    table(app, columns, found["items"], empty)
    if found.get("next"):
        app.say("There are more: see --limit.")


def facts(app: App, pairs: Sequence[tuple[str, Any]]) -> None:
    """
    Print names and values, one below the other.
    """
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, show_header=False, show_edge=False)
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in pairs:
        text = value if isinstance(value, str) and value else shown(value)
        made.add_row(Text(flat(name)), Text(clean(text), style=STATES.get(text, "")))
    _put(app, made)


def tree(app: App, value: Mapping[str, Any], indent: str = "") -> None:
    """
    Print the result of any operation.
    """
    for name, each in value.items():
        if isinstance(each, Mapping) and each:
            app.print(f"{indent}{flat(name)}:")
            tree(app, each, indent + "  ")
        elif isinstance(each, list) and any(isinstance(item, Mapping) for item in each):
            app.print(f"{indent}{flat(name)}:")
            for item in each:
                app.print(f"{indent}  - {shown(item)}")
        else:
            app.print(f"{indent}{flat(name)}: {shown(each)}")
