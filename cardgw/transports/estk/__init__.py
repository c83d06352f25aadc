"""
eSTK.me cards: the card itself dials in over TCP (port 1888) and asks for help with its eUICC.

The protocol ("rLPA", the first version) in one table.  A frame is C{tag (1) | length (2, little-endian) | value}; the length
counts only the value.  C{->} is from the card to the gateway, C{<-} from the gateway to the card::

    -> 01               Remote Management      the value is ignored
    -> 02 <text>        Download Profile       what the holder typed, in the GSM 7-bit default alphabet, one byte per character
    -> 03               Process Notification   the value is ignored
    <- 00 <text>        Message Box            the same alphabet; blocks the card until the holder confirms it
    <- FD               Lock APDU              no answer
    <- FE <C-APDU>      APDU                   one at a time
    -> FE <R-APDU>      its answer             data, SW1, SW2
    <- FF               Unlock APDU            no answer
    <- FB               Reboot                 the card vanishes
    <- FC               Close                  the card closes, or just vanishes
    -> FC               Close                  the card goes

A session: the card sends exactly one of 01, 02, 03 at once; then any number of boxes and of FD (FE ->FE)* FF; then boxes and FC.
The card has ISD-R selected and answers on its basic channel; SELECT and MANAGE CHANNEL are not for this connection.

Read in this order: L{wire<cardgw.transports.estk.wire>} (frames), L{gsm7<cardgw.transports.estk.gsm7>} (the alphabet),
L{request<cardgw.transports.estk.request>} (what a card asks for), L{connection<cardgw.connections.connection>} (a socket, a
deadline, a goodbye), L{channel<cardgw.transports.estk.channel>} (the card), L{protocol<cardgw.transports.estk.protocol>} (one
session), L{factory<cardgw.transports.estk.factory>} (all of them), L{service<cardgw.transports.estk.service>} (the plugin).
"""
