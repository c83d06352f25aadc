# -*- test-case-name: tests.functional.test_download_certificates -*-
"""
Downloads from SM-DP+s whose certificates are not right.
"""

from __future__ import annotations

from cardgw.lpa.download_errors import OtherServer
from cardgw.lpa.es10 import CancelReason
from cardgw.lpa.server_errors import CertificateExpired, CertificateNotYetValid, CiNotTrusted, WrongCertificate, WrongHostName
from cardgw.virtual.pki import Fault
from tests.functional.download import HOST, pki
from tests.functional.test_download_server import FaultTestCase

AUTHENTICATION = "(the one for an SM-DP+'s authentication)"
BINDING = "(the one for an SM-DP+'s profile binding)"
TLS_CONNECTION = "(the one for an SM-DP+'s TLS connection)"
UNDEFINED = CancelReason.UNDEFINED


class CertificateTests(FaultTestCase):
    """
    Certificates that are not right.
    """

    ROLES = (
        ("dp_auth", Fault.EXPIRED, CertificateExpired, AUTHENTICATION, None),
        ("dp_auth", Fault.NOT_YET_VALID, CertificateNotYetValid, AUTHENTICATION, None),
        ("dp_auth", Fault.OTHER_CA, CiNotTrusted, AUTHENTICATION, None),
        ("dp_auth", Fault.WRONG_POLICY, WrongCertificate, "not for an SM-DP+'s authentication", None),
        ("dp_auth", Fault.OTHER_OID, OtherServer, "2.999.10.1", UNDEFINED),
        ("dp_pb", Fault.EXPIRED, CertificateExpired, BINDING, UNDEFINED),
        ("dp_pb", Fault.NOT_YET_VALID, CertificateNotYetValid, BINDING, UNDEFINED),
        ("dp_pb", Fault.OTHER_CA, CiNotTrusted, BINDING, UNDEFINED),
        ("dp_pb", Fault.WRONG_POLICY, WrongCertificate, "not for an SM-DP+'s profile binding", UNDEFINED),
        ("dp_pb", Fault.OTHER_OID, OtherServer, "2.999.10.1", UNDEFINED),
    )
    TLS = (
        (Fault.EXPIRED, CertificateExpired, TLS_CONNECTION),
        (Fault.NOT_YET_VALID, CertificateNotYetValid, TLS_CONNECTION),
        (Fault.OTHER_CA, CiNotTrusted, TLS_CONNECTION),
        (Fault.WRONG_HOST, WrongHostName, f"not to {HOST} but to other.{HOST}"),
        (Fault.WRONG_POLICY, WrongCertificate, "not for an SM-DP+'s TLS connection"),
    )

    async def test_roles(self) -> None:
        """
        The certificates for authentication and for binding.
        """
        await self.begin()

        def repair() -> None:
            self.smdp.hierarchies = (pki(),)

        for number, (role, fault, kind, words, reason) in enumerate(self.ROLES, 1):
            self.order(f"P-{number}", number)
            self.smdp.hierarchies = (pki().replaced(role, fault),)
            await self.fault(number, kind, words, reason, repair)

    async def test_tls(self) -> None:
        """
        The certificate of the server itself: nothing is sent to it.
        """
        await self.begin()
        good = dict(self.hosts)
        for number, (fault, kind, words) in enumerate(self.TLS, 1):
            self.order(f"P-{number}", number)
            await self.listen(self.server, pki().replaced("dp_tls", fault).dp_tls)
            asked = self.server.web.requests.total()

            def repair(asked: int = asked) -> None:
                self.assertEqual(self.server.web.requests.total(), asked)
                self.hosts.update(good)

            await self.fault(number, kind, words, None, repair)
