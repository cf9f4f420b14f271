"""How often and when members are written to: the club's bounds at the desk, in words.

The bounds themselves are kept by `consent.contact` and held by `consent.gate`.
"""
