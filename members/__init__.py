"""Who they are: identity, membership, and the member's timeline.

Owns: `Member`, `Identifier`, `Event`, `EventCursor`, `Merge`, `DuplicatePair`; the
    registry of how every room's rows follow a merge.
May import: stores, common.
Public verbs: `services.register_member`, `services.activate_member`,
    `services.update_member`, `services.leave`, `identity.*`, `merging.merge_members`,
    `merging.undo_merge`, `merge_registry.register`, `duplicates.follow`,
    `comparison.register`, `events.record`, `events.consume`,
    `phones.normalize`, `cards.card_token`, `search.find`, `panels.register`.
Invariants: a mobile number or an e-mail address belongs to one living member of a
    programme; an event is written in the transaction that caused it, and consumers
    see every event once, also when transactions commit out of order; a merge conserves
    what both had and can be undone for 30 days; staff see contact
    details masked, and every look, reveal, change and export is on the audit trail.
"""
