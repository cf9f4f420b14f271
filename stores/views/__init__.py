"""The desk's pages about stores, staff, devices, keys and the audit trail."""
