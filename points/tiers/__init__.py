"""Tiers: levels that are reached by what members do, and held for a time.

Owns: `Activity`, `TierPeriod`, `TierRun`, `TierOutlook`; the SQL functions of
    points/0012.
Public verbs: `selectors.tier_of`, `selectors.progress_of`, `services.settle`,
    `services.grant`, `services.end_grant`; the rules in Python are in `rules`.
Invariants: a member's periods never overlap; a level that was reached holds for the
    rest of its window and the next one, whatever is returned meanwhile; a tier changes
    from now on and never backwards.
"""
