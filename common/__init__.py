"""The ground: money, time, ids, errors, API conventions, UI kit.

Owns: idempotency answers, rate buckets, problem details, the UI kit.
May import: nothing of ours.
Public verbs: `idempotency.replay/remember`, `limits.take`, `problems.Problem`,
    `ids.uuid7`, `money.Money`, `periods`, `blind.index`.
Invariants: knows no member and no store; an idempotency key answers once, for ever
    the same way, until it is pruned after 30 days or more.
"""
