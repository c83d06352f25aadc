# -*- test-case-name: tests.test_errors -*-
"""
One tree of errors.  Each class has a kebab-case C{code} for programs, and its docstring's first line is the sentence that a
person reads.  Rooms that need finer ones (the LPA, say) derive theirs from these.
"""

from __future__ import annotations

import re
from inspect import getdoc
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from cardgw.apdu.response import Response


class CardGatewayError(Exception):
    """
    Something went wrong in the gateway.

    @ivar detail: what exactly, in words (no secrets, nothing the class's own sentence says already).
    @ivar hint: what the reader can do about it, or an empty string.
    """

    code: ClassVar[str] = "card-gateway-error"
    hint: str = ""

    def __init__(self, detail: str = "", *, hint: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        if hint:
            self.hint = hint

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", cls.__name__)
        cls.code = name.removesuffix("-Error").lower()

    @property
    def sentence(self) -> str:
        """
        The first line of the class's docstring, without its full stop.
        """
        return (getdoc(type(self)) or "").strip().split("\n", 1)[0].rstrip(".")

    @property
    def brief(self) -> str:
        """
        The text for a card holder's small display: one short sentence, no jargon.
        """
        return self.sentence + "."

    def __str__(self) -> str:
        text = f"{self.sentence}: {self.detail}" if self.detail else self.sentence
        if not self.hint:
            return text
        return f"{text} {self.hint}" if text.endswith(("?", "!")) else f"{text.rstrip('.')}. {self.hint}"


class LocalError(CardGatewayError):
    """
    The gateway or its caller did something that is not allowed.
    """


class NotSupported(LocalError):
    """
    This channel cannot do that.
    """


class ParameterError(LocalError):
    """
    A parameter is wrong.
    """


class SettingsError(LocalError):
    """
    A setting is wrong.
    """


class SecretError(LocalError):
    """
    A secret could not be read.
    """


class PluginError(LocalError):
    """
    A plugin cannot be used.
    """

    @property
    def brief(self) -> str:
        """
        A card holder knows nothing of plugins.
        """
        return "This server has a defect. Please tell its operator."


class MissingPlugin(PluginError):
    """
    No such plugin is installed.
    """


class PluginClash(PluginError):
    """
    Two plugins have the same name.
    """


class OperationRefused(LocalError):
    """
    This operation cannot be run on this card.
    """


class UnknownLink(LocalError):
    """
    There is no such link.
    """

    hint = "It is good for a while only, and for one card. Ask whoever made it for a new one."


class LinkInUse(LocalError):
    """
    A card is here already by this link.
    """

    hint = "If that was yours and its connection is broken, try again in a minute."


class OperationCancelled(CardGatewayError):
    """
    The operation was cancelled.
    """


class NobodyToAsk(CardGatewayError):
    """
    The operation has a question that nobody here can answer.
    """


class Unreachable(CardGatewayError):
    """
    No connection could be made.
    """


class DeliveryRefused(CardGatewayError):
    """
    The receiver refuses this for good.
    """


class CardError(CardGatewayError):
    """
    The card answered with an error.
    """


class UnexpectedStatus(CardError):
    """
    The card answered with an unexpected status word.

    @ivar response: the answer itself.
    """

    def __init__(self, response: Response, what: str = "", *, hint: str = "") -> None:
        from cardgw.apdu.status import describe

        super().__init__(f"{what}: {describe(response.status)}" if what else describe(response.status), hint=hint)
        self.response = response


class MalformedAnswer(CardError):
    """
    The card's answer could not be understood.
    """


class ChannelError(CardGatewayError):
    """
    The card or its side of the connection was lost.

    @ivar responses: the answers that came before that, in the order of the script's steps.
    @ivar unanswered: how many further commands may have reached the card.
    """

    responses: tuple[Response, ...] = ()
    unanswered: int = 0

    def during(self, responses: tuple[Response, ...], unanswered: int) -> ChannelError:
        """
        The same error, telling how far a script had come.
        """
        error = type(self).__new__(type(self), *self.args)
        vars(error).update(vars(self), responses=responses, unanswered=unanswered)
        error.__cause__ = self
        return error


class ChannelClosed(ChannelError):
    """
    The connection to the card is closed.
    """


class PeerLost(ChannelError):
    """
    The card's side closed the connection.
    """


class PeerSilent(ChannelError):
    """
    The card's side did not answer in time.
    """


class PeerMisbehaved(ChannelError):
    """
    The card's side broke the rules of its protocol.
    """


class LimitReached(ChannelError):
    """
    A limit of the gateway was reached.
    """


class FrameTooLong(LimitReached):
    """
    The card's side announced a frame that is too long.
    """


class GatewayStopping(ChannelError):
    """
    The gateway is being shut down.
    """

    @property
    def brief(self) -> str:
        """
        See L{CardGatewayError.brief}.
        """
        return "The server is being restarted. Please try again in a minute."
