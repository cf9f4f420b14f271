"""Where and by whom: the programme, shops, tills, staff, roles, API keys, audit.

Owns: `Programme`, `Store`, `Till`, `TillDevice`, `Staff`, `RoleGrant`, `ApiKey`,
    `AuditEntry`; sign-in of staff; who may open which URL.
May import: common.
Public verbs: `services.enrol_device`, `services.grant_role`, `services.issue_key`,
    `audit.record`, `audit.verify`.
Invariants: the audit trail is append-only and each entry carries the hash of the one
    before it; an API key is stored as a hash; a till device belongs to one store.
"""
