# -*- test-case-name: tests.functional.test_matrix -*-
"""
The table of the matrix test: the transports, each with a card that has the limits of the real ones, and what is done over them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from attrs import evolve, field, frozen

from cardgw.values import Feature
from cardgw.virtual.crl import issue_crl
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Delivery
from cardgw.virtual.security_domain_options import LEGACY, STRICT
from tests.functional.api_client import Json
from tests.functional.operators import HOST, NEW, TWO, activation_code, pki
from tests.gp.cap_maker import APPLET, PACKAGE, make_components, zipped
from tests.gp.card import ISD

Results: TypeAlias = Mapping[str, Json]
GET_EID = "80E2910006BF3E035C015A"


@frozen
class Line:
    """
    A transport.

    @ivar options: of the software eUICC that is reached over it.
    @ivar offers: what its channel offers.
    @ivar arrive: has that card come, given the test.
    """

    options: Mapping[str, Any]
    offers: frozenset[Feature]
    arrive: Callable[[Any, VirtualEuicc], Awaitable[object]]


LINES: Mapping[str, Line] = {
    "estk": Line({"pinned": True}, frozenset({Feature.SHOW}), lambda test, card: test.dial(card)),
    "vpcd": Line(
        {"pinned": False, "delivery": Delivery.T1},
        frozenset({Feature.SELECT, Feature.LOGICAL_CHANNELS}),
        lambda test, card: test.insert(card),
    ),
    "pcsc": Line(
        {"pinned": False, "delivery": Delivery.T0},
        frozenset({Feature.SELECT, Feature.LOGICAL_CHANNELS}),
        lambda test, card: test.put_in(card),
    ),
    "ramhttp": Line(
        {"pinned": False, "delivery": Delivery.T1},
        frozenset({Feature.SELECT, Feature.LOGICAL_CHANNELS, Feature.SHOW}),
        lambda test, card: test.lend(card),
    ),
}
"""By their names; a new transport is one more line."""


def _kept(results: Results) -> Json:
    """
    The notification that is still on the card.
    """
    (notice,) = results["notifications.list"]["notifications"]
    return {"numbers": [notice["seqNumber"]]}


OPERATIONS: Mapping[str, Callable[[Results], Json]] = {
    "lpa.info": lambda _: {},
    "lpa.profiles": lambda _: {},
    "lpa.default-smdp": lambda _: {"address": HOST},
    "profile.download": lambda _: {"activation_code": activation_code("P-1")},
    "lpa.nickname": lambda _: {"profile": NEW, "nickname": "Zoë"},
    "lpa.enable": lambda _: {"profile": NEW},
    "lpa.disable": lambda _: {"profile": NEW, "accept_offline": True},
    "lpa.delete": lambda _: {"profile": TWO},
    "notifications.list": lambda _: {},
    "notifications.send": _kept,
    "notifications.send-all": lambda _: {},
    "notifications.remove": lambda _: {},
    "lpa.discover": lambda _: {},
    "lpa.load-crl": lambda _: {"crl": issue_crl(pki().ci).hex()},
    "apdu.script": lambda _: {"script": GET_EID},
    "card.attach": lambda results: results["reader"],
    "card.command": lambda _: {"text": "/profiles"},
    "lpa.reset": lambda _: {"default_smdp": True},
}
"""
What is done to each card, in this order, with which parameters; these may depend on the results before.  Among these, C{reader}
is what C{card.attach} is told of a reader that reads the EID, and is closed then.
"""


@frozen
class GpWay:
    """
    A secure channel to a card of GlobalPlatform.

    @ivar head: how operations are told.
    @ivar options: of the card.
    @ivar new: the key set that is put on it.
    @ivar refused: what is not done through it, and the code of what that fails with.
    """

    head: Json
    options: Mapping[str, Any] = field(factory=dict)
    new: str = "next"
    refused: Mapping[str, str] = field(factory=dict)


GP_UNKNOWN_HOST = {
    **dict.fromkeys(
        (
            "gp.registry",
            "gp.privileges.set",
            "gp.extradite",
            "gp.status.set",
            "gp.delete",
            "gp.data.store",
            "gp.certificates.store",
        ),
        "unexpected-status",
    ),
    "gp.install": "load-refused",
    **dict.fromkeys(("gp.keys.put", "gp.keys.delete"), "keys-not-manageable"),
}
"""What is not done by somebody whom the card does not know, and the code of what that fails with."""
GP_WAYS: Mapping[str, GpWay] = {
    "scp03-33": GpWay({"keys": "issuer"}),
    "scp03-01": GpWay({"keys": "issuer", "protocol": "scp03", "level": "01"}),
    "scp03-s16": GpWay({"keys": "issuer"}, {"implementation": 0x71}),
    "scp02": GpWay({"keys": "old"}, {"family": evolve(LEGACY, aid=STRICT.aid, version=STRICT.version)}, "old-next"),
    "scp11a": GpWay({"keys": "host", "protocol": "scp11a"}),
    "scp11b": GpWay({"keys": "stranger"}, refused=GP_UNKNOWN_HOST),
    "scp11c": GpWay({"keys": "host", "protocol": "scp11c"}),
    "scp81": GpWay(
        {"protocol": "scp81"}, {"connected": True}, refused={"gp.keys.put": "parameter", "gp.keys.delete": "unexpected-status"}
    ),
}
"""By their names; a new secure channel is one more line.  The first one is that of all transports."""

GP_CAP = zipped(make_components()).hex()
GP_OPERATIONS: Mapping[str, Callable[[GpWay], Json]] = {
    "gp.info": lambda _: {},
    "gp.registry": lambda way: way.head,
    "gp.install": lambda way: {**way.head, "cap": GP_CAP},
    "gp.privileges.set": lambda way: {**way.head, "aid": APPLET.hex(), "privileges": ["CardReset"]},
    "gp.extradite": lambda way: {**way.head, "aid": APPLET.hex(), "to": ISD.hex()},
    "gp.status.set": lambda way: {**way.head, "state": "lock", "aid": APPLET.hex()},
    "gp.delete": lambda way: {**way.head, "aid": PACKAGE.hex(), "related": True},
    "gp.data.get": lambda _: {"tag": "9F7F"},
    "gp.data.store": lambda way: {**way.head, "data": "42029999", "structure": "ber"},
    "gp.certificates.get": lambda _: {"identifier": 0x13, "version": 2},
    "gp.certificates.store": lambda way: {**way.head, "identifier": 0x13, "version": 2, "certificates": ["3003020101"]},
    "gp.script": lambda way: {**way.head, "script": "80CA9F7F00 = 9000"},
    "gp.keys.put": lambda way: {**way.head, "new": way.new},
    "gp.keys.delete": lambda way: {**way.head, "version": 0x31},
}
"""What is done to a card of GlobalPlatform (L{tests.functional.test_gp}), in this order, through each secure channel."""

NEEDY = """
from attrs import frozen
from twisted.plugin import IPlugin
from zope.interface import implementer

from cardgw.interfaces import IOperation
from cardgw.values import Feature


@frozen
class Nothing:
    pass


@implementer(IPlugin, IOperation)
class Needy:
    summary, help, application = "need something", "Needs something.", None
    parameters = settings = Nothing
    destructive = repeatable = False

    def __init__(self, feature):
        self.name = "needs." + feature.name.lower().replace("_", "-")
        self.requires = frozenset({feature})

    async def run(self, session):
        return {}


select, channels, extended, desfire, show = map(Needy, Feature)
application = Needy(Feature.SELECT)
application.name, application.requires = "needs.application", frozenset()
application.application = bytes.fromhex("A0000000871002")
"""
"""A drop-in with an operation for each thing that a channel may lack."""


def needs(offers: frozenset[Feature]) -> dict[str, str]:
    """
    Which operations of L{NEEDY} are refused, and what for: a part of the reason; empty for those that are done.
    """
    found = {f"needs.{each.name.lower().replace('_', '-')}": "" if each in offers else each.value for each in Feature}
    return {**found, "needs.application": "" if Feature.SELECT in offers else "the application A0000000871002"}
