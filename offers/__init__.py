"""What they get: offers, vouchers, stamp cards. Holds nothing yet.

Owns: nothing until the first offer is built.
May import: points, messaging, consent, members, stores, common.
"""
