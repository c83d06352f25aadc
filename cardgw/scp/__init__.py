"""
Secure channels of GlobalPlatform: keys, handshakes, and the protection of commands and answers.  The core does no I/O;
L{cardgw.scp.channel} puts it on a channel, L{cardgw.scp.blocking} on anything that sends and receives bytes.
"""
