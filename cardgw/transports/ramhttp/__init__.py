"""
Cards whose side polls over HTTP: RAMOverHTTP, as the OpenCard Framework client and ram-client speak it, and as cards speak it
(GlobalPlatform Card Specification, Amendment B).

The protocol in one table.  The card's side POSTs a template, the gateway's answer is the next one, until its answer is C{204}.
All is BER-TLV, definite lengths, tags of one byte; C{<-} is from the gateway to the card's side, C{->} back::

    -> E8               initiation, the first POST
          C0 <ATR>      the answer to reset
          C1 <integer>  longest C-APDU that its reader takes       C1 and C2 may be missing
          C2 <integer>  longest R-APDU that its reader gives
    <- AA               request; empty: there is nothing to do now, ask again
          22 <C-APDU>   command                                     23 answers
          C0            reset                                       C0 answers
          E0            notification for the card holder            no answer
             02 <integer>  below 0 an error, 0 the end, above 0 progress
             0C <UTF-8>    text
             C3 <integer>  seconds that what follows may take; may be missing
    -> AB               response
          23 <R-APDU>   answer: data, SW1, SW2; empty: the card is gone
          C0 <ATR>      the card was reset
          E1            the card's side ends the session
             0C <UTF-8>    reason
          80 <integer>  how many commands were executed; clients disagree, so it is not relied upon

The elements of a request are executed in their order, whatever the status words are; the elements of the response have the
same order.

Read in this order: L{wire<cardgw.transports.ramhttp.wire>} (templates), L{plan<cardgw.transports.ramhttp.plan>} (which commands
go into the next one), C{http} (what the sessions and the HTTP side say to each other), C{channel} (the card), C{session} (one
dialogue), C{site} (HTTP), C{service} (the plugin).
"""
