"""What the audit trail calls what is done with the record."""

RECORD_FETCHED = "rights.record_fetched"
