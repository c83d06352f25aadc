# -*- test-case-name: tests.virtual.test_euicc_apdu -*-
"""
Tests for L{cardgw.virtual.euicc_apdu}.
"""

from twisted.trial.unittest import SynchronousTestCase

from cardgw.virtual.euicc import VirtualEuicc
from cardgw.virtual.euicc_options import Delivery, Faults, Options
from tests.virtual.bpp import cut
from tests.virtual.rig import Rig, pki_for

ISD_R = "A0000005591010FFFFFFFF8900000100"
SELECT = f"A4040010{ISD_R}"
FCI = f"6F1F8410{ISD_R}A5049F6501FFE0058203020202"
EID = "BF3E035C015A"


class Base(SynchronousTestCase):
    """
    A card in a reader: nothing is selected.
    """

    def setUp(self) -> None:
        """
        One that gives data at once.
        """
        self.make(Options(delivery=Delivery.WHOLE))

    def make(self, options: Options) -> None:
        """
        Another card.
        """
        pki = pki_for("nist")
        self.rig = Rig(pki, VirtualEuicc.from_pki(pki, options=options))

    def apdu(self, text: str) -> str:
        """
        One APDU, hex in and out.
        """
        return self.rig.apdu(text)

    @property
    def eid(self) -> str:
        """
        The answer to GetEID.
        """
        return f"BF3E125A10{self.rig.pki.eid.hex().upper()}9000"


class SelectTests(Base):
    """
    SELECT and MANAGE CHANNEL.
    """

    def test_select(self) -> None:
        """
        SELECT by AID gives the FCI template with the version of SGP.22; with P2 0C it gives nothing.
        """
        self.assertEqual(FCI + "9000", self.apdu("00" + SELECT))
        self.assertEqual("9000", self.apdu(f"00A4040C10{ISD_R}"))
        self.assertEqual(self.eid, self.apdu(f"80E2910006{EID}"))

    def test_partial(self) -> None:
        """
        The beginning of the AID is enough, from five bytes.
        """
        self.assertEqual([FCI + "9000", "6A82"], [self.apdu(f"00A40400{size:02X}{ISD_R[: 2 * size]}") for size in (5, 4)])

    def test_notFound(self) -> None:
        """
        Another AID: 6A82; what was selected stays so.
        """
        self.apdu("00" + SELECT)
        self.assertEqual("6A82", self.apdu("00A4040007A0000000871002"))
        self.assertEqual("6A82", self.apdu(f"00A4040011{ISD_R}00"))
        self.assertEqual(self.eid, self.apdu(f"80E2910006{EID}"))

    def test_notByName(self) -> None:
        """
        Other ways of selecting: 6A86.
        """
        self.assertEqual({"6A86"}, {self.apdu(text) for text in ("00A40004022FE2", f"00A4040210{ISD_R}")})

    def test_otherAid(self) -> None:
        """
        Some makers have an AID of their own.
        """
        self.make(Options(aid=bytes.fromhex("A06573746B6D65FFFF4953442D522030")))
        self.assertEqual(["6A82", "6121"], [self.apdu("00" + SELECT), self.apdu("00A4040010A06573746B6D65FFFF4953442D522030")])

    def test_nothingSelected(self) -> None:
        """
        STORE DATA before SELECT: 6985.
        """
        self.assertEqual("6985", self.apdu(f"80E2910006{EID}"))

    def test_channels(self) -> None:
        """
        Logical channels are opened with the next free number or a wanted one, have their own selection, and are closed.
        """
        self.assertEqual(["019000", "029000", "9000"], [self.apdu(text) for text in ("0070000001", "0070000001", "0070000300")])
        self.assertEqual("6A81", self.apdu("0070000001"))
        self.assertEqual([FCI + "9000", self.eid], [self.apdu("02" + SELECT), self.apdu(f"82E2910006{EID}")])
        self.assertEqual("6985", self.apdu(f"81E2910006{EID}"))
        self.assertEqual(["9000", "6881", "6881"], [self.apdu(text) for text in ("00708002", f"82E2910006{EID}", "00708002")])
        self.assertEqual("029000", self.apdu("0070000001"))

    def test_wrongChannel(self) -> None:
        """
        The basic channel cannot be closed; a number can be given out once; P1 is open or close.
        """
        self.apdu("0070000001")
        answers = [self.apdu(text) for text in ("00708000", "0070000100", "0070000400", "00704000")]
        self.assertEqual(["6A86", "6A81", "6A81", "6A86"], answers)

    def test_furtherChannels(self) -> None:
        """
        Channels from 4 on have another form of the class byte.
        """
        self.make(Options(channels=19, delivery=Delivery.WHOLE))
        for number in range(1, 20):
            self.assertEqual(f"{number:02X}9000", self.apdu("0070000001"))
        self.assertEqual([FCI + "9000", self.eid], [self.apdu("4F" + SELECT), self.apdu(f"CFE2910006{EID}")])
        self.assertEqual("6985", self.apdu(f"C0E2910006{EID}"))

    def test_selectOnce(self) -> None:
        """
        Some cards refuse a second SELECT until they are reset.
        """
        self.make(Options(faults=Faults(select_once=True)))
        self.assertEqual(["6121", "6985"], [self.apdu("00" + SELECT) for _ in range(2)])
        self.rig.card.reset()
        self.assertEqual("6121", self.apdu("00" + SELECT))

    def test_reset(self) -> None:
        """
        After a reset nothing is selected, and only the basic channel is open.
        """
        self.apdu("00" + SELECT)
        self.apdu("0070000001")
        self.rig.card.reset()
        self.assertEqual(["6985", "6881"], [self.apdu(f"80E2910006{EID}"), self.apdu(f"81E2910006{EID}")])

    def test_endsPackage(self) -> None:
        """
        A package that is being loaded is lost with its channel, or with a new SELECT.
        """
        for interrupt in ("01" + SELECT, "00708001"):
            self.make(Options())
            self.apdu("0070000001")
            self.apdu("01" + SELECT)
            self.rig.cla = 0x81
            self.rig.prepare()
            segments = cut(self.rig.package().build())
            self.assertEqual((b"", 0x9000), (self.rig.load(segments[:4]), self.rig.sw))
            self.apdu(interrupt)
            self.assertEqual(1, len(self.rig.card.notifications))


class StoreDataTests(Base):
    """
    STORE DATA and GET RESPONSE.
    """

    def setUp(self) -> None:
        """
        The ISD-R is selected.
        """
        super().setUp()
        self.apdu("00" + SELECT)

    def test_blocks(self) -> None:
        """
        Blocks are joined; the last one (91) is answered.  An Le does no harm.
        """
        self.assertEqual(["9000", self.eid], [self.apdu("80E2110003BF3E03"), self.apdu("80E29101035C015A00")])

    def test_counter(self) -> None:
        """
        P2 counts from 0; another number is refused (6A86), and the request is lost.
        """
        self.assertEqual("6A86", self.apdu(f"80E2910106{EID}"))
        self.assertEqual(["9000", "6A86", "6A86"], [self.apdu(f"80E211{p2}03BF3E03") for p2 in ("00", "02", "01")])
        self.assertEqual("6A88", self.apdu("80E29100035C015A"))

    def test_restart(self) -> None:
        """
        Block 0 begins a new request, whatever came before.
        """
        self.assertEqual(["9000", self.eid], [self.apdu("80E2110003BF3E03"), self.apdu(f"80E2910006{EID}")])

    def test_wraps(self) -> None:
        """
        After block 255 comes block 0 again.
        """
        request = bytes.fromhex("BF3F820102808200FE") + b"a" * 254
        self.rig.block = 1
        self.assertEqual("bf3f0380017f", self.rig.send(request).hex())
        self.assertEqual(263, self.rig.apdus)

    def test_tooLong(self) -> None:
        """
        A request of more than 64 KiB does not fit into the card.
        """
        self.rig.block = 255
        self.rig.send(bytes(65536))
        self.assertEqual(0x6A84, self.rig.sw)

    def test_parameters(self) -> None:
        """
        Other values of P1 are refused, and so is a block without data.
        """
        self.assertEqual(["6A86", "6A86"], [self.apdu(f"80E2{p1}0006{EID}") for p1 in ("90", "00")])
        self.assertEqual("6700", self.apdu("80E29100"))

    def test_getResponse(self) -> None:
        """
        GET RESPONSE is of either class; P1 and P2 are zero; Le must be there.
        """
        self.make(Options())
        self.apdu("00" + SELECT)
        self.assertEqual("6115", self.apdu(f"80E2910006{EID}"))
        self.assertEqual(["6A86", "6700"], [self.apdu("80C0010015"), self.apdu("80C00000")])
        self.assertEqual("BF3E126112", self.apdu("80C0000003"))
        self.assertEqual(self.eid[6:], self.apdu("00C0000012"))
        self.assertEqual("6985", self.apdu("80C0000012"))

    def test_lost(self) -> None:
        """
        What another command finds waiting is gone.
        """
        self.make(Options())
        self.apdu("00" + SELECT)
        self.apdu(f"80E2910006{EID}")
        self.assertEqual(["9000", "6985"], [self.apdu("80E21100 03 BF3E03".replace(" ", "")), self.apdu("80C0000015")])

    def test_chunks(self) -> None:
        """
        A card may announce less than there is, in odd sizes.
        """
        self.make(Options(faults=Faults(chunks=(1, 7))))
        self.apdu("00" + SELECT)
        sizes = []
        answer = self.apdu(f"80E2910006{EID}")
        while answer[-4:-2] == "61":
            sizes.append(int(answer[-2:], 16))
            answer = self.apdu(f"80C00000{answer[-2:]}")
        self.assertEqual(([7, 1, 7, 1, 5], "9000"), (sizes, answer[-4:]))

    def test_other(self) -> None:
        """
        TERMINAL CAPABILITY is accepted.
        """
        self.assertEqual("9000", self.apdu("80AA00000AA9088100820101830107"))
        self.assertEqual("6A86", self.apdu("80AA000000"))

    def test_masterFile(self) -> None:
        """
        The master file says that TERMINAL CAPABILITY is known; on all channels, and nothing is selected by it.
        """
        self.make(Options(delivery=Delivery.WHOLE))
        self.apdu("0070000001")
        for select in ("00A40004023F00", "01A40004023F0000"):
            self.assertEqual("62108202782183023F00A5038701018A01059000", self.apdu(select))
        self.assertEqual("6985", self.apdu(f"80E2910006{EID}"))

    def test_shy(self) -> None:
        """
        A shy ISD-R is not there before the terminal has said that it has an LPA; after a reset neither.
        """
        self.make(Options(shy=True, delivery=Delivery.WHOLE))
        for command in ("80AA000004A9028100", "80AA000005A903830106"):
            self.assertEqual("9000", self.apdu(command))
            self.assertEqual("6A82", self.apdu("00" + SELECT))
        self.apdu("80AA000005A903830101")
        self.assertEqual(FCI + "9000", self.apdu("00" + SELECT))
        self.rig.card.reset()
        self.assertEqual("6A82", self.apdu("00" + SELECT))


class RefusedTests(Base):
    """
    What the card does not have.
    """

    def test_instruction(self) -> None:
        """
        An unknown instruction: 6D00.
        """
        self.assertEqual("6D00", self.apdu("00B0000000"))

    def test_class(self) -> None:
        """
        A known instruction with the wrong class, secure messaging, chaining, and the invalid class: 6E00.
        """
        for text in (
            "80" + SELECT,
            "8070000001",
            f"00E2910006{EID}",
            "00AA000001A9",
            f"84E2910006{EID}",
            "10" + SELECT,
            "FFE29100",
        ):
            self.assertEqual("6E00", self.apdu(text))

    def test_length(self) -> None:
        """
        What is no APDU, or one of extended length: 6700.
        """
        for text in ("", "00", "00A404", "80E2910006BF3E", "80E291000000 06".replace(" ", "") + EID):
            self.assertEqual("6700", self.apdu(text))

    def test_pinned(self) -> None:
        """
        On a channel that is bound to the ISD-R, there is nothing to select and no channel to open: 6D00.
        """
        self.make(Options(pinned=True, delivery=Delivery.WHOLE))
        self.assertEqual(self.eid, self.apdu(f"80E2910006{EID}"))
        for text in ("00" + SELECT, "0070000001", "80AA00000AA9088100820101830107"):
            self.assertEqual("6D00", self.apdu(text))
        self.assertEqual("6881", self.apdu(f"81E2910006{EID}"))


class RefreshTests(Base):
    """
    The proactive REFRESH.
    """

    def test_fetch(self) -> None:
        """
        910B announces it with every good answer until FETCH gets it; TERMINAL RESPONSE ends it.
        """
        self.apdu("00" + SELECT)
        self.assertEqual("6985", self.apdu("801200000B"))
        self.rig.card.add_profile("89999010000000000018", "Name", "Provider")
        self.assertEqual("BF3103800100910B", self.apdu("80E2910014BF3111A00C5A0A989909010000000000818101FF"))
        self.assertEqual("910B", self.apdu("80E2110003BF3E03"))
        self.assertEqual("6700", self.apdu("8012000001"))
        self.assertEqual("D0098103010104820281829000", self.apdu("801200000B"))
        self.assertEqual("9000", self.apdu("801400000C810301010402028281030100"))
