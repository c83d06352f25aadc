"""
Cards of the gateway, handed on: this side plays the card at somebody else's reader.
"""
