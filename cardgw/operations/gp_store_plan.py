# -*- test-case-name: tests.operations.test_gp_store_plan -*-
"""
What C{gp.data.store} is told, and what it makes of that: a structure, parts of it that are encrypted, and STORE DATA for them.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve, frozen

from cardgw.apdu import tlv
from cardgw.apdu.script import Script
from cardgw.errors import ParameterError
from cardgw.fields import Kind, boolean, choice, each_of, octets, option, text
from cardgw.gp.store_data import DataGroup, Encryption, Structure, store_data, store_parts
from cardgw.operations.gp_head import ChangeParameters, aid_or_none
from cardgw.scp.keys import StaticKey

NONE, DGI, BER = "none", "dgi", "ber"
STRUCTURES = {NONE: Structure.NONE, DGI: Structure.DGI, BER: Structure.BER}
ENCRYPTIONS = {NONE: Encryption.NONE, "application": Encryption.APPLICATION, "all": Encryption.ALL}
COMMENT = "#"
_PADDING = 0x80


def _groups(value: Any) -> tuple[DataGroup, ...]:
    found: list[DataGroup] = []
    for number, line in enumerate("\n".join(each_of(text).parse(value)).splitlines(), 1):
        try:
            found += DataGroup.decode_all(bytes.fromhex(line.partition(COMMENT)[0]))
        except ValueError:
            raise ParameterError(f"groups: line {number} has no data groupings in hexadecimal") from None
    return tuple(found)


data_groups = Kind("data groupings in hexadecimal, on lines", _groups, schema={"anyOf": [text.schema, each_of(text).schema]})
"""A text of several lines, or a list of lines; after # comes a comment."""


@frozen
class StoreParameters(ChangeParameters):
    """
    What the caller gives.
    """

    data: bytes = option(octets, "what is stored, in hexadecimal", default=b"", secret=True)
    groups: tuple[DataGroup, ...] = option(
        data_groups,
        "in place of data: data groupings (DGI) in hexadecimal, each with identifier and length, as lines; # begins a comment",
        default=(),
        secret=True,
    )
    structure: str = option(
        choice(*STRUCTURES), "what the data are: data groupings (DGI), data objects (BER-TLV), or not said", default=NONE
    )
    each: bool = option(boolean, "a command for each data grouping, which some applications want", default=False)
    encryption: str = option(
        choice(*ENCRYPTIONS),
        "what the card is told of data that are encrypted already: nothing, what the application knows, or all",
        default=NONE,
    )
    encrypt: bool = option(
        boolean,
        "encrypt them here, with the data encryption key of the session: the value of each data grouping or data object, or all",
        default=False,
    )
    pad: bool = option(boolean, "pad each of these with 80 00 to whole blocks; otherwise they have to be whole", default=False)
    response: bool = option(boolean, "the card answers with data", default=False)
    application: str = option(
        aid_or_none, "the AID of the application that gets them; empty: the security domain itself", default=""
    )

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if bool(self.data) == bool(self.groups):
            raise ParameterError("data: expected it, or groups")
        if self.groups and self.structure == BER:
            raise ParameterError("structure: groups are data groupings")
        if self.encrypt and self.encryption == "application":
            raise ParameterError("encryption: what is encrypted here is all that there is")
        if self.pad and not self.encrypt:
            raise ParameterError("pad: only what is encrypted here is padded")
        if self.each and not self.is_grouped:
            raise ParameterError("each: only data groupings (dgi) are sent one by one")
        self.parts(None)

    @property
    def is_grouped(self) -> bool:
        """
        Whether they are data groupings.
        """
        return bool(self.groups) or self.structure == DGI

    def parts(self, dek: StaticKey | None) -> tuple[bytes, ...]:
        """
        Data groupings or data objects, or the whole as it is.

        @param dek: what encrypts what is to be; C{None} leaves it.
        @raise ParameterError: they have another structure, or there are no whole blocks to encrypt.
        """
        change = _Change(dek, self.pad) if dek is not None and self.encrypt else _same
        try:
            if self.is_grouped:
                groups = self.groups or DataGroup.decode_all(self.data)
                return tuple(evolve(each, value=change(each.value)).encode() for each in groups)
            if self.structure == BER:
                items = tlv.decode(self.data)
                return (self.data,) if change is _same else tuple(tlv.encode(each.tag, change(each.value)) for each in items)
        except ValueError as problem:
            raise ParameterError(f"data: {problem}") from None
        return (change(self.data),)

    def script(self, size: int, dek: StaticKey | None) -> Script:
        """
        STORE DATA for them.

        @param size: most bytes in a block.
        """
        parts = self.parts(dek)
        structure = Structure.DGI if self.is_grouped else STRUCTURES[self.structure]
        encryption = Encryption.ALL if self.encrypt else ENCRYPTIONS[self.encryption]
        if self.each:
            return _checked(store_parts(parts, structure, encryption, response=self.response), size)
        return store_data(b"".join(parts), size, structure, encryption, response=self.response)


def _checked(script: Script, size: int) -> Script:
    if any(len(each.command.data) > size for each in script.steps):
        raise ParameterError(f"each: a data grouping is longer than a block of {size} bytes")
    return script


def _same(value: bytes) -> bytes:
    return value


@frozen
class _Change:
    dek: StaticKey
    pad: bool

    def __call__(self, value: bytes) -> bytes:
        if self.pad:
            value += bytes((_PADDING,))
            value += bytes(-len(value) % self.dek.block)
        if not value or len(value) % self.dek.block:
            raise ParameterError(f"data: what is encrypted has whole blocks of {self.dek.block} bytes", hint="Or give pad.")
        return self.dek.encrypt(value)
