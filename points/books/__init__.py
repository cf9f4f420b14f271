"""The books of the ledger: what is owed, what was closed, and that it adds up."""
