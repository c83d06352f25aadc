# -*- test-case-name: tests.transports.ramhttp.test_plan_scripts -*-
"""
Tests for L{cardgw.transports.ramhttp.plan} with what it is for: whole operations, in templates, to clients of either kind.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.base import Answers, ChannelBase, Watch
from cardgw.apdu.get_response import GetResponse
from cardgw.apdu.response import Response
from cardgw.apdu.script import Script
from cardgw.gp.commands import Ins
from cardgw.lpa.errors import AlreadyInstalled
from cardgw.operations.gp_install import GpInstall
from cardgw.scp.keys import KeySet
from cardgw.testing import session_for
from cardgw.transports.ramhttp.plan import Limits, Pace, next_batch
from cardgw.transports.ramhttp.wire import Apdu, Rapdu, decode_request, decode_response, encode_request, encode_response
from cardgw.values import ChannelInfo
from cardgw.virtual.euicc_options import Delivery, Options
from cardgw.virtual.security_domain import DEFAULT_KEY, VirtualSecurityDomain
from cardgw.virtual.security_domain_options import SecurityDomainOptions
from tests.lpa.card import READER
from tests.lpa.world import World
from tests.operations.test_gp_pipelining import CAP

MORE, WRONG_LENGTH, GET_RESPONSE, STORE_DATA = 0x61, 0x6C, 0xC0, 0xE2
UNBOUND = 12_412
"""Bytes of a profile package that has 12.9 kB when it is bound."""
KINDS = tuple(product(Delivery, (False, True)))
"""How cards give their answers, and whether the client completes them."""


class Templates(ChannelBase):
    """
    A card behind a client of RAMOverHTTP, without HTTP.

    @ivar templates: the commands of each template.
    @ivar lost: answers that were not fetched before the next command of the same template.
    """

    def __init__(self, info: ChannelInfo, card: Callable[[bytes], bytes], *, completes: bool) -> None:
        super().__init__(info)
        self.templates: list[tuple[bytes, ...]] = []
        self.lost: list[bytes] = []
        self._card = card
        self._limits = Limits(261, 258, completes=completes)
        self._pace = Pace()

    def _run(self, script: Script, watch: Watch) -> Deferred[Answers]:
        answers: list[Response] = []
        while len(answers) < len(script.steps):
            steps = script.steps[len(answers) :][: next_batch(script, len(answers), self._limits, self._pace)]
            template = encode_request([Apdu(step.command.encode()) for step in steps])
            elements = decode_response(self._client(template)).elements
            found = [Response.decode(each.octets) for each in elements if isinstance(each, Rapdu)]
            self._pace.took(steps, 0.01, found)
            for answer in found:
                answers.append(answer)
                if watch is not None:
                    watch(answer)
            if not all(step.allows(answer) for step, answer in zip(steps, found, strict=True)):
                break
        return succeed(tuple(answers))

    def _client(self, template: bytes) -> bytes:
        commands = tuple(each.octets for each in decode_request(template) if isinstance(each, Apdu))
        self.templates.append(commands)
        answers: list[bytes] = []
        for command in commands:
            if answers and answers[-1][-2] == MORE and command[1] != GET_RESPONSE:
                self.lost.append(answers[-1])
            answers.append(self._complete(command) if self._limits.completes else self._card(command))
        return encode_response(map(Rapdu, answers), len(answers))

    def _complete(self, command: bytes) -> bytes:
        answer = self._card(command)
        data = answer[:-2]
        while answer[-2] in (MORE, WRONG_LENGTH):
            head = bytes((command[0], GET_RESPONSE, 0, 0)) if answer[-2] == MORE else command[:-1]
            answer = self._card(head + answer[-1:])
            data += answer[:-2]
        return data + answer[-2:]

    def with_ins(self, ins: int) -> list[tuple[bytes, ...]]:
        """
        The templates that have such a command in them.
        """
        return [template for template in self.templates if any(command[1] == ins for command in template)]


class DownloadTests(SynchronousTestCase):
    """
    The download of a profile whose package has 12.9 kB.
    """

    def begin(self, delivery: Delivery, *, completes: bool) -> tuple[World, Templates]:
        """
        A world with such a channel.
        """
        world = World(options=Options(delivery=delivery), info=READER, size=UNBOUND)
        channel = Templates(READER, world.card.transmit, completes=completes)
        world.session.channel = GetResponse(channel)
        return world, channel

    def test_templates(self) -> None:
        """
        No answer is lost.  The two long requests of the mutual authentication are a template each, the package is two; eight
        in all where the client completes answers.  Where it does not the challenge and the information are a template each, so
        are the removal of the notification and the end; what is fetched of the longest answer, 1.4 kB, takes two.
        """
        for delivery, completes in KINDS:
            world, channel = self.begin(delivery, completes=completes)
            self.successResultOf(world.download())
            self.assertEqual(channel.lost, [])
            stored = [len(template) for template in channel.with_ins(STORE_DATA)]
            begin = [2] if completes else [1, 1]
            package = stored[len(begin) + 2 : -1]
            self.assertEqual(
                stored, [*begin, 3, 3, *package, 2 if completes else 1], "challenge, information, two requests, package, removal"
            )
            self.assertEqual((len(package), sum(package)), (2, 67))
            fetched = len(channel.with_ins(GET_RESPONSE))
            self.assertEqual(len(channel.templates) - fetched, 8 if completes else 10)
            self.assertEqual(fetched, 0 if completes else {Delivery.T0: 7, Delivery.T1: 1, Delivery.WHOLE: 0}[delivery])

    def test_overwritten(self) -> None:
        """
        Where the package is refused in the midst of a template, the reason is lost to the blocks behind it, and is found among
        the notifications.
        """
        for delivery, completes in KINDS:
            world, channel = self.begin(delivery, completes=completes)
            self.successResultOf(world.download())
            world.again()
            channel = Templates(READER, world.card.transmit, completes=completes)
            world.session.channel = GetResponse(channel)
            error = self.failureResultOf(world.download(), AlreadyInstalled).value
            self.assertIn("iccidAlreadyExists", str(error))
            lost = not completes and delivery is Delivery.T0
            self.assertEqual(len(channel.lost), int(lost))


class LoadTests(SynchronousTestCase):
    """
    The load of a CAP file of 30 kB.
    """

    def test_templates(self) -> None:
        """
        No answer is lost.  It takes a few templates; but one for each block where the card lets answers be fetched, and the
        client leaves that to us.
        """
        for (delivery, completes), level in product(KINDS, ("01", "33")):
            card = VirtualSecurityDomain(SecurityDomainOptions(delivery=delivery))
            channel = Templates(READER, card, completes=completes)
            operation = GpInstall()
            parameters: dict[str, Any] = {"keys": "issuer", "level": level, "cap": CAP}
            session = session_for(operation, GetResponse(channel), parameters)
            session.key_sets = {"issuer": KeySet.of_aes(0x30, DEFAULT_KEY)}
            found = self.successResultOf(Deferred.fromCoroutine(operation.run(session)))
            self.assertEqual(channel.lost, [])
            loads = channel.with_ins(Ins.LOAD)
            if delivery is Delivery.T0 and not completes:
                self.assertEqual(len(loads), found["blocks"])
            else:
                self.assertLessEqual(len(loads), 3)
