"""What they have earned: the ledger, its lots, and the rule that fills it.

Owns: `EarningRule`, `Account`, `Entry`, `Lot`, `LotUse`; the SQL functions
    `points_post`, `points_open_balances`, `points_expire`, `points_merge` and
    `points_unmerge`, the only code that changes points; the API's look-up of a member,
    because its answer holds points.
May import: consent, members, stores, common (not messaging, its sibling).
Public verbs: `rules.points_for`, `services.post`, `opening.open_balances`,
    `services.expire_points`, `services.publish_rule`, `selectors.balance_of`,
    `proof.check`, `words.*`.
Invariants: entries are append-only; balance = sum of entries = open lots less debt;
    a key posts once; a return reverses at the rate of the purchase; a merge moves
    points with their days and makes none.
"""
