"""What they have earned: the ledger, its lots, and the rule that fills it.

Owns: `EarningRule`, `Account`, `Entry`, `Lot`, `LotUse`; the SQL functions
    `points_post` and `points_reverse`, the only code that changes points.
May import: consent, members, stores, common (not messaging, its sibling).
Public verbs: `rules.points_for`, `services.post`, `services.reverse`,
    `services.publish_rule`, `proof.check`, `words.*`.
Invariants: entries are append-only; balance = sum of entries = open lots less debt;
    a key posts once; a return reverses at the rate of the purchase.
"""
