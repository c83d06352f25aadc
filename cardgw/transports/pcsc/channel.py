# -*- test-case-name: tests.transports.pcsc.test_channel -*-
"""
The card in a reader, as L{cardgw.interfaces.ICardChannel}.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from cardgw.apdu.base import ChannelBase
from cardgw.errors import ChannelError
from cardgw.transports.pcsc.place import Place


class PcscChannel(ChannelBase):
    """
    See L{cardgw.interfaces.ICardChannel}.
    """

    def gone(self, reason: ChannelError) -> None:
        """
        The card is gone, as the service knows from elsewhere.  Does nothing on a channel that is gone.
        """
        raise NotImplementedError


def open_card(place: Place) -> Deferred[PcscChannel]:
    """
    Connect to the card that is in a reader now.

    Nothing is left behind where that fails, or is cancelled.  The same worker may be used for the next card at once; while
    it is C{stuck}, the next one waits until it is not (see L{cardgw.transports.pcsc.worker.Worker.when_free}).

    @return: C{Deferred[PcscChannel]}.
    @raise ChannelError: (as failure) one of L{cardgw.transports.pcsc.errors}, which names the reader.
    """
    raise NotImplementedError
