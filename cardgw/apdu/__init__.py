"""
ISO 7816-4: commands, responses, status words, BER-TLV, scripts, and the channel decorators that only know these.
"""
