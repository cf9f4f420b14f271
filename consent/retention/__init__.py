"""How long each kind of data is kept, and the nightly letting go.

Owns: the registry of kinds (`kinds.register`), a club's own periods (`periods`), runs
and dry runs (`runs`), and what becomes of members who are long silent (`inactivity`).
Rooms register their kinds from their own `retention.py`, in `AppConfig.ready()`: what
is counted and let go past a moment, in batches, found by an index.

Invariants: nothing goes that a run has not counted before; a kind of which far more is
found than usual waits until a person has looked; a batch and its count are one
transaction, so a run that is killed goes on where it stopped; a club has one run at a
time; who has been silent is not erased before three messages have reached them.
"""
