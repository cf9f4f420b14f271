"""May we: permissions with proof, and the one gate that every message passes.

Owns: `ConsentText`, `ConsentEntry`, `TermsAcceptance`, the personal-data registry.
May import: members, stores, common.
Public verbs: `services.record_entry`, `services.accept_terms`, `gate.may_send`,
    `registry.register`.
Invariants: entries are append-only and name the text version that was shown; a
    member who was never asked has given nothing.
"""
