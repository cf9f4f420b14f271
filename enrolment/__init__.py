"""The ways in: a number at the till, a link in an SMS, a finished membership.

Owns: `JoinLink`.
May import: offers, points, messaging, consent, members, stores, common (not
    purchases, its sibling).
Public verbs: `services.register_at_till`, `services.find_link`,
    `services.finish_registration`, `services.resend_link`.
Invariants: opening a link changes nothing (previews and scanners open links too); a
    link is stored as a hash and finishes one membership.
"""
