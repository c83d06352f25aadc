# -*- test-case-name: tests.virtual.test_ram_kinds -*-
"""
The RAMOverHTTP clients that there are, as data: all in which one differs from another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from attrs import frozen

from cardgw.virtual import ram_verdicts
from cardgw.virtual.ram_jar import Jar, OneCookie, WholeJar
from cardgw.virtual.ram_template import OURS as OUR_RUNNER
from cardgw.virtual.ram_template import CurlRunner, JavaRunner, Runner, always_one, one_byte
from cardgw.virtual.ram_tlv import INITIATION, MOST_COMMAND, MOST_RESPONSE, RESET, tlv
from cardgw.virtual.ram_verdicts import Verdict

MEDIA_TYPE = "application/org.openscdp-content-mgt-response;version=1.0"
PROTOCOL = "openscdp-remote-admin/1.0"
JAVA = "Java/17.0.15"
T1 = 1


@frozen
class Facts:
    """
    What the headers of a request are made of.

    @ivar authority: host and port.
    @ivar cookie: C{None} for none.
    @ivar credentials: C{user:password} of the URL, in Base64; empty for none.
    @ivar size: bytes of the body; C{None} for a request without one.
    @ivar number: of the POST; one that is sent once more has the same.
    """

    authority: str
    cookie: str | None
    credentials: str
    size: int | None
    number: int = 0


Headers: TypeAlias = Callable[[Facts], list[tuple[str, str]]]


def curl_headers(facts: Facts) -> list[tuple[str, str]]:
    """
    As ram-client sends them.
    """
    found = [("Host", facts.authority)]
    if facts.credentials:
        found.append(("Authorization", f"Basic {facts.credentials}"))
    if facts.cookie is not None:
        found.append(("Cookie", facts.cookie))
    found += [("Content-Type", MEDIA_TYPE), ("Accept", "*/*"), ("X-Admin-Protocol", PROTOCOL)]
    return [*found, ("Content-Length", str(facts.size or 0))]


def java_headers(facts: Facts) -> list[tuple[str, str]]:
    """
    As an OpenCard client sends them; user and password of the URL are not used.
    """
    found = [("Content-Type", MEDIA_TYPE), ("Cookie", facts.cookie or ""), ("User-Agent", JAVA), ("Host", facts.authority)]
    found += [("Accept", "text/html, image/gif, image/jpeg, */*; q=0.2"), ("Connection", "keep-alive")]
    return found if facts.size is None else [*found, ("Content-Length", str(facts.size))]


def our_headers(facts: Facts) -> list[tuple[str, str]]:
    """
    As our own client sends them: it says that it completes answers, and numbers what it sends.
    """
    return [*curl_headers(facts), ("X-Cardgw-Completes", "yes"), ("X-Cardgw-Number", str(facts.number))]


@frozen
class Kind:
    """
    A client.

    @ivar patience: seconds that a POST may take in all; C{None} for any time.
    @ivar limits: the most bytes of a command and of an answer, as it tells them in its initiation.
    @ivar protocols: what it can speak with a card; empty for anything.
    @ivar redirects: it follows, and turns a POST into a GET then.
    @ivar retries_new: it posts once more, too, where a connection ends that was not used before.
    @ivar cancels: when the card is pulled out it says so on another connection.
    @ivar verbatim: a session id with C{=} in it is a whole cookie.
    @ivar failure: its exit status when something goes wrong.
    """

    name: str
    headers: Headers
    runner: Runner
    verdict: Verdict
    jar: Callable[[str], Jar]
    patience: float | None = None
    limits: tuple[int, int] | None = None
    protocols: tuple[int, ...] = ()
    redirects: bool = False
    retries_new: bool = False
    cancels: bool = False
    verbatim: bool = False
    failure: int = 0

    def initiation(self, atr: bytes) -> bytes:
        """
        Its first body.
        """
        parts = [tlv(RESET, atr)]
        if self.limits is not None:
            parts += [tlv(tag, number.to_bytes(2, "big")) for tag, number in zip(LIMITS, self.limits, strict=True)]
        return tlv(INITIATION, *parts)


LIMITS = (MOST_COMMAND, MOST_RESPONSE)
RAM_CLIENT = Kind(
    "ram-client", curl_headers, CurlRunner(), ram_verdicts.curl, WholeJar, patience=40.0, protocols=(T1,), failure=1
)
OCF13 = Kind(
    "ocf13",
    java_headers,
    JavaRunner(always_one, tells_loss=False),
    ram_verdicts.opencard_13,
    OneCookie,
    redirects=True,
    retries_new=True,
)
OCF20 = Kind(
    "ocf20",
    java_headers,
    JavaRunner(one_byte),
    ram_verdicts.opencard_20,
    OneCookie,
    limits=(2000, 2048),
    redirects=True,
    retries_new=True,
    cancels=True,
    verbatim=True,
)
OURS = Kind("ours", our_headers, OUR_RUNNER, ram_verdicts.plain, WholeJar, cancels=True, verbatim=True, failure=1)
KINDS: Mapping[str, Kind] = MappingProxyType({each.name: each for each in (RAM_CLIENT, OCF13, OCF20, OURS)})
"""By name."""
