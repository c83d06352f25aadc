# -*- test-case-name: tests.test_interfaces -*-
"""
The joints of the house.  Read this first.

A transport (L{ITransport}) accepts or finds cards and wraps each in a channel (L{ICardChannel}).  It hands the channel to the
gateway (L{IGateway}), which runs an operation (L{IOperation}) on it.  The operation sees only its session (L{ISession}).
Whoever wants to know what happens observes (L{ICardObserver}).  Deferreds cross all this; implementations may be coroutines.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from twisted.application.service import IService
    from twisted.internet.defer import Deferred
    from twisted.internet.interfaces import IProtocol, IProtocolFactory
    from twisted.logger import Logger

    from cardgw.apdu.response import Response
    from cardgw.apdu.script import Script
    from cardgw.errors import CardGatewayError, ChannelError
    from cardgw.quirks import Quirks
    from cardgw.values import ChannelInfo, Feature, OutboxEntry, Parcel, Psk, Question, Reset


class ICardChannel(Interface):
    """
    A card that can be talked to now.  A channel runs one script at a time (further ones wait in their order), never sends a
    command again by itself, and announces once that it is gone, whoever closed it.
    """

    info: ChannelInfo = Attribute("L{cardgw.values.ChannelInfo}: what this channel is, can do, and was asked for.")

    def exchange(script: Script, watch: Callable[[Response], object] | None = None) -> Deferred[tuple[Response, ...]]:
        """
        Run a script; stop as soon as possible after an answer that its step does not allow.

        @param watch: called with each L{cardgw.apdu.response.Response} as it comes, or C{None}.
        @return: one answer per command that the card answered, in order; where C{pipelined}, also of those after the failed one.
            Cancelling it stops before the next command.
        @raise ChannelError: (as failure) the peer or card was lost; it carries C{responses} and C{unanswered}.
        """

    def hold() -> Deferred[None]:
        """
        Get the card for exclusive use.  Waits while somebody else holds it; cancelling gives up the place in the queue.
        """

    def release() -> None:
        """
        End what L{hold} began.  Does nothing on a channel that is gone.
        """

    def show(text: str) -> Deferred[None]:
        """
        Show the card holder a text; fires when it is on its way.  It may block the card until the holder confirms it.  Fails
        with L{NotSupported} unless C{info.offers} has C{Feature.SHOW}.
        """

    def reset(kind: Reset) -> Deferred[None]:
        """
        Start the card anew, in one of the ways of C{info.resets}; others fail with C{NotSupported}.
        """

    def close(reason: ChannelError | None = None) -> Deferred[None]:
        """
        End the connection, in the transport's own polite way; fires when it is gone, and never fails.  May be called again.

        @param reason: what L{when_gone} tells, or C{None} for the ordinary end.
        """

    def when_gone() -> Deferred[ChannelError | None]:
        """
        @return: a new C{Deferred} of the L{ChannelError} that ended it, or C{None} for the ordinary end; at once if it is gone.
        """


class ITransport(Interface):
    """
    A plugin: one way by which cards are reached.
    """

    name: str = Attribute("C{str}: what settings call it: C{[transports.<name>]}.")
    summary: str = Attribute("C{str}: one line for lists; lower case, no full stop.")
    settings: Any = Attribute("An attrs class of L{cardgw.fields.option} fields: its settings, each with a default.")
    requests: Mapping[str, str] = Attribute(
        "C{Mapping[str, str]}: each request that its cards may come with (C{values.ANY}: any other), and what answers it unless "
        "settings do: an operation, by its name (left out where there is none), C{STAY}, or nothing.  See C{values.ARRIVALS}."
    )

    def make_service(settings: Any, gateway: IGateway) -> IService:
        """
        @param settings: an instance of C{settings}.
        @return: a C{twisted.application.service.IService}.  Stopping it closes its listeners and channels politely.  Where it
            has an attribute C{problem}, C{/readyz} tells it: why it can reach no card now, a C{str} that is empty if it can.
            Where it has a method C{link_url(token: str) -> str}, cards come by links (L{IGateway.link}) to that address.
        @raise SettingsError: the settings cannot be used (an address in use, a missing file).
        """


class IGateway(Interface):
    """
    What a transport sees of the gateway.
    """

    reactor: Any = Attribute("The reactor: C{IReactorTime}, C{IReactorTCP}.")
    words: Callable[[str], str] = Attribute("Puts a text of the transport's own into the language of the card holders.")
    secret: Callable[[str], bytes] = Attribute("See L{ISession.secret}.")
    psk: Callable[[bytes], Psk | None] = Attribute("L{cardgw.values.Psk} of a TLS-PSK identity; C{None}: nobody has it.")

    def arrived(channel: ICardChannel) -> Deferred[CardGatewayError | None]:
        """
        A card is here.

        @return: never a failure: what the card asked for (or the jobs of its link) has been done, or has failed with the error
            that it gives, and the card holder was told; the transport says goodbye.  A card that asked for nothing stays; it
            fires when the channel is gone.  A transport that is being stopped cancels it: what runs then winds up, and it fires.
        """

    def link(token: str) -> str:
        """
        A card comes by a link: its channel has the C{CardRequest(LINK, …)} of what this gives, to be handed over at once.

        @raise UnknownLink: there is none with this token, or not any more.
        @raise LinkInUse: a card is here by it.  Any other C{CardGatewayError}: it cannot be told now.
        """


class IOperation(Interface):
    """
    A plugin: something that can be done to a card.
    """

    name: str = Attribute("C{str}: C{area.verb}, unique: C{profile.download}.")
    summary: str = Attribute("C{str}: one line for lists; lower case, no full stop.")
    help: str = Attribute("C{str}: what it does, for people who are about to run it.")
    parameters: Any = Attribute("An attrs class of L{cardgw.fields.option} fields: what the caller gives.")
    settings: Any = Attribute('An attrs class likewise: what the operator of the gateway sets: C{[operations."<name>"]}.')
    application: bytes | None = Attribute("C{bytes}: the AID of the application it talks to, or C{None}.")
    requires: frozenset[Feature] = Attribute("C{frozenset[Feature]}: what the channel must offer besides.")
    destructive: bool = Attribute("C{bool}: something is lost for good if it is run by mistake.")
    repeatable: bool = Attribute("C{bool}: it may start anew at the card's next visit if the card was lost in its midst.")

    def run(session: ISession) -> Awaitable[dict[str, Any]]:
        """
        @return: an awaitable of the result: a C{dict} that C{json} can write.
        @raise CardGatewayError: it failed; C{str} of it is the reason for people, C{brief} the one for the card holder.
        """


class IProgress(Interface):
    """
    How far an operation has come.
    """

    def stage(name: str, /, **facts: Any) -> None:
        """
        A stage begins.  Its name is stable, for programs: lpac's names in the LPA.  The facts are what is known by now and may
        be shown (C{provider}, C{iccid}); never secrets.
        """

    def percent(done: int) -> None:
        """
        @param done: C{int} from 0 to 100, of the present stage.
        """


class ISession(IProgress):
    """
    All that an operation gets: one card, held, and what it may use.
    """

    channel: ICardChannel = Attribute("L{ICardChannel}, held for this operation.")
    parameters: Any = Attribute("An instance of the operation's C{parameters}, validated.")
    settings: Any = Attribute("An instance of the operation's C{settings}.")
    identity: str = Attribute("C{str}: who the card is (L{cardgw.identities}); empty until somebody has L{identified} it.")
    quirks: Quirks = Attribute("L{cardgw.quirks.Quirks}: what is odd about this kind of card.")
    clock: Any = Attribute("C{IReactorTime}: the time, and timers.")
    http: IHTTPClient = Attribute("L{IHTTPClient}: HTTPS to the servers of this card.")
    trust: ITrust = Attribute("L{ITrust}: whose certificates are believed.")
    outbox: IOutbox = Attribute("L{IOutbox}: what must reach somebody, whatever becomes of this session.")
    log: Logger = Attribute("C{twisted.logger.Logger}; the keys C{eid} and C{iccid} are shortened as settings say.")

    def show(text: str) -> Deferred[None]:
        """
        Show the card holder a text now, in the midst of the work; nothing where the channel cannot.
        """

    def farewell(text: str, reset: Reset | None = None) -> None:
        """
        What is to happen when the card has been released: the text is shown to its holder, and after that it is started anew,
        where the channel can.  The last call counts.
        """

    def identified(identity: str) -> None:
        """
        The operation has learned who the card is (L{cardgw.identities}).  A C{CardGatewayError} if this is for another one.
        """

    def achieved(result: dict[str, Any]) -> Deferred[None]:
        """
        Write down what has been done, in the midst of the work: should all be lost, this is the job's result.  Fires when safe.
        """

    def ask(question: Question) -> Deferred[str]:
        """
        Ask whoever wanted this operation; others who may answer for them are asked too.  Gives the answer; L{NobodyToAsk} if
        nobody can answer, or did in time.
        """

    def connect(endpoint: str, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        Connect to a client endpoint of Twisted (C{tcp:127.0.0.1:35963}) that the operation's settings allow.  L{Unreachable}
        if it names nothing, or nobody answers there; the text says why.
        """

    def recall(card: str, key: str) -> Deferred[bytes | None]:
        """
        What was remembered about the card of this identity; C{None} for nothing.
        """

    def remember(card: str, key: str, value: bytes | None, *, sealed: bool = False) -> Deferred[None]:
        """
        Remember something about a card, encrypted if C{sealed}, or forget it (C{None}).  Fires when it is safe.
        """

    def secret(name: str) -> bytes:
        """
        The C{bytes} of the secret that settings call so (C{[secrets]}).  A C{SecretError} if it is not set.
        """

    def keys(name: str) -> Any:
        """
        The L{cardgw.scp.keys.Keys} that settings call so (C{[keys."name"]}).  A C{SecretError} if there are none.
        """


class IOutbox(Interface):
    """
    What must reach somebody: kept until it has.
    """

    def keep(parcel: Parcel) -> Deferred[OutboxEntry]:
        """
        Store a parcel, before anything is done with it; fires when it is safe.  One that is here already (kind, card, number and
        payload are the same) is given as it is, in whatever state.
        """

    def deliver(entry: OutboxEntry) -> Deferred[None]:
        """
        Deliver it now, also if that was done before.  Fires when it is written down that it was accepted; fails with a
        C{CardGatewayError} if it was not: it will be tried again by itself, unless that is L{DeliveryRefused}.
        """

    def taken_off(entry: OutboxEntry) -> Deferred[None]:
        """
        The card does not have its copy any more.
        """

    def entries(card: str) -> Deferred[tuple[OutboxEntry, ...]]:
        """
        All about the card of this identity that waits, or of which the card has a copy; oldest first.
        """


class ICourier(Interface):
    """
    Carries parcels of one kind, without the card.
    """

    kind: str = Attribute("C{str}: see L{cardgw.values.Parcel}.")

    def deliver(parcel: Parcel, http: IHTTPClient) -> Awaitable[None]:
        """
        Fails with L{DeliveryRefused} if the receiver will never take it; with another C{CardGatewayError} if it cannot now.
        """


class IHTTPClient(Interface):
    """
    HTTPS to servers that a card or its holder names.
    """

    def post(
        url: str, body: bytes, headers: Mapping[str, str], trusted: frozenset[bytes] = frozenset(), role: Any = None
    ) -> Deferred[tuple[int, bytes]]:
        """
        Gives status and body.  Cancelling it ends the request.

        @param url: C{https://…}.  Hosts are restricted by settings; redirects are not followed.
        @param trusted: CI key identifiers that this card trusts, besides those of the settings.
        @param role: L{cardgw.lpa.trust.Role}: what the server's TLS certificate must be good for; C{None} for an SM-DP+.
        @raise CardGatewayError: (as failure) the server is refused, not trusted, silent or does not speak HTTP.
        """


class ITrust(Interface):
    """
    Decides whether a certificate chain of SGP.22 is authentic.
    """

    def check(chain: Sequence[bytes], role: Any, host: str, card: frozenset[bytes] = frozenset()) -> Any:
        """
        @param chain: DER certificates, the one in question first, each signed by the next.
        @param role: L{cardgw.lpa.trust.Role}: what the first certificate must be good for.
        @param host: the server that gave it; settings may have roots for it alone.
        @param card: CI key identifiers that this card trusts, besides those of the settings.
        @return: L{cardgw.lpa.trust.Checked}: its public key, SM-DP+ OID, and the CI's key identifier.
        @raise CardGatewayError: the chain is not to be trusted; the text says which certificate, and why.
        """


class ICardObserver(Interface):
    """
    Told what happens; must not raise, must not block.  C{job} is unique per run of an operation, for the gateway's life.
    """

    def card_arrived(info: ChannelInfo) -> None:
        """
        @param info: L{cardgw.values.ChannelInfo}.
        """

    def card_gone(info: ChannelInfo, reason: ChannelError | None) -> None:
        """
        @param reason: L{cardgw.errors.ChannelError} or C{None}.
        """

    def job_started(job: str, operation: str, info: ChannelInfo) -> None:
        """
        @param operation: its name.
        """

    def job_stage(job: str, stage: str, facts: Mapping[str, Any]) -> None:
        """
        @see: L{IProgress.stage}.
        """

    def job_percent(job: str, done: int) -> None:
        """
        @see: L{IProgress.percent}.
        """

    def job_ended(job: str, result: dict[str, Any] | None, error: CardGatewayError | None) -> None:
        """
        One of C{result} and C{error} is C{None}.
        """
