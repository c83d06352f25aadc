# -*- test-case-name: tests.lpa.test_authenticate -*-
"""
The eUICC and the server authenticate each other (SGP.22 3.0.1), and the gateway believes neither message before it has checked
what it can: the session, the address, the certificate and the signature.
"""

from __future__ import annotations

from attrs import frozen

from cardgw.apdu.tlv import only
from cardgw.interfaces import ISession
from cardgw.lpa.activation import HOST_MAX, ActivationCode
from cardgw.lpa.download_errors import NoIssuers, OtherServer
from cardgw.lpa.es9 import AuthenticateClient, Es9, InitiateAuthentication, WrongTransaction
from cardgw.lpa.es10 import (
    GET_EUICC_CHALLENGE,
    GET_EUICC_INFO1,
    Authenticated,
    EuiccInfo1,
    authenticate_server,
    context_parameters,
    parse_authenticated,
    parse_challenge,
    parse_info1,
)
from cardgw.lpa.imei import device_identity
from cardgw.lpa.isdr import Isdr
from cardgw.lpa.server_errors import MalformedServerAnswer
from cardgw.lpa.trust import Checked, Role, check_signature


@frozen
class Greeting:
    """
    What an eUICC says first.
    """

    challenge: bytes
    info1: EuiccInfo1

    @property
    def trusted(self) -> frozenset[bytes]:
        """
        Those of L{EuiccInfo1.verification}.
        """
        return frozenset(self.info1.verification)


async def greet(session: ISession, isdr: Isdr) -> Greeting:
    """
    Get the eUICC's challenge and EUICCInfo1.

    @raise NoIssuers: it cannot authenticate any server.
    """
    session.stage("es10b_get_euicc_challenge_and_info")
    challenge, info1 = await isdr.commands(GET_EUICC_CHALLENGE, GET_EUICC_INFO1, reading=True)
    greeting = Greeting(parse_challenge(challenge), parse_info1(info1))
    if not greeting.trusted or not greeting.info1.signing:
        raise NoIssuers
    return greeting


async def initiate(session: ISession, es9: Es9, host: str, greeting: Greeting) -> InitiateAuthentication:
    """
    The server opens a session.  Its answer is not checked yet.
    """
    session.stage("es9p_initiate_authentication", host=host)
    return await es9.initiate_authentication(greeting.challenge, greeting.info1.raw)


@frozen
class _Signed:
    """
    What the server signed first, and with what.
    """

    transaction_id: bytes
    challenge: bytes
    address: str
    issuer: bytes
    proof: bytes


def check_server(
    session: ISession, code: ActivationCode, greeting: Greeting, answer: InitiateAuthentication, role: Role = Role.DP_AUTH
) -> Checked:
    """
    Check the answer to initiateAuthentication.

    @param role: what the server's certificate must be good for.
    @return: the facts of the server's certificate for authentication.
    @raise WrongTransaction: it is about another session or challenge.
    @raise OtherServer: another address or OID, or a CI that the eUICC does not trust.
    @raise CertificateRefused: the certificate or the signature is not authentic.
    """
    signed = _read(answer)
    if signed.transaction_id.hex() != answer.transaction_id.lower():
        raise WrongTransaction("initiateAuthentication: the signed transactionId is not the one beside it")
    if signed.challenge != greeting.challenge:
        raise WrongTransaction("initiateAuthentication: the server signed another challenge")
    if not same_host(signed.address, code.host):
        raise OtherServer(f"asked {code.host}, the server calls itself {signed.address[:HOST_MAX]!r}")
    if signed.issuer not in greeting.trusted:
        raise OtherServer(f"it uses the certificate issuer {signed.issuer.hex()}, which the eUICC does not trust")
    return _authentic(session, code, greeting, answer, signed, role=role)


def _read(answer: InitiateAuthentication) -> _Signed:
    try:
        fields = only(answer.server_signed1, 0x30).children()
        return _Signed(
            fields.need(0x80).value,
            fields.need(0x81).value,
            fields.need(0x83).value.decode(),
            only(answer.ci_key_id, 0x04).value,
            only(answer.server_signature1, 0x5F37).value,
        )
    except ValueError as problem:
        raise MalformedServerAnswer(f"initiateAuthentication: {problem}") from None


def _authentic(
    session: ISession, code: ActivationCode, greeting: Greeting, answer: InitiateAuthentication, signed: _Signed, *, role: Role
) -> Checked:
    checked: Checked = session.trust.check([answer.certificate], role, code.host, card=greeting.trusted)
    if checked.ci and checked.ci != signed.issuer:
        raise OtherServer(f"its certificate was issued by {checked.ci.hex()}, not by {signed.issuer.hex()} as announced")
    if code.oid and checked.oid != code.oid:
        raise OtherServer(f"the activation code wants the SM-DP+ {code.oid}, the certificate is that of {checked.oid or 'none'}")
    check_signature(checked.key, signed.proof, answer.server_signed1, "serverSignature1")
    return checked


def same_host(one: str, other: str) -> bool:
    """
    Whether two addresses name the same host, whatever their ports.
    """
    first, second = (address.partition(":")[0].rstrip(".").lower() for address in (one, other))
    return first == second


async def authenticate_card(session: ISession, isdr: Isdr, code: ActivationCode, answer: InitiateAuthentication) -> Authenticated:
    """
    The eUICC checks the server and shows who it is.

    @raise Es10Error: it does not accept the server.
    """
    session.stage("es10b_authenticate_server")
    request = authenticate_server(
        answer.server_signed1, answer.server_signature1, answer.ci_key_id, answer.certificate, _context(code)
    )
    return parse_authenticated(await isdr.command(request, slow=True))


def _context(code: ActivationCode) -> bytes:
    tac, imei = device_identity(code.imei)
    return context_parameters(code.matching_id, tac, imei)


async def authenticate_client(session: ISession, es9: Es9, transaction_id: str, card: Authenticated) -> AuthenticateClient:
    """
    The server checks the eUICC and offers a profile.  Its answer is not checked yet.
    """
    session.stage("es9p_authenticate_client")
    return await es9.authenticate_client(transaction_id, card.raw)
