"""The member's own pages under /me/.

Owns: `LoginCode`, `Session`, `ContactChange`; sign-in of members by one-time code, and
    what they do for themselves: change how they are reached, sign devices out, leave.
May import: every room below the faces.
Public verbs: those of `portal.services`.
Invariants: a code is six digits, five minutes, five tries, hashed, used once, for one
    purpose and only in the browser that asked for it; a known and an unknown number
    look alike; contacts change and memberships end only after a fresh code, and a
    changed contact can be taken back by whoever had it before.
"""
