"""Change impact: a draft of the programme tried on what the club's members bought.

Owns: `Replay`, `ReplayPart`. A replay runs every receipt of the last months through the
draft and through the version in force, by the one engine, and says what would have been
otherwise. It keeps sums, and nothing of a single member.
Public verbs: `services.start_replay`, `services.cancel_replay`;
    `selectors.latest_for`.
Invariants: at most one replay of a programme is under way; every part takes effect
    once, whatever worker dies; what differs from the ledger is counted under its
    reason.
"""
