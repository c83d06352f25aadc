# -*- test-case-name: tests.cli.test_progress -*-
"""
How far a job has come: bars for people, lines for programs, lpac's lines for programs that read those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, Task, TaskID, TextColumn
from rich.text import Text

from cardgw.cli.app import App, Style
from cardgw.cli.text import WARNINGS, flat, stage_text, warning

UNPACKED = {"lpa.profiles": "profiles", "notifications.list": "notifications"}
"""Operations of which lpac prints a part of the result alone."""
LASTING = frozenset({"card.attach"})
"""Operations that go on until they are cancelled: that is their ordinary end."""
_BAR = 24


def ended_as_meant(job: Mapping[str, Any]) -> bool:
    """
    Whether a job was cancelled that ends in no other way, and has come to something.
    """
    return job.get("state") == "cancelled" and job.get("operation") in LASTING and bool(job.get("result"))


class Reporter:
    """
    Is told what happens to a job; says nothing.
    """

    def stage(self, job: Mapping[str, Any], name: str, facts: Mapping[str, Any]) -> None:
        """
        A stage begins.
        """

    def percent(self, job: Mapping[str, Any], done: int) -> None:
        """
        The present stage has come so far.
        """

    def other(self, kind: str, job: Mapping[str, Any], **more: Any) -> None:
        """
        Something else happened: the kinds are those of the API's events.
        """

    def ended(self, job: Mapping[str, Any]) -> None:
        """
        There will be no more.
        """

    @contextmanager
    def aside(self) -> Iterator[None]:
        """
        Meanwhile the terminal is used for something else.
        """
        yield

    def close(self) -> None:
        """
        Leave the terminal as it should be.
        """


class Sentences(Reporter):
    """
    A line for each stage, on something that is no terminal.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def stage(self, job: Mapping[str, Any], name: str, facts: Mapping[str, Any]) -> None:
        """
        See L{Reporter}.
        """
        self._say(stage_text(name, facts))


class _Bar(BarColumn):
    """
    Nothing where it is not known how far it is.
    """

    def render(self, task: Task) -> Any:
        return Text() if task.total is None else super().render(task)


class Bars(Reporter):
    """
    Stages that are done, the present one with its bar below them.
    """

    def __init__(self, console: Console) -> None:
        ascii_only = not (console.encoding or "").lower().startswith("utf")
        self._done, self._failed = ("+", "x") if ascii_only else ("\u2713", "\u2717")
        self._progress = Progress(
            SpinnerColumn("line" if ascii_only else "dots"),
            TextColumn("{task.description}", markup=False),
            _Bar(_BAR),
            TextColumn("{task.fields[told]}", markup=False),
            console=console,
            transient=True,
        )
        self._task: TaskID | None = None
        self._name = self._sentence = ""

    def stage(self, job: Mapping[str, Any], name: str, facts: Mapping[str, Any]) -> None:
        """
        See L{Reporter}.  More that becomes known of the present stage is told in its place.
        """
        if self._task is not None and name == self._name:
            self._sentence = stage_text(name, facts)
            self._progress.update(self._task, description=self._sentence)
            return
        self._finish(self._done, "green")
        self._name, self._sentence = name, stage_text(name, facts)
        self._progress.start()
        self._task = self._progress.add_task(self._sentence, total=None, told="")

    def percent(self, job: Mapping[str, Any], done: int) -> None:
        """
        See L{Reporter}.
        """
        if self._task is not None:
            self._progress.start()
            self._progress.update(self._task, total=100, completed=done, told=f"{done} %", refresh=True)

    def ended(self, job: Mapping[str, Any]) -> None:
        """
        See L{Reporter}.
        """
        good = job.get("state") == "done" or ended_as_meant(job)
        self._finish(self._done if good else self._failed, "green" if good else "red")
        self.close()

    def _finish(self, mark: str, style: str) -> None:
        if self._task is not None:
            self._progress.console.print(Text.assemble((mark, style), " ", self._sentence))
            self._progress.remove_task(self._task)
            self._task = None

    @contextmanager
    def aside(self) -> Iterator[None]:
        """
        See L{Reporter}.
        """
        self._progress.stop()
        yield

    def close(self) -> None:
        """
        See L{Reporter}.
        """
        self._progress.stop()


class Lines(Reporter):
    """
    A JSON object a line: C{event} (a kind of the API's events), C{job}, and what is known.  The last one is C{job.ended}.
    """

    def __init__(self, write: Callable[[Any], None]) -> None:
        self._write = write

    def _line(self, kind: str, job: Mapping[str, Any], **more: Any) -> None:
        self._write({"event": kind, "job": job.get("id"), **more})

    def stage(self, job: Mapping[str, Any], name: str, facts: Mapping[str, Any]) -> None:
        """
        See L{Reporter}.
        """
        self._line("job.stage", job, stage=name, facts=dict(facts))

    def percent(self, job: Mapping[str, Any], done: int) -> None:
        """
        See L{Reporter}.
        """
        self._line("job.percent", job, percent=done)

    def other(self, kind: str, job: Mapping[str, Any], **more: Any) -> None:
        """
        See L{Reporter}.
        """
        self._line(kind, job, **more)

    def ended(self, job: Mapping[str, Any]) -> None:
        """
        See L{Reporter}.
        """
        named = {name: job.get(name) for name in ("operation", "card", "state", "result", "error")}
        self._line("job.ended", job, **named)


class LpacLines(Reporter):
    """
    What lpac prints (its documentation, "USAGE"): an envelope a line, the last one of the type C{lpa}.
    """

    def __init__(self, write: Callable[[Any], None]) -> None:
        self._write = write
        self._stage = ""

    def _line(self, kind: str, code: int, message: str, data: Any) -> None:
        self._write({"type": kind, "payload": {"code": code, "message": message, "data": data}})

    def stage(self, job: Mapping[str, Any], name: str, facts: Mapping[str, Any]) -> None:
        """
        See L{Reporter}.
        """
        self._stage = name
        self._line("progress", 0, name, facts.get("host") or dict(facts) or None)

    def ended(self, job: Mapping[str, Any]) -> None:
        """
        See L{Reporter}.
        """
        error = job.get("error")
        if job.get("state") == "done":
            found = job.get("result") or {}
            self._line("lpa", 0, "success", found.get(UNPACKED.get(str(job.get("operation")), ""), found))
        else:
            told = (error or {}).get("detail") or (error or {}).get("title") or ""
            self._line("lpa", -1, self._stage or str((error or {}).get("code") or job.get("state")), flat(told))


class Warnings(Reporter):
    """
    Tells what an operation warns of (the fact C{warnings}), each once.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told: set[str] = set()

    def stage(self, job: Mapping[str, Any], name: str, facts: Mapping[str, Any]) -> None:
        """
        See L{Reporter}.
        """
        for each in facts.get(WARNINGS, ()):
            if each not in self._told:
                self._told.add(each)
                self._say(warning(each))


class Both(Reporter):
    """
    Tells several.
    """

    def __init__(self, *reporters: Reporter) -> None:
        self._all = reporters

    def stage(self, job: Mapping[str, Any], name: str, facts: Mapping[str, Any]) -> None:
        """
        See L{Reporter}.
        """
        for each in self._all:
            each.stage(job, name, facts)

    def percent(self, job: Mapping[str, Any], done: int) -> None:
        """
        See L{Reporter}.
        """
        for each in self._all:
            each.percent(job, done)

    def other(self, kind: str, job: Mapping[str, Any], **more: Any) -> None:
        """
        See L{Reporter}.
        """
        for each in self._all:
            each.other(kind, job, **more)

    def ended(self, job: Mapping[str, Any]) -> None:
        """
        See L{Reporter}.
        """
        for each in self._all:
            each.ended(job)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """
        See L{Reporter}.
        """
        self.close()
        yield

    def close(self) -> None:
        """
        See L{Reporter}.
        """
        for each in self._all:
            each.close()


def reporter_for(app: App) -> Reporter:
    """
    Standard output is for programs that want lines; bars and sentences go to standard error, unless nobody wants them.
    """
    found: list[Reporter] = []
    if app.style is Style.LINES:
        found.append(Lines(app.print_line))
    elif app.style is Style.LPAC:
        found.append(LpacLines(app.print_line))
    if not app.flags.quiet:
        found.append(Warnings(app.say))
        if app.err.is_terminal:
            found.append(Bars(app.err))
        elif app.style in {Style.HUMAN, Style.JSON}:
            found.append(Sentences(app.say))
    return Both(*found)
