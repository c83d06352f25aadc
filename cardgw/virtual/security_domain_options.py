# -*- test-case-name: tests.virtual.test_security_domain_options -*-
"""
What kind of card of GlobalPlatform the software is: the families as data, and what each card has of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from attrs import Factory, field, frozen

from cardgw.gp.commands import Ins
from cardgw.scp import families
from cardgw.scp.families import Family
from cardgw.virtual.euicc_options import Delivery
from cardgw.virtual.euicc_values import SW_DATA, SW_WRONG_LENGTH

GP_AID = bytes.fromhex("A000000151000000")
VISA_AID = bytes.fromhex("A000000003000000")
ISD_R = bytes.fromhex("A0000005591010FFFFFFFF8900000100")
FACTORY_VERSION = 0xFF
"""Of keys that are gone when others are put."""
GENERATE_KEY = 0xF1
_CONTENT = frozenset((Ins.INSTALL, Ins.LOAD, Ins.SET_STATUS, Ins.GET_STATUS))


@frozen
class CardFamily:
    """
    What the cards of a family do.

    @ivar scp: in their secure channels.
    @ivar aid: of the issuer security domain.
    @ivar version: of the keys that are there from the factory.
    @ivar implementation: the i byte of SCP03.
    @ivar des: those keys are of triple DES, and the secure channel is SCP02.
    @ivar tagged: GET STATUS knows the form with tags; otherwise the records of older cards alone.
    @ivar cut_by_p1: bit 8 of P1 announces more of a command.
    @ivar bare: certificates, card data, key information and issuers are told without a data object around them.
    @ivar leaves_partial: what was loaded in part stays in the registry, without anything in it.
    @ivar needs_parameters: INSTALL [for install] without a data object C9 is refused.
    @ivar short_keys: no length stands before an encrypted key in PUT KEY.
    @ivar stores_whole: STORE DATA may be as long as chaining makes it.
    @ivar deletes_last: bit 1 of P2 lets DELETE take the last keys, too; those of the factory are there again then.
    @ivar resets: INITIALIZE UPDATE counts as a failure until EXTERNAL AUTHENTICATE succeeds, agreements on keys are counted, too,
        and when all keys are blocked everything is as it came from the factory, with a new key for SCP11b.
    @ivar interindustry: commands of GlobalPlatform may come with an interindustry class, too.
    @ivar wrong_length: the status for extended length where there is none.
    @ivar scp11: what they say of SCP11 in their card data as soon as there is a key for it; C{None} for the variants that there
        are keys for.
    @ivar tries: so many authentications may fail before keys are blocked; C{None} for any number.
    @ivar without: instructions that they do not have.
    """

    name: str
    scp: Family = families.STRICT
    aid: bytes = GP_AID
    version: int = 0x30
    implementation: int = 0x70
    des: bool = False
    tagged: bool = True
    cut_by_p1: bool = True
    bare: bool = False
    leaves_partial: bool = False
    needs_parameters: bool = True
    short_keys: bool = False
    stores_whole: bool = False
    deletes_last: bool = False
    resets: bool = False
    interindustry: bool = False
    wrong_length: int = SW_WRONG_LENGTH
    scp11: int | None = None
    tries: int | None = None
    without: frozenset[int] = frozenset((GENERATE_KEY,))


STRICT = CardFamily("strict")
YUBIKEY = CardFamily(
    "yubikey",
    families.YUBIKEY,
    version=FACTORY_VERSION,
    implementation=0x60,
    cut_by_p1=False,
    bare=True,
    short_keys=True,
    stores_whole=True,
    deletes_last=True,
    resets=True,
    interindustry=True,
    wrong_length=SW_DATA,
    scp11=0x0D86,
    tries=65,
    without=_CONTENT,
)
JCOP = CardFamily("jcop", families.JCOP, version=FACTORY_VERSION, tries=10)
EUICC = CardFamily("euicc", families.EUICC, aid=ISD_R)
LEGACY = CardFamily(
    "legacy",
    families.LEGACY,
    aid=VISA_AID,
    version=FACTORY_VERSION,
    des=True,
    tagged=False,
    leaves_partial=True,
    needs_parameters=False,
    tries=10,
)
FAMILIES: Mapping[str, CardFamily] = MappingProxyType({each.name: each for each in (STRICT, YUBIKEY, JCOP, EUICC, LEGACY)})
"""By name."""


@frozen
class SecurityDomainOptions:
    """
    What kind of card it is.

    @ivar implementation: the i byte of SCP03; by default that of the family.
    @ivar scp02: the parameter i of SCP02.
    @ivar channels: how many logical channels besides the basic one, up to 19.
    @ivar extended: commands of extended length are understood.
    @ivar memory: bytes for load files and applications.
    @ivar block: most bytes of plain data in one LOAD or STORE DATA.
    @ivar entries: most bytes of entries in one answer to GET STATUS.
    @ivar key_versions: most key versions in one security domain.
    @ivar diversification: key diversification data, 10 bytes.
    @ivar cplc: production life cycle data, 42 bytes.
    @ivar iin: the issuer's number.
    @ivar cin: the card's own.
    @ivar group: the group of cards that it belongs to, for SCP11c; empty for none.
    @ivar connected: the connection over which it is reached is a secure channel (SCP81): its host need not authenticate any more.
    """

    family: CardFamily = STRICT
    implementation: int = field(default=Factory(lambda self: self.family.implementation, takes_self=True))
    scp02: int = 0x55
    channels: int = 19
    extended: bool = False
    delivery: Delivery = Delivery.T1
    memory: int = 0x20000
    block: int = 255
    entries: int = 223
    key_versions: int = 8
    diversification: bytes = field(default=bytes.fromhex("0000A1B2C3D4E5F60718"), repr=False)
    cplc: bytes = field(default=bytes.fromhex("4790D321") + bytes(8) + bytes.fromhex("A1B2C3D40001") + bytes(24), repr=False)
    iin: bytes = field(default=bytes.fromhex("999912"), repr=False)
    cin: bytes = field(default=bytes.fromhex("0102030405060708"), repr=False)
    group: bytes = b""
    connected: bool = False
