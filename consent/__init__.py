"""May we: permissions with proof, and the one gate that every message passes.

Owns: texts in editions and who is asked again, permissions and their proof, wishes,
    subjects and bounds, the gate, requests under GDPR and their answers, export,
    erasure and its journal, periods and runs of retention, breaches, the privacy desk,
    and the register of personal data.
May import: members, stores, common. Rooms above register what it must know of them.
Public verbs: `services.record_entry`, `services.choose`,
    `services.object_to_marketing`,
    `services.accept_terms`, `gate.may_send`, `gate.query_for_all`,
    `history.could_have_sent`, `texts.publish`, `renewals.answer`, `rights.receive`,
    `export.write`, `erasure.erase_member`, `retention.runs.run`, `registry.register`.
Invariants: entries are append-only and name the text version that was shown; a
    member who was never asked has given nothing; every field of personal data is
    registered once, and exported, erased and let go by that.
"""
