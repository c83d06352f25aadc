"""
Cards whose side dials in as a virtual card does: the gateway is the reader of vsmartcard's vpcd protocol, on TCP port 35963.

The protocol in one table.  A message is C{length (2, big-endian) | body}.  C{<-} is from the gateway to the card's side, C{->}
back; answers come in the order of what was asked::

    <- 00               power off              no answer
    <- 01               power on               no answer
    <- 02               reset                  no answer
    <- 04               give the ATR
    -> <ATR>            its answer             empty: there is no card now
    <- <C-APDU>         command                four bytes at least, so it is none of the above
    -> <R-APDU>         its answer             data, SW1, SW2; empty: the card is gone

A session: the card's side connects and says nothing.  The gateway powers the card on and asks for its ATR; where it is empty, it
asks again now and then.  A card at rest is asked for its ATR, too: an empty one, or another one, means that the card was taken
out.  In the end the card is powered off, and the connection closed.

Whoever can play this part is a card of the gateway: vsmartcard's C{vicc} and its phone app, JCardEngine,
C{python -m cardgw.virtual.vicc}.

Read in this order: L{wire<cardgw.transports.vpcd.wire>} (messages), L{line<cardgw.transports.vpcd.line>} (questions and their
answers), L{channel<cardgw.transports.vpcd.channel>} (the card), L{protocol<cardgw.transports.vpcd.protocol>} (one session),
L{service<cardgw.transports.vpcd.service>} (the plugin).
"""
