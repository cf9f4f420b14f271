"""What they did: receipts with their lines, returns, and the points they gave.

Owns: `Receipt`, `ReceiptLine`, `Product`; the SQL functions that record a receipt.
May import: offers, points, messaging, consent, members, stores, common.
Public verbs: `services.record_receipt`, `services.claim_receipts`,
    `loading.services.load_receipts`.
Invariants: a receipt id is recorded once per programme, for ever; receipt, points and
    events are written in one transaction; a return takes back what its purchase gave,
    at the rule of the day of purchase.
"""
