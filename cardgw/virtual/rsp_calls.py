# -*- test-case-name: tests.virtual.test_smdp_later,tests.virtual.test_smds -*-
"""
Calls of a server of SGP.22, JSON values in and out (6.5), and ways to have them go wrong.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from cardgw.virtual.smdp_answers import Refusal, failure, header
from cardgw.virtual.smdp_sessions import Session
from cardgw.virtual.smdp_tamper import Answer, Tampering

Request: TypeAlias = Mapping[str, Any]
Result: TypeAlias = tuple[dict[str, Any] | None, Session | None]


def _untouched(answer: Answer) -> None:
    return None


class Calls:
    """
    The functions that a server offers.

    @ivar tamper: wrong answers by function name, see L{cardgw.virtual.smdp_tamper}.
    """

    def __init__(self, functions: Mapping[str, Callable[[Request], Result]]) -> None:
        """
        @param functions: by name; each gives the fields of its answer, or C{None} for an answer without a body, and the session.
        """
        self.tamper: dict[str, Tampering] = {}
        self._functions = functions
        self._refusals: defaultdict[str, deque[Refusal]] = defaultdict(deque)

    def fail_next(self, function: str, subject: str, reason: str, message: str = "") -> None:
        """
        Refuse the next call of a function with this pair of codes; several calls of this queue up.
        """
        self._refusals[function].append(Refusal(subject, reason, message))

    def handle(self, function: str, request: Request) -> dict[str, Any] | None:
        """
        Answer one call.

        @param function: the last part of the path: C{initiateAuthentication} and so on.
        @return: the JSON object to send, or C{None}: nothing, with HTTP status 204.
        @raise LookupError: there is no such function.
        """
        run = self._functions[function]
        try:
            if self._refusals[function]:
                raise self._refusals[function].popleft()
            values, session = run(request)
        except Refusal as refusal:
            return failure(refusal)
        if values is None:
            return None
        answer = Answer({"header": header()} | values, session)
        self.tamper.get(function, _untouched)(answer)
        return answer.values
