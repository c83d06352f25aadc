# -*- test-case-name: tests.virtual.test_euicc_info -*-
"""
Tests for L{cardgw.virtual.euicc_info}.
"""

from twisted.trial.unittest import SynchronousTestCase

from cardgw.apdu.tlv import only
from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Options
from tests.virtual.rig import Rig, pki_for


class InfoTests(SynchronousTestCase):
    """
    What the eUICC tells about itself.
    """

    def test_info1(self) -> None:
        """
        EUICCInfo1: the version, and the CI for verification and for signing.
        """
        rig = Rig.make()
        ci = rig.pki.ci_id.hex().upper()
        self.assertEqual(f"BF20358203020202A9160414{ci}AA160414{ci}", rig.ask("BF2000"))

    def test_severalCis(self) -> None:
        """
        A card can trust CIs under which it has no identity, and have several identities.
        """
        nist, brainpool = pki_for("nist"), pki_for("brainpool")
        roots = [nist.ci.certificate, brainpool.ci.certificate]
        one = VirtualEuicc(nist.eum.der, nist.euicc.der, nist.euicc.key, roots, options=Options(pinned=True))
        both = VirtualEuicc.from_pki(nist, brainpool, options=Options(pinned=True))
        for card, signing in ((one, [nist.ci_id]), (both, [nist.ci_id, brainpool.ci_id])):
            fields = only(Rig(nist, card).send(bytes.fromhex("BF2000")), 0xBF20).children()
            self.assertEqual([nist.ci_id, brainpool.ci_id], [each.value for each in fields.need(0xA9).children()])
            self.assertEqual(signing, [each.value for each in fields.need(0xAA).children()])

    def test_info2(self) -> None:
        """
        EUICCInfo2: all that SGP.22 makes mandatory, in its order.
        """
        fields = only(Rig.make().send(bytes.fromhex("BF2200")), 0xBF22).children()
        wanted = [0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0xA9, 0xAA, 0x99, 0x04, 0x0C]
        self.assertEqual(wanted, [field.tag for field in fields])
        self.assertEqual("0780", fields.need(0x99).value.hex())

    def test_memory(self) -> None:
        """
        EUICCInfo2 tells installed profiles and free memory as they are now.
        """
        rig = Rig.make(Options(memory=100_000))
        rig.card.add_profile("89999010000000000018", "Name", "Provider", size=1000)
        resources = only(rig.send(bytes.fromhex("BF2200")), 0xBF22).children().need(0x84).children()
        self.assertEqual([1, 99_000], [int.from_bytes(resources.need(tag).value, "big") for tag in (0x81, 0x82)])

    def test_eid(self) -> None:
        """
        GetEID with the tag list that every LPA sends; nothing else can be asked for.
        """
        rig = Rig.make()
        self.assertEqual(f"BF3E125A10{rig.pki.eid.hex().upper()}", rig.ask("BF3E035C015A"))
        self.assertEqual("6A80", rig.ask("BF3E035C0180"))

    def test_addresses(self) -> None:
        """
        The default SM-DP+ address can be set and cleared; the root SM-DS is fixed.
        """
        rig = Rig.make(Options(root_smds="ds.test"))
        self.assertEqual("BF3C09810764732E74657374", rig.ask("BF3C00"))
        self.assertEqual("BF3F03800100", rig.ask("BF3F098007612E622E746573"))
        self.assertEqual("a.b.tes", rig.card.default_smdp)
        self.assertEqual("BF3C128007612E622E746573810764732E74657374", rig.ask("BF3C00"))
        self.assertEqual("BF3F03800100", rig.ask("BF3F028000"))
        self.assertEqual("", rig.card.default_smdp)

    def test_badAddress(self) -> None:
        """
        An address that is no UTF-8, or too long, changes nothing: undefined error.
        """
        rig = Rig.make(Options(default_smdp="a.test"))
        self.assertEqual("BF3F0380017F", rig.ask("BF3F038001FF"))
        self.assertEqual("BF3F0380017F", rig.ask("BF3F8184808181" + "61" * 129))
        self.assertEqual("a.test", rig.card.default_smdp)

    def test_rules(self) -> None:
        """
        The Rules Authorisation Table: PPR1 and PPR2 for any operator with consent, or nothing.
        """
        self.assertEqual("BF4315A013301180020560A10730058003EEEEEE82020780", self.table({"ppr1", "ppr2"}))
        self.assertEqual("BF4302A000", self.table(set()))

    def table(self, rules: set[str]) -> str:
        """
        The answer to GetRAT.
        """
        return Rig.make(Options(authorised_rules=frozenset(rules))).ask("BF4300")

    def test_malformed(self) -> None:
        """
        Requests with anything in them are refused.
        """
        rig = Rig.make()
        self.assertEqual({"6A80"}, {rig.ask(f"BF{tag}028000") for tag in ("20", "22", "3C", "43")})
