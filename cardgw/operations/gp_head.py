# -*- test-case-name: tests.operations.test_gp_head -*-
"""
What all operations of GlobalPlatform are told: with which keys, which secure channel, and which security domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from attrs import frozen

from cardgw.errors import ParameterError
from cardgw.fields import boolean, choice, matching, option, text
from cardgw.scp.families import FAMILIES
from cardgw.scp.level import LEVELS, S8, S16, Level, most_data

AUTO, PLAIN, SCP02, SCP03, SCP81 = "auto", "none", "scp02", "scp03", "scp81"
SCP11S = SCP11A, SCP11B, SCP11C = "scp11a", "scp11b", "scp11c"
LEVELS_OF_SCP11: Mapping[str, Level] = MappingProxyType({"34": Level.C_MAC | Level.R_MAC, "3C": Level.FULL})
"""As SCP11 writes 11 and 33 on the wire."""

an_aid = matching("an AID of 5 to 16 bytes in hexadecimal", "([0-9A-Fa-f]{2}){5,16}")
"""Of an application, a load file or a security domain."""
aid_or_none = matching("an AID of 5 to 16 bytes in hexadecimal", "([0-9A-Fa-f]{2}){5,16}|")
"""The same; empty for none."""


@frozen
class GpParameters:
    """
    The head that the parameters of all of them have.
    """

    keys: str = option(
        text, "the name of a key set of the settings ([keys]); empty: without a secure channel, as everybody may", default=""
    )
    protocol: str = option(
        choice(AUTO, SCP03, SCP02, *SCP11S, SCP81, PLAIN),
        "the secure channel; by itself it is the one that the keys are for; scp81: the connection itself, of a card that came "
        "over TLS-PSK (Amendment B)",
        default=AUTO,
    )
    level: str = option(
        choice(AUTO, *(each.hexadecimal for each in LEVELS), *LEVELS_OF_SCP11),
        "the security level; by itself it is the highest that the card has; SCP11 has 33 and 11, or in its own words 3C and 34",
        default=AUTO,
    )
    domain: str = option(aid_or_none, "the AID of the security domain; empty: that of the issuer", default="")
    mac_length: str = option(
        choice(AUTO, str(S8), str(S16)), "bytes of a MAC (S8 or S16); by itself what the card data say", default=AUTO
    )
    key_size: str = option(
        choice(AUTO, "128", "192", "256"),
        "bits of the session keys of SCP11; by itself the least that the card data name, else 128",
        default=AUTO,
    )
    family: str = option(
        choice(AUTO, *FAMILIES),
        "what kind of card it is, where it differs from the documents; by itself what its ATR and its data say",
        default=AUTO,
    )
    force: bool = option(
        boolean,
        "authenticate although that has failed twice with these keys: a card may count failures, and block keys for good",
        default=False,
    )

    def __attrs_post_init__(self) -> None:
        if not self.keys and self.protocol not in (AUTO, PLAIN, SCP81):
            raise ParameterError(f"keys: {self.protocol} needs a key set")
        if self.keys and self.protocol == SCP81:
            raise ParameterError("keys: with scp81 there are none, the connection has its own")

    @property
    def usual_block(self) -> int:
        """
        Most bytes of plain data in one short command, at this level and with a card that does not tell of narrower limits.
        """
        if self.level in LEVELS_OF_SCP11:
            level = LEVELS_OF_SCP11[self.level]
        else:
            level = Level.FULL if self.level == AUTO else Level(int(self.level, 16))
        return most_data(level, S16 if self.mac_length == str(S16) else S8)


@frozen
class ChangeParameters(GpParameters):
    """
    Of those that change a card.
    """

    dry_run: bool = option(
        boolean, "do not touch the card: tell the plain commands, and the check values of the keys", default=False
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        nobody = self.protocol != SCP81 and (not self.keys or self.protocol == PLAIN)
        if nobody and not self.dry_run:
            raise ParameterError("keys: missing; whoever changes a card has to authenticate to it")


@frozen
class GpSettings:
    """
    Nothing to set.
    """
