# -*- test-case-name: tests.test_listening -*-
"""
Tests for L{cardgw.listening}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from cardgw.errors import SettingsError
from cardgw.listening import Listeners

SYSTEMD = "systemd:domain=INET:name=cardgw-estk"


class EndpointsTests(SynchronousTestCase):
    """
    Where settings say.
    """

    def setUp(self) -> None:
        """
        A reactor.
        """
        self.reactor = MemoryReactorClock()
        self.opened: list[tuple[str, str]] = []

    def listeners(self, *texts: str) -> Listeners:
        """
        For these endpoint strings.
        """
        where, nothing = "[transports.estk] listen", "there is no endpoint, so no card could dial in"
        return Listeners(
            self.reactor, texts, where, nothing, "tcp:1888", lambda port, text, address: self.opened.append((text, address))
        )

    def refused(self, *texts: str) -> str:
        """
        Why these are refused.
        """
        return str(self.assertRaises(SettingsError, self.listeners(*texts).check))

    def test_good(self) -> None:
        """
        What can be listened on is not complained about.
        """
        self.listeners("tcp:1888", "tcp6:65535:interface=\\:\\:1", "tcp:0", "unix:/tmp/x", "tcp:port=1").check()

    def test_none(self) -> None:
        """
        Without an endpoint no card could come.
        """
        self.assertIn("listen: there is no endpoint, so no card could dial in", self.refused())

    def test_noEndpoint(self) -> None:
        """
        What is no endpoint is refused with an example, and without the words of Python.
        """
        for text in ("1888", "tcp:", "tcp:abc", "carrier-pigeon:5", "tcp:1:x=2", ""):
            told = self.refused(text)
            self.assertIn(f'listen: "{text}" is no endpoint', told)
            self.assertIn('Write it like "tcp:1888".', told)
            self.assertNotIn("invalid literal", told)

    def test_port(self) -> None:
        """
        So is a port that does not exist, which would only be noticed when it is opened.
        """
        for text in ("tcp:65536", "tcp6:70000:interface=\\:\\:1", "tcp:interface=127.0.0.1:port=99999", "tcp:-1"):
            self.assertIn("a port is at most 65535", self.refused(text))

    def test_file(self) -> None:
        """
        A file that an endpoint needs is told as the system tells it, without a number.
        """
        told = self.refused("ssl:443:privateKey=/no/such/file")
        self.assertIn("no such file or directory: /no/such/file", told)
        self.assertNotIn("Errno", told)

    def test_systemd(self) -> None:
        """
        A socket of systemd is looked for only when it is needed; where it was not passed, that is one line.
        """
        self.listeners(SYSTEMD).check()
        told = str(self.assertRaises(SettingsError, self.listeners().endpoint, SYSTEMD))
        self.assertEqual(told, f"A setting is wrong: [transports.estk] listen: {SYSTEMD}: systemd has passed no such socket")
        self.assertRaises(SettingsError, self.listeners().endpoint, "systemd:domain=INET:index=7")
        self.assertRaises(SettingsError, self.listeners().endpoint, "systemd:domain=NONE:index=7")

    def test_schemes(self) -> None:
        """
        Whoever listens may know schemes of its own; what they refuse is told with the place.
        """

        def make(_: object, rest: str) -> IStreamServerEndpoint:
            made.append(rest)
            if rest == "no":
                raise SettingsError("there is no key", hint="Give one.")
            return endpoint

        made: list[str] = []
        endpoint = TCP4ServerEndpoint(self.reactor, 0)
        listeners = self.listeners("psk:tcp:8443:interface=127.0.0.1", "tcp:0")
        listeners.schemes = {"psk": make}
        listeners.check()
        self.assertEqual(made, ["tcp:8443:interface=127.0.0.1"])
        self.assertIs(listeners.endpoint("psk:x"), endpoint)
        self.assertIsNot(listeners.endpoint("tcp:0"), endpoint)
        refused = self.assertRaises(SettingsError, listeners.endpoint, "psk:no")
        self.assertEqual((refused.detail, refused.hint), ("[transports.estk] listen: psk:no: there is no key", "Give one."))
        self.assertIn("a port is at most", str(self.assertRaises(SettingsError, listeners.endpoint, "psk:tcp:65536")))

    @given(st.text(max_size=20) | st.text(":=tcp6sl0123456789\\", max_size=20))
    def test_anything(self, text: str) -> None:
        """
        Any text is an endpoint or refused.
        """
        try:
            self.listeners().endpoint(text)
        except SettingsError as error:
            self.assertTrue(error.detail)

    def test_open(self) -> None:
        """
        Ports are opened, told, and closed.
        """
        listeners = self.listeners("tcp:0", "tcp:0:interface=127.0.0.1")
        self.assertFalse(listeners.is_open)
        listeners.open(Factory())
        self.assertTrue(listeners.is_open)
        self.assertEqual(self.opened, [("tcp:0", "0.0.0.0:0"), ("tcp:0:interface=127.0.0.1", "0.0.0.0:0")])
        self.assertEqual(len(listeners.ports), 2)
        self.successResultOf(listeners.close())
        self.assertEqual((listeners.ports, listeners.is_open), ([], False))

    def test_socketFile(self) -> None:
        """
        A file is told by its name.
        """
        listeners = self.listeners("unix:/run/x.sock")
        listeners.open(Factory())
        self.assertEqual(self.opened, [("unix:/run/x.sock", "/run/x.sock")])
        self.successResultOf(listeners.close())

    def test_inUse(self) -> None:
        """
        Where one cannot be opened, none is, and the reason is told in words.
        """

        def refuse(*arguments: object, **more: object) -> None:
            raise CannotListenError("", 5, OSError(98, "Address already in use"))

        listeners = self.listeners("tcp:5")
        self.patch(self.reactor, "listenTCP", refuse)
        error = self.assertRaises(SettingsError, listeners.open, Factory())
        self.assertEqual(error.detail, "[transports.estk] listen: tcp:5: address already in use")
        self.assertEqual(listeners.ports, [])
