# -*- test-case-name: tests.operations.test_gp_shown -*-
"""
What cards of GlobalPlatform tell of themselves, as JSON: bytes in hexadecimal, upper case.
"""

from __future__ import annotations

from typing import Any

from attrs import fields

from cardgw.gp.application_list import ListedApplication
from cardgw.gp.capabilities import Capabilities, ChannelCapability, CodeCipher, Suite
from cardgw.gp.card_data import Cplc
from cardgw.gp.certificate_store import KeyReference
from cardgw.gp.key_information import KeyInformation
from cardgw.gp.keys import Curve
from cardgw.gp.privileges import privilege_names
from cardgw.gp.recognition_data import RecognitionData
from cardgw.gp.resources import Resources


def hexadecimal(octets: bytes) -> str:
    """
    C{"0A1B"}.
    """
    return octets.hex().upper()


def cplc_json(cplc: Cplc) -> dict[str, str]:
    """
    Production life cycle data, field by field.
    """
    return {each.name: hexadecimal(getattr(cplc, each.name)) for each in fields(Cplc)}


def card_json(card: RecognitionData) -> dict[str, Any]:
    """
    Card recognition data.
    """
    return {
        "version": card.version,
        "identified": card.identified,
        "secure_channels": [*map(str, card.channels)],
        "configuration": card.configuration,
        "chip": card.chip,
        "java_card": card.java_card,
    }


def key_json(key: KeyInformation) -> dict[str, Any]:
    """
    What is told of one key.
    """
    parts = [{"type": each.name, "length": each.length} for each in key.parts]
    return {"version": key.version, "identifier": key.identifier, "parts": parts}


def resources_json(resources: Resources) -> dict[str, int]:
    """
    Extended card resources.
    """
    return {
        "applications": resources.applications,
        "non_volatile": resources.non_volatile,
        "volatile": resources.volatile,
    }


def capabilities_json(told: Capabilities) -> dict[str, Any]:
    """
    Card capability information; bits without a name are left out.
    """
    return {
        "secure_channels": [*map(_channel, told.channels)],
        "domain_privileges": list(privilege_names(told.domain_privileges)),
        "application_privileges": list(privilege_names(told.application_privileges)),
        "hashes": [each.name for each in told.hashes],
        "ciphers": _names(CodeCipher, told.ciphers),
        "tokens": _names(Suite, told.tokens),
        "receipts": _names(Suite, told.receipts),
        "daps": _names(Suite, told.daps),
        "curves": [Curve(each).name if each in set(Curve) else f"{each:02X}" for each in told.curves],
    }


def _channel(channel: ChannelCapability) -> dict[str, Any]:
    return {
        "protocol": f"SCP{channel.protocol:02X}",
        "options": hexadecimal(channel.options),
        "key_sizes": [8 * each for each in channel.key_sizes],
    }


def _names(flags: type[CodeCipher] | type[Suite], told: CodeCipher | Suite) -> list[str]:
    return [each.name or "" for each in flags if told & each]


def application_json(application: ListedApplication) -> dict[str, str]:
    """
    One of the list of applications.
    """
    return {"aid": hexadecimal(application.aid), "label": application.label}


def issuer_json(key: KeyReference, issuer: bytes) -> dict[str, Any]:
    """
    Somebody who certifies, and the key that is theirs on the card.
    """
    return {"identifier": key.identifier, "version": key.version, "issuer": hexadecimal(issuer)}
