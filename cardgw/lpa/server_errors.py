# -*- test-case-name: tests.lpa.test_server_errors -*-
"""
What can go wrong between the gateway and an SM-DP+, from its address to its answer.
"""

from __future__ import annotations

from cardgw.errors import CardGatewayError, LocalError

ALLOW_CI = "To trust it, add the identifier to trusted_ci in the table [https] of cardgw.toml."
ALLOW_ADDRESS = "The table [https] of cardgw.toml may allow it: allow_hosts, allow_networks, allow_ports."


MAX_FOREIGN_TEXT = 200


def shown(text: str) -> str:
    """
    Text of a server's as errors and logs may carry it: not too long, without control characters.
    """
    return "".join(each if each.isprintable() else " " for each in text[:MAX_FOREIGN_TEXT])


class ServerError(CardGatewayError):
    """
    The server cannot be used.
    """


class AddressRefused(ServerError):
    """
    The gateway may not contact this server.
    """

    hint = ALLOW_ADDRESS


class ServerNotFound(ServerError):
    """
    The server's name is not known.
    """

    hint = "Check the address in the activation code, and the gateway's DNS."


class ServerUnreachable(ServerError):
    """
    The server cannot be reached.
    """


class ServerSilent(ServerError):
    """
    The server did not answer in time.
    """


class ServerBusy(ServerError):
    """
    Too many requests are waiting for this server.
    """

    hint = "Try again later."


class ServerHungUp(ServerError):
    """
    The server closed the connection without a whole answer.
    """


class TlsFailed(ServerError):
    """
    No secure connection to the server could be made.
    """


class NotHttp(ServerError):
    """
    The server does not speak HTTP.
    """


class ServerRedirected(ServerError):
    """
    The server sent the request elsewhere, which is not followed.
    """


class AnswerTooLarge(ServerError):
    """
    The server's answer is too large.
    """

    hint = "The limit is max_body in the table [https] of cardgw.toml."


class HttpStatusError(ServerError):
    """
    The server answered with an HTTP error.

    @ivar status: the status code.
    """

    def __init__(self, status: int, detail: str = "", *, hint: str = "") -> None:
        super().__init__(f"{status}{f' ({detail})' if detail else ''}", hint=hint)
        self.status = status


class MalformedServerAnswer(ServerError):
    """
    The server's answer could not be understood.
    """


class CertificateRefused(ServerError):
    """
    The server's certificate cannot be accepted.
    """


class MalformedCertificate(CertificateRefused):
    """
    The server's certificate cannot be read.
    """


class CertificateExpired(CertificateRefused):
    """
    The server's certificate has expired.
    """


class CertificateNotYetValid(CertificateRefused):
    """
    The server's certificate is not valid yet.
    """

    hint = "Check the gateway's clock."


class WrongCertificate(CertificateRefused):
    """
    The server's certificate is not meant for this.
    """


class WrongHostName(CertificateRefused):
    """
    The server's certificate belongs to another host.
    """


class SignatureInvalid(CertificateRefused):
    """
    A signature of the server is wrong.
    """


class CiNotTrusted(CertificateRefused):
    """
    The server's certificate was issued by someone who is not trusted.

    @ivar ci: the key identifier of the issuer, 20 bytes; empty where the certificate does not tell.
    """

    def __init__(self, ci: bytes, detail: str, *, hint: str = "") -> None:
        super().__init__(detail, hint=hint)
        self.ci = ci


class ClientStopped(LocalError):
    """
    The gateway sends no more requests, because it is being shut down.
    """
