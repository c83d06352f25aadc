# -*- test-case-name: tests.cli.test_perform -*-
"""
From what was typed to a job, and from the job to a result: which card, is it really meant, queue it, wait, show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click
from attrs import field, frozen

from cardgw.cli import views
from cardgw.cli.app import App, Style
from cardgw.cli.choose import Target, choose
from cardgw.cli.errors import DONE, GatewayUnreachable, JobFailed, NotConfirmed, RequestRefused
from cardgw.cli.parameters import HIDDEN
from cardgw.cli.progress import Reporter
from cardgw.cli.text import clean, segment
from cardgw.cli.wait import ENDED, Job, Waiting
from cardgw.errors import ParameterError

DIGITS = 4
"""Of an ICCID, that somebody types who means to delete the profile."""
UNKNOWN = "What is said to the card depends on its answers: those commands are known only while it runs."


@frozen
class Order:
    """
    What is to be done.

    @ivar secrets: the names of parameters that are not shown.
    @ivar acts: programs are told how far it has come; otherwise it is a question, and they get the answer alone.
    @ivar confirm: asks whether it is really meant, where something may be lost; gives the order again, or a more exact one.
    @ivar preview: what is known of what will be said to the card.
    @ivar record: how what is said to the card is recorded, or empty for not at all.
    @ivar queued: is told of the job.
    """

    operation: str
    parameters: Mapping[str, Any] = field(factory=dict, repr=False)
    secrets: frozenset[str] = frozenset()
    acts: bool = True
    confirm: Callable[[App, Target, Order], Order] | None = None
    preview: str = UNKNOWN
    record: str = ""
    queued: Callable[[Job], object] = lambda _: None

    def body(self, address: str) -> dict[str, Any]:
        """
        As the API takes it.
        """
        found: dict[str, Any] = {"operation": self.operation, "card": address, "parameters": dict(self.parameters)}
        if self.record:
            found["record"] = self.record
        return {**found, "confirm": True} if self.confirm is not None else found


def perform(app: App, order: Order) -> int:
    """
    Do all of it.

    @return: the exit status.
    """
    app.acts = order.acts
    check_style(app)
    target = choose(app)
    if app.flags.dry_run:
        _preview(app, order, target)
        return DONE
    if order.confirm is not None and not app.flags.yes:
        if not app.may_ask:
            raise NotConfirmed(f"{order.operation} can destroy something")
        order = order.confirm(app, target, order)
    job, since = submit(app, order, target)
    order.queued(job)
    if target.card is not None if app.flags.wait is None else app.flags.wait:
        _say_why_it_waits(app, target)
        return follow(app, job, since)
    _queued(app, job, target)
    return DONE


def _say_why_it_waits(app: App, target: Target) -> None:
    if target.card is None:
        app.say(f"{target.named} is not here; waiting for it to come. Control-C cancels the job.")
    elif target.card.get("job"):
        app.say("The card is busy; the job waits for its turn.")


def check_style(app: App) -> None:
    """
    @raise ParameterError: results cannot be written in two ways.
    """
    if app.flags.json and app.flags.lpac:
        raise ParameterError("--json and --lpac cannot be had together")


def submit(app: App, order: Order, target: Target) -> tuple[Job, str]:
    """
    Queue a job: see L{Api.submit}.
    """
    return app.api.submit(order.body(target.address), app.new_key())


def result_of(app: App, order: Order, target: Target) -> Job:
    """
    Ask a card something on the way to something else, without a word.

    @return: the result.
    @raise JobFailed: there is none.
    """
    job = Waiting(app, submit(app, order, target)[0], Reporter()).wait()
    if job["state"] != "done":
        raise JobFailed(job)
    return job["result"] or {}


def _preview(app: App, order: Order, target: Target) -> None:
    body = order.body(target.address)
    body["parameters"] = {name: HIDDEN if name in order.secrets else value for name, value in body["parameters"].items()}
    app.print_json({"method": "POST", "path": "/api/v1/jobs", "body": body})
    if target.card is None:
        app.say(f"{target.named} is not here: this would wait for it.")
    app.say(order.preview)


def _queued(app: App, job: Job, target: Target) -> None:
    if app.style is Style.JSON:
        app.print_json(job)
    elif app.style is Style.LPAC:
        app.print_line({"type": "lpa", "payload": {"code": 0, "message": "queued", "data": {"job": job["id"]}}})
    elif app.style is Style.LINES and app.flags.wait is None:
        app.print_line({"event": "job.queued", "job": job["id"], "operation": job["operation"], "card": job["card"]})
    else:
        app.print(clean(job["id"]))
    if target.card is None:
        app.say(f"{target.named} is not here: the job runs when it comes. `cardgw jobs watch {job['id']}` waits for it.")


def follow(app: App, job: Job, since: str = "", *, cancels: bool = True) -> int:
    """
    Wait for the end of a job, and show what came of it.

    @param since: the id of an event, if all that happens to the job comes after it.
    @param cancels: whether Control-C cancels the job.
    @return: the exit status.
    @raise JobFailed: it did not succeed.
    """
    from cardgw.cli.progress import reporter_for

    waiting = Waiting(app, job, reporter_for(app), stays=bool(app.flags.wait), last=since)
    try:
        return _finish(app, waiting.wait())
    except (KeyboardInterrupt, click.Abort):
        if not cancels:
            app.say(f"The job goes on: `cardgw jobs watch {job['id']}`.")
            raise
        return _cancelled(app, waiting)


def _cancelled(app: App, waiting: Waiting) -> int:
    app.say("\nCancelling the job. Control-C again leaves it alone.")
    path = f"jobs/{segment(waiting.job['id'])}"
    try:
        try:
            job = app.api.post(f"{path}/cancel", patient=True)
        except RequestRefused:
            job = app.api.get(path)
    except (KeyboardInterrupt, GatewayUnreachable):
        app.say(f"See what became of it: `cardgw jobs show {waiting.job['id']}`.")
        raise click.Abort from None
    if job["state"] not in ENDED:
        app.say(f"It cannot be cancelled now: `cardgw jobs watch {job['id']}`.")
        raise click.Abort
    waiting.reporter.ended(job)
    return _finish(app, job, interrupted=True)


def _finish(app: App, job: Job, *, interrupted: bool = False) -> int:
    from cardgw.cli.progress import ended_as_meant

    if job["state"] == "done" or (interrupted and ended_as_meant(job)):
        show_result(app, job)
        return DONE
    if job.get("result") and app.style is Style.HUMAN:
        views.so_far(app, job["operation"], job["result"])
    raise JobFailed(job, interrupted=interrupted)


def show_result(app: App, job: Job) -> None:
    """
    Print the result of a job; programs that follow lines have it by now.
    """
    if app.style is Style.HUMAN:
        views.result(app, job["operation"], job["result"] or {})
    elif app.style is Style.JSON:
        app.print_json(job["result"])


def really(question: str) -> Callable[[App, Target, Order], Order]:
    """
    Ask for the word yes.
    """

    def confirm(app: App, target: Target, order: Order) -> Order:
        asked = f"{question.removesuffix('.')} (card {target.named}). Type yes to go on"
        if app.ask(asked).strip().lower() != "yes":
            app.say("Nothing was done.")
            raise click.Abort
        return order

    return confirm
