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

Cards that speak for themselves say other things over HTTP, and have a format of their own for commands and answers: see
L{amdb_session<cardgw.transports.ramhttp.amdb_session>} and L{expanded<cardgw.transports.ramhttp.expanded>}.

Read in this order, the way of a request from the socket to the card:

  - L{wire<cardgw.transports.ramhttp.wire>}: templates; L{plan<cardgw.transports.ramhttp.plan>}: which commands go into the next.
  - C{site}: connections; C{requests}: one request; C{front}: paths, methods, who it is (C{auth}), which dialect.  From here on
    nothing knows of sockets: C{http} is what both sides say to each other.
  - C{contact}: the dialect of the clients: whose request it is, and how a session begins; C{asked}: what the path asks for;
    C{traits}: what this client can do.
  - C{session}: one dialogue, made of parts that know nothing of each other: C{polling} (the request that is held), C{repeats} (is
    this the answer, or the last request again?  C{fates}: what TCP knows about that), C{work} (what the client is told next, with
    C{orders} for the card and texts of C{holder}).  C{afterwards}: who comes when it is over.
  - C{channel}: the card, as the gateway sees it: scripts in, templates out, for both dialects; C{contact_channel}: what only the
    clients can do.  C{served}: what the sessions of both have in common.
  - C{amdb}, C{amdb_session}: the dialect of cards, with C{amdb_headers}, C{amdb_script} and C{amdb_target} (SELECT).
  - C{service}: the plugin, which puts all this together; C{tls_endpoint}, C{tls_psk}: TLS below it.
"""
