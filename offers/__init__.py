"""What they get: vouchers and stamp cards; offers and the basket engine come next.

Owns: vouchers with their codes, uses and log; stamp cards and members' stamps.
May import: points, messaging, consent, members, stores, common.
Public verbs: `vouchers.services` (choose, give, reserve, release, redeem, void,
reactivate), `stamps.services` (draft, publish, end a card); SQL `offers_after_receipt`
in the statement that records a receipt.
Invariants: a code is used once, whoever asks at the same moment (the voucher's row
lock); a receipt or key that is sent again redeems nothing again; every channel asks
`offers_why_not` whether a voucher is valid; what returns give back adds up to what was
used; stamps follow from what is left of each purchase, in any order of returns; the log
and the stamps only grow.
"""
