"""The ways in: from a number or an address to a finished membership.

Owns: `JoinLink`, `Registration`.
May import: offers, points, messaging, consent, members, stores, common (not
    purchases, its sibling).
Public verbs: `services.begin`, `services.register`, `services.register_at_till`,
    `services.resend_link`, `services.finish_registration`, `services.finish_member`.
Invariants: every way in begins the same pending member and writes one registration;
    opening a link changes nothing (previews and scanners open links too); a link is
    stored as a hash and finishes one membership.
"""
