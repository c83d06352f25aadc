# -*- test-case-name: tests.gp.test_platform_packages -*-
"""
Packages that come with the card: their AIDs and names.  Many cards do not list them in their registries.

The Java Card API (3.1, annex "AID list"), GlobalPlatform, and the packages of UICCs (ETSI TS 102 241, 3GPP TS 31.130).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_NAMES = """
A0000000620001 java.lang
A0000000620002 java.io
A0000000620003 java.rmi
A0000000620101 javacard.framework
A000000062010101 javacard.framework.service
A0000000620102 javacard.security
A0000000620201 javacardx.crypto
A0000000620202 javacardx.biometry
A0000000620203 javacardx.external
A0000000620204 javacardx.biometry1toN
A0000000620205 javacardx.security
A000000062020801 javacardx.framework.util
A00000006202080101 javacardx.framework.util.intx
A000000062020802 javacardx.framework.math
A000000062020803 javacardx.framework.tlv
A000000062020804 javacardx.framework.string
A0000000620209 javacardx.apdu
A000000062020901 javacardx.apdu.util
A0000000030000 visa.openplatform
A00000015100 org.globalplatform
A00000015102 org.globalplatform.contactless
A00000015103 org.globalplatform.securechannel
A00000015104 org.globalplatform.securechannel.provider
A00000015105 org.globalplatform.privacy
A00000015106 org.globalplatform.filesystem
A0000000090003FFFFFFFF8910710001 sim.access
A0000000090003FFFFFFFF8910710002 sim.toolkit
A0000000090005FFFFFFFF8911000000 uicc.access
A0000000090005FFFFFFFF8911010000 uicc.access.fileadministration
A0000000090005FFFFFFFF8911020000 uicc.access.bertlvfile
A0000000090005FFFFFFFF8912000000 uicc.toolkit
A0000000090005FFFFFFFF8913000000 uicc.system
A0000000871005FFFFFFFF8913100000 uicc.usim.access
A0000000871005FFFFFFFF8913200000 uicc.usim.toolkit
"""
PLATFORM: Mapping[bytes, str] = MappingProxyType(
    {bytes.fromhex(aid): name for aid, name in (line.split() for line in _NAMES.split("\n") if line)}
)
"""Names by AIDs."""
