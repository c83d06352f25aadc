# -*- test-case-name: tests.lpa.test_es9_malformed -*-
"""
Tests for L{cardgw.lpa.es9}: answers that are not what ES9+ says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cardgw.apdu.tlv import encode
from cardgw.lpa.es9 import Es9, Es9Error, WrongTransaction
from cardgw.lpa.server_errors import MalformedServerAnswer
from tests.lpa.test_es9 import AUTHENTICATE, INITIATE, PACKAGE, TX, Es9TestCase, text


class MalformedTests(Es9TestCase):
    """
    Answers that are not what ES9+ says.
    """

    def calls(self, answer: Any, status: int = 200) -> list[tuple[str, Any]]:
        """
        All functions with an answer, at a server that answers so.
        """
        es9 = self.es9(answer, status)
        return [
            ("initiateAuthentication", es9.initiate_authentication(b"", b"")),
            ("authenticateClient", es9.authenticate_client(TX, b"")),
            ("authenticateClient", es9.authenticate_for_events(TX, b"")),
            ("getBoundProfilePackage", es9.get_bound_profile_package(TX, b"")),
        ]

    def test_notJson(self) -> None:
        """
        Not JSON, JSON of another kind, nothing at all, and JSON without a status are each told with the function's name.
        """
        deep = b"[" * 100000
        for answer in (
            b"<html>",
            b"",
            b"\xff\xfe",
            deep,
            b"[]",
            b"5",
            b"null",
            b'"x"',
            b"{}",
            b'{"header": 5}',
            b'{"header": {}}',
        ):
            for function, work in self.calls(answer):
                self.assertIn(f"{function}: ", str(self.error(work)))

    def test_unknownStatus(self) -> None:
        """
        A status that does not exist is no success.
        """
        wrong: list[Any] = ["Executed", "executed-success", 1, None, {}, []]
        for status in wrong:
            header = {"functionExecutionStatus": {"status": status}}
            self.error(self.es9(PACKAGE | {"header": header}).get_bound_profile_package(TX, b""))

    def test_noContent(self) -> None:
        """
        204 where there must be an answer is told.
        """
        for _, work in self.calls(b"", 204):
            self.assertIn("empty", str(self.error(work)))

    def test_fields(self) -> None:
        """
        Each field that is missing, of another type or another data object is named.
        """
        functions: tuple[tuple[dict[str, Any], Callable[[Es9], Any]], ...] = (
            (INITIATE, lambda es9: es9.initiate_authentication(b"", b"")),
            (AUTHENTICATE, lambda es9: es9.authenticate_client(TX, b"")),
            (PACKAGE, lambda es9: es9.get_bound_profile_package(TX, b"")),
        )
        wrong: list[Any] = [None, 5, {}, [], True, text(encode(0xBF7F, b"")), "zz"]
        for good, call in functions:
            for name in good.keys() - {"header"}:
                for value in wrong:
                    error = self.error(call(self.es9(good | {name: value})))
                    if not isinstance(error, WrongTransaction):
                        self.assertIn(name, str(error))

    def test_events(self) -> None:
        """
        The events of an SM-DS are a list, of this session.
        """
        good: dict[str, Any] = {"header": PACKAGE["header"], "transactionId": TX, "eventEntries": []}
        for value in (None, "soon", 5, {"eventId": "A"}):
            error = self.error(self.es9(good | {"eventEntries": value}).authenticate_for_events(TX, b""))
            self.assertIn("eventEntries is", str(error))
        self.error(self.es9(good | {"transactionId": "00"}).authenticate_for_events(TX, b""), WrongTransaction)

    def test_transactionId(self) -> None:
        """
        The first transactionId must be one: hexadecimal, up to 16 bytes.
        """
        for value in ("", "0", "012", "xy", "00" * 17, " 00"):
            self.error(self.es9(INITIATE | {"transactionId": value}).initiate_authentication(b"", b""))
        self.result(self.es9(INITIATE | {"transactionId": "0a"}).initiate_authentication(b"", b""))

    def test_echo(self) -> None:
        """
        Later ones must be the same, in whatever case.
        """
        for good, call in (
            (AUTHENTICATE, lambda es9: es9.authenticate_client(TX, b"")),
            (PACKAGE, lambda es9: es9.get_bound_profile_package(TX, b"")),
        ):
            self.result(call(self.es9(good | {"transactionId": TX.lower()})))
            self.error(call(self.es9(good | {"transactionId": "00"})), WrongTransaction)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.text(max_size=5),
            lambda x: (
                st.lists(x)
                | st.dictionaries(st.sampled_from(["header", "functionExecutionStatus", "status", "statusCodeData", "x"]), x)
            ),
            max_leaves=8,
        )
    )
    def test_anything(self, answer: Any) -> None:
        """
        Whatever JSON comes, it ends in an error of the server's.
        """
        for _, work in self.calls(answer):
            self.assertIsInstance(self.error(work, Exception), (MalformedServerAnswer, Es9Error))
