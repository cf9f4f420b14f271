"""The member's own pages under /me/.

Owns: `LoginCode`, `Session`; sign-in of members by one-time code.
May import: every room below the faces.
Public verbs: `services.send_code`, `services.verify_code`, `services.end_session`.
Invariants: a code is six digits, five minutes, five tries, hashed, used once and only
    in the browser that asked for it; a known and an unknown number look alike.
"""
