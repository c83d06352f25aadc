"""
Cards in readers of this machine, by PC/SC.

PC/SC calls block, and one that waits for a card cannot be taken back.  So each reader has a thread, which the service never waits
for; one more watches for readers and cards that come and go.  A script is one errand of the reader's thread: it goes there
once, however many commands it has, and comes back once::

    reactor thread                                  thread of the reader
    exchange(script)         -- errand -->          begin a transaction, where nobody holds the card
                                                    transmit, transmit, transmit ...
    watch(response) ...      <-- answers so far --
    Deferred fires           <-- result --          end it

What takes longer than it may is given up: the card counts as lost, and the thread puts everything in order when it comes back.

Read in this order: L{driver<cardgw.transports.pcsc.driver>} (the calls), L{errors<cardgw.transports.pcsc.errors>},
L{worker<cardgw.transports.pcsc.worker>} (threads), L{card<cardgw.transports.pcsc.card>} (what is done in them),
L{channel<cardgw.transports.pcsc.channel>} (the card for the gateway), C{service} (the plugin).
"""
