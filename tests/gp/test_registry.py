# -*- test-case-name: tests.gp.test_registry -*-
"""
L{cardgw.gp.registry}.
"""

from __future__ import annotations

import contextlib

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu import tlv
from cardgw.errors import MalformedAnswer
from cardgw.gp.life_cycle import Kind
from cardgw.gp.privileges import NONE, Privilege, privilege_names
from cardgw.gp.registry import Entry, Scope, parse_entries, selection_text
from tests.gp.strategies import applications, load_files
from tests.gp.vectors import vectors

ISD = bytes.fromhex(
    "E3464F08A0000000030000009F700101C5039EFE80CF0140CF0141CF0142CF0143CF0180CF0181CF0182CF0183C40BD276000005AAFFCAFE0001"
    "CE020001CC08A000000003000000"
)
"""Of a real card."""


class ObjectsTests(SynchronousTestCase):
    """
    Answers in data objects.
    """

    def test_known(self) -> None:
        """
        All that a real card tells of its issuer security domain.
        """
        (entry,) = parse_entries(ISD, Scope.ISD)
        self.assertEqual((entry.kind, entry.aid.hex(), entry.state_name), (Kind.ISD, "a000000003000000", "OP_READY"))
        self.assertEqual((entry.load_file.hex(), entry.version, entry.domain), ("d276000005aaffcafe0001", b"\0\1", entry.aid))
        self.assertEqual(entry.implicit, (0x40, 0x41, 0x42, 0x43, 0x80, 0x81, 0x82, 0x83))
        self.assertEqual(len(privilege_names(entry.privileges)), 13)
        self.assertTrue(entry.is_domain)

    def test_shortPrivileges(self) -> None:
        """
        One byte of privileges does; objects that are not known are passed over.
        """
        (entry,) = parse_entries(bytes.fromhex("E3144F07A00000015100009F700107C50180EA028000"), Scope.ISD)
        self.assertEqual((entry.privileges, entry.state_name), (Privilege.SecurityDomain, "INITIALIZED"))

    @given(st.lists(applications, max_size=4))
    def test_applications(self, entries: list[Entry]) -> None:
        """
        What was encoded is decoded again.
        """
        for entry in entries:
            scope = Scope.ISD if entry.kind is Kind.ISD else Scope.APPLICATIONS
            self.assertEqual(parse_entries(entry.encode(), scope), (entry,))
        others = [each for each in entries if each.kind is not Kind.ISD]
        self.assertEqual(parse_entries(b"".join(each.encode() for each in others), Scope.APPLICATIONS), tuple(others))

    @given(st.lists(load_files, max_size=4))
    def test_loadFiles(self, entries: list[Entry]) -> None:
        """
        So is a load file with what is in it.
        """
        answer = b"".join(each.encode() for each in entries)
        self.assertEqual(parse_entries(answer, Scope.LOAD_FILES_AND_MODULES), tuple(entries))

    def test_malformed(self) -> None:
        """
        An entry without AID or state, of too long an AID, or among other objects is L{MalformedAnswer}.
        """
        aid, state = tlv.encode(0x4F, bytes(7)), tlv.encode(0x9F70, b"\7")
        self.assertEqual(len(parse_entries(tlv.encode(0xE3, aid, state), Scope.APPLICATIONS)), 1)
        long, none, states = tlv.encode(0x4F, bytes(17)), tlv.encode(0x4F), tlv.encode(0x9F70, b"\7\7")
        for inside in (aid, state, long + state, none + state, aid + states):
            self.assertRaises(MalformedAnswer, parse_entries, tlv.encode(0xE3, inside), Scope.APPLICATIONS)
        for more in (tlv.encode(0xC5, b"\0\0"), tlv.encode(0xCF), tlv.encode(0xC4, bytes(17)), tlv.encode(0x84)):
            self.assertRaises(MalformedAnswer, parse_entries, tlv.encode(0xE3, aid, state, more), Scope.APPLICATIONS)
        self.assertRaises(MalformedAnswer, parse_entries, tlv.encode(0xE3, aid, state) + b"\x9f\x70\x01\x07", Scope.ISD)

    @given(st.sampled_from(Scope), st.binary(max_size=60) | st.binary(max_size=60).map(lambda value: tlv.encode(0xE3, value)))
    def test_anything(self, scope: Scope, answer: bytes) -> None:
        """
        Any bytes are entries, or L{MalformedAnswer}.
        """
        with contextlib.suppress(MalformedAnswer):
            for entry in parse_entries(answer, scope):
                self.assertIn(entry.aid, answer)


class RecordsTests(SynchronousTestCase):
    """
    Answers of older cards.
    """

    @given(st.lists(applications, max_size=4))
    def test_applications(self, entries: list[Entry]) -> None:
        """
        AID, state and one byte of privileges.
        """
        entries = [each for each in entries if each.kind is not Kind.ISD]
        answer = b"".join(each.encode_record(Scope.APPLICATIONS) for each in entries)
        wanted = [Entry(each.kind, each.aid, each.state, Privilege(int(each.privileges) & 0xFF0000)) for each in entries]
        self.assertEqual(parse_entries(answer, Scope.APPLICATIONS), tuple(wanted))

    @given(st.lists(load_files, max_size=4), st.sampled_from((Scope.LOAD_FILES, Scope.LOAD_FILES_AND_MODULES)))
    def test_loadFiles(self, entries: list[Entry], scope: Scope) -> None:
        """
        AIDs of modules follow where they were asked for.
        """
        answer = b"".join(each.encode_record(scope) for each in entries)
        modules = scope is Scope.LOAD_FILES_AND_MODULES
        wanted = [evolve(each, domain=b"", version=b"", modules=each.modules if modules else ()) for each in entries]
        self.assertEqual(parse_entries(answer, scope), tuple(wanted))

    def test_published(self) -> None:
        """
        Answers of a card that others have published.
        """
        found = vectors("scp03-openscp.json")
        if found is None:
            self.skipTest("the published vectors are not beside this checkout")
        for vector in found:
            for command, answer in zip(vector["plain_commands"], vector["plain_responses"], strict=True):
                entries = parse_entries(bytes.fromhex(answer), Scope(int(command[4:6], 16)))
                self.assertTrue(entries)
                self.assertNotIn("0x", "".join(each.state_name for each in entries if each.kind is not Kind.APP))

    def test_known(self) -> None:
        """
        The records of a load file, of a domain, and of the card.
        """
        packages = parse_entries(bytes.fromhex("08A00000015141434C010005A0000000480100"), Scope.LOAD_FILES)
        self.assertEqual([each.aid.hex() for each in packages], ["a00000015141434c", "a000000048"])
        self.assertEqual({(each.kind, each.state_name, each.privileges) for each in packages}, {(Kind.PKG, "LOADED", NONE)})
        (domain,) = parse_entries(bytes.fromhex("0AA9A8A7A6A5A4A3A2A1A00F80"), Scope.APPLICATIONS)
        self.assertEqual((domain.kind, domain.state_name), (Kind.SSD, "PERSONALIZED"))
        (card,) = parse_entries(bytes.fromhex("08A0000001510000000F9E"), Scope.ISD)
        self.assertEqual((card.kind, card.state_name), (Kind.ISD, "SECURED"))

    def test_cutShort(self) -> None:
        """
        A record that ends too early is L{MalformedAnswer}.
        """
        record = load = bytes.fromhex("07A000000151000001000107A0000001510001")
        self.assertEqual(len(parse_entries(load, Scope.LOAD_FILES_AND_MODULES)), 1)
        for end in range(1, len(record)):
            self.assertRaises(MalformedAnswer, parse_entries, record[:end], Scope.LOAD_FILES_AND_MODULES)


class SelectionTests(SynchronousTestCase):
    """
    L{selection_text}.
    """

    def test_interfaces(self) -> None:
        """
        Interfaces, each with the logical channel.
        """
        texts = [selection_text(each) for each in (0x40, 0x83, 0xC1, 0x00)]
        self.assertEqual(texts, ["Contact(0)", "Contactless(3)", "Contactless(1), Contact(1)", ""])
