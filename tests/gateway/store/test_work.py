# -*- test-case-name: tests.gateway.store.test_work -*-
"""
L{cardgw.gateway.store.work}.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, insert, select
from twisted.trial.unittest import SynchronousTestCase

from cardgw.gateway.faults import StoreError
from cardgw.gateway.store.database import database_of
from cardgw.gateway.store.tables import AUDIT, MEMORY, METADATA
from cardgw.gateway.store.work import Call, Link, Row, Writer

REMEMBER = insert(MEMORY)
NOTE = insert(AUDIT)


def remember(key: str, value: Any = b"") -> Row:
    """
    A row of one table.
    """
    return Row("memory", REMEMBER, lambda: {"card": "c", "key": key, "value": value, "sealed": False}, key)


def note(who: str) -> Row:
    """
    A row of another.
    """
    return Row("audit", NOTE, lambda: {"time": 1.0, "who": who, "action": "", "target": "", "detail": ""})


class WorkTests(SynchronousTestCase):
    """
    Transactions in memory.
    """

    def setUp(self) -> None:
        """
        Make the tables.
        """
        self.database = database_of("sqlite://")
        self.addCleanup(self.database.close)
        self.writer = Writer(self.database)
        self.addCleanup(self.writer.link.close)
        self.writer([Call("meta", METADATA.create_all)])
        self.statements: list[tuple[str, bool]] = []
        self.writer([Call("meta", lambda connection: event.listen(connection, "before_cursor_execute", self.noted))])

    def noted(self, *given: Any) -> None:
        """
        Note a statement, and whether it is for several rows.
        """
        self.statements.append((given[2].split(" (")[0].replace("\n", " "), given[5]))

    def keys(self) -> list[str]:
        """
        What is there.
        """
        look = Call("memory", lambda connection: list(connection.execute(select(MEMORY.c.key).order_by(MEMORY.c.key)).scalars()))
        self.writer([look])
        found: list[str] = look.outcome
        return found

    def test_together(self) -> None:
        """
        Rows of one statement go together, table by table, in one transaction.
        """
        tasks = [remember("1"), note("a"), remember("2"), note("b"), remember("3")]
        before = self.writer.commits
        self.writer(tasks)
        self.assertEqual([task.outcome for task in tasks], ["1", None, "2", None, "3"])
        self.assertEqual(self.writer.commits, before + 1)
        expected = [("BEGIN IMMEDIATE", False), ("INSERT INTO audit", True), ("INSERT INTO memory", True)]
        self.assertEqual(self.statements, expected)

    def test_orderInTable(self) -> None:
        """
        What is done to one table is done in its order.
        """
        count = Call("memory", lambda connection: len(connection.execute(select(MEMORY)).all()))
        self.writer([remember("1"), note("a"), count, note("b"), remember("2")])
        self.assertEqual(count.outcome, 1)
        self.assertEqual(self.keys(), ["1", "2"])

    def test_oneWrong(self) -> None:
        """
        One that cannot be written fails, with its own error; the others are written.
        """
        tasks = [remember("1"), remember("2", object()), remember("1"), remember("3")]
        self.writer(tasks)
        self.assertEqual([type(task.outcome) for task in tasks], [str, StoreError, StoreError, str])
        self.assertEqual(self.keys(), ["1", "3"])
        self.assertEqual(self.writer.link.trouble, "")

    def test_rolledBack(self) -> None:
        """
        What fails in its midst leaves nothing.
        """

        def run(connection: Any) -> None:
            connection.execute(REMEMBER, {"card": "c", "key": "1", "value": b"", "sealed": False})
            raise ValueError("secret")

        task = Call("memory", run)
        self.writer([task])
        self.assertIn("ValueError", str(task.outcome))
        self.assertNotIn("secret", str(task.outcome))
        self.assertEqual(self.keys(), [])

    def test_general(self) -> None:
        """
        Where the database cannot be used, all fail, at once, each with an error of its own, and the reason is kept.
        """
        tasks = [remember("1"), Call("memory", lambda connection: connection.exec_driver_sql("nonsense")), remember("2")]
        before = self.writer.commits
        self.writer(tasks)
        self.assertEqual([type(task.outcome) for task in tasks], [StoreError] * 3)
        self.assertEqual(len({id(task.outcome) for task in tasks}), 3)
        self.assertIn("nonsense", self.writer.link.trouble)
        self.assertEqual(self.writer.commits, before)
        self.writer([remember("1")])
        self.assertEqual(self.writer.link.trouble, "")

    def test_otherwise(self) -> None:
        """
        Where the statement may have passed over a row, each is asked what became of it.
        """
        once = self.database.insert(MEMORY).on_conflict_do_nothing().execution_options(preserve_rowcount=True)

        def row(key: str) -> Row:
            values = {"card": "c", "key": key, "value": b"", "sealed": False}
            return Row("memory", once, lambda: values, "written", lambda connection: "asked")

        tasks = [row("1"), row("2")]
        self.writer(tasks)
        self.assertEqual([task.outcome for task in tasks], ["written"] * 2)
        tasks = [row("2"), row("3")]
        self.writer(tasks)
        self.assertEqual([task.outcome for task in tasks], ["asked"] * 2)
        self.assertEqual(self.keys(), ["1", "2", "3"])


class LinkTests(SynchronousTestCase):
    """
    L{Link}.
    """

    def test_cannot(self) -> None:
        """
        A database that cannot be opened is tried once, and its reason kept until it can.
        """
        directory = self.mktemp()
        link = Link(database_of(f"sqlite:///{__file__}/{directory}"))
        fault = link.attempt(lambda connection: self.fail("connected"))
        self.assertTrue(fault.general)
        self.assertIn("Not a directory", str(fault.error))
        self.assertIn("Not a directory", link.trouble)
        link.close()
