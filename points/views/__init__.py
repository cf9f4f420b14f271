"""The desk's screens of points: a member's panel and ledger, the books."""
