"""
Tests of L{cardgw.transports.ramhttp.amdb_headers}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.identities import is_identity
from cardgw.transports.ramhttp import amdb_headers as headers
from cardgw.transports.ramhttp.amdb_headers import Status
from cardgw.values import Psk

EID = "89001012012341234012345678901224"
OTHER_EID = "89001012012341234012345678901323"
ISD_R = "//aa-id/aid/A000000559/1010FFFFFFFF89000001"
AGENT = f"//se-id/eid/{EID};{ISD_R}"
PSK_IDENTITY = f"80028110811089001012012341234012345678901224{'4F10A0000005591010FFFFFFFF8900000100'}820101830140".encode()
"""As in SGP.02 2.4.4.1."""


class RequestTests(SynchronousTestCase):
    """
    What the card's side sends.
    """

    def test_ours(self) -> None:
        """
        A POST of Amendment B has one of its headers, or no body and its protocol.
        """
        version = {"x-admin-protocol": "globalplatform-remote-admin/1.0"}
        for given_headers, body in (
            (version, b""),
            ({"x-admin-from": AGENT}, b""),
            ({**version, "x-admin-script-status": "ok"}, b"\xab\x03\x80\x01\x00"),
            ({"x-admin-resume": "true"}, b""),
            ({"content-type": "application/vnd.globalplatform.card-content-mgt-response;version=1.0"}, b"\xaf\x80\0\0"),
        ):
            self.assertTrue(headers.is_ours(given_headers, body), given_headers)

    def test_others(self) -> None:
        """
        Those of CardContact's clients are others, also of old ones, which name our protocol.
        """
        theirs = "application/org.openscdp-content-mgt-response;version=1.0"
        version = {"x-admin-protocol": "globalplatform-remote-admin/1.0", "content-type": theirs}
        self.assertFalse(headers.is_ours(version, bytes.fromhex("E804C0023B00")))
        self.assertFalse(headers.is_ours(version, bytes.fromhex("AB03800100")))
        self.assertFalse(headers.is_ours({"x-admin-protocol": "openscdp-remote-admin/1.0"}, b""))
        self.assertFalse(headers.is_ours({}, b""))

    def test_version(self) -> None:
        """
        The version is that of the card's side, unless that is none.
        """
        for given_text, expected in (
            ("globalplatform-remote-admin/1.1.1", "globalplatform-remote-admin/1.1.1"),
            ("openscdp-remote-admin/1.0", headers.VERSION),
            ("globalplatform-remote-admin/1.0\r\nX: y", headers.VERSION),
            ("", headers.VERSION),
        ):
            self.assertEqual(headers.version_of({"x-admin-protocol": given_text}), expected)

    def test_status(self) -> None:
        """
        The words of the standard are known, others are not.
        """
        self.assertEqual([headers.status_of(each.value) for each in Status], list(Status))
        self.assertIs(headers.status_of(" OK "), Status.OK)
        self.assertIsNone(headers.status_of("fine"))

    def test_resumed(self) -> None:
        """
        Who comes back says so.
        """
        self.assertTrue(headers.is_resumed({"x-admin-resume": " True"}))
        self.assertFalse(headers.is_resumed({"x-admin-resume": "false"}) or headers.is_resumed({}))


class AddressTests(SynchronousTestCase):
    """
    What we send.
    """

    def test_target(self) -> None:
        """
        An application is named by the two parts of its AID.
        """
        self.assertEqual(headers.target_of(bytes.fromhex("A0000001510000")), "//aid/A000000151/0000")
        self.assertEqual(headers.target_of(bytes.fromhex("A000000151")), "//aid/A000000151/")

    def test_next(self) -> None:
        """
        The address of an answer is a path with a query, which is read back.
        """
        self.assertEqual(headers.next_uri("/rt", "00ff", 7), "/rt?s=00ff&n=7")
        self.assertEqual(headers.next_uri("", "00ff", 7), "/?s=00ff&n=7")
        self.assertEqual(headers.place_in("s=00ff&n=7"), ("00ff", 7))

    def test_otherAddresses(self) -> None:
        """
        Any other query says nothing.
        """
        for query, expected in (
            ("", ("", 0)),
            ("n=-1", ("", 0)),
            ("s=a", ("a", 0)),
            ("s=a&n=\u0661", ("a", 0)),
            ("&" * 20, ("", 0)),
        ):
            self.assertEqual(headers.place_in(query), expected)

    @given(st.text())
    def test_anything(self, query: str) -> None:
        """
        Whatever the query is.
        """
        session, number = headers.place_in(query)
        self.assertTrue(isinstance(session, str) and number >= 0)


class AgentTests(SynchronousTestCase):
    """
    Who the card is.
    """

    def test_identity(self) -> None:
        """
        An EID makes the identity, in the agent's name or in that of its key; else the agent's name does.
        """
        self.assertEqual(headers.identity_of(AGENT, b"card-1"), f"eid:{EID}")
        self.assertEqual(headers.identity_of(ISD_R, PSK_IDENTITY), f"eid:{EID}")
        self.assertTrue(headers.identity_of(ISD_R, b"card-1").startswith("agent:"))
        self.assertTrue(is_identity(headers.identity_of(ISD_R, None)))

    def test_silent(self) -> None:
        """
        An agent that does not name itself is the one whose key it has, or is called as its key.
        """
        self.assertEqual(headers.agent_of({"x-admin-from": AGENT}, b"card-1", ISD_R), AGENT)
        self.assertEqual(headers.agent_of({}, b"card-1", ISD_R), ISD_R)
        self.assertEqual(headers.agent_of({}, b"card-1", ""), "card-1")
        self.assertEqual(headers.agent_of({}, b"\xff\x01", ""), "FF01")
        self.assertEqual(headers.agent_of({}, None, ""), "")

    def test_contradiction(self) -> None:
        """
        A key that belongs to one agent, or to one card, is no other's; any other one is good for cards that have none.
        """
        others = frozenset((f"eid:{EID}", "agent:card-1", "agent:card-2"))
        bound, free, fleet = Psk(bytes(16), AGENT), Psk(bytes(16)), Psk(bytes(16), others=others)
        for agent, identity, key in (
            (AGENT, b"card-1", bound),
            (AGENT, b"card-1", free),
            (AGENT, PSK_IDENTITY, free),
            (AGENT, PSK_IDENTITY, fleet),
            (ISD_R, PSK_IDENTITY, free),
            (f"//se-id/eid/{OTHER_EID}", b"card-1", fleet),
            ("card-1", b"card-1", fleet),
        ):
            self.assertEqual(headers.contradiction(agent, identity, key), "")
        for agent, identity, key, why in (
            (ISD_R, b"card-1", bound, "another agent"),
            (f"//se-id/eid/{OTHER_EID}", PSK_IDENTITY, free, "another card"),
            (AGENT, b"card-1", fleet, "a key of its own"),
            (f"//SE-ID/EID/{EID}", b"card-1", fleet, "a key of its own"),
            ("card-2", b"card-1", fleet, "a key of its own"),
        ):
            self.assertIn(why, headers.contradiction(agent, identity, key))

    def test_names(self) -> None:
        """
        A name is printable, and ends somewhere.
        """
        self.assertTrue(headers.is_agent(AGENT))
        self.assertEqual([headers.is_agent(each) for each in ("", "a\tb", "\xe9", "x" * 257)], [False] * 4)
