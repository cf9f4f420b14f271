"""What this room does: record receipts, and let members claim earlier ones."""

from purchases.services.claiming import claim_receipts, forget_contacts
from purchases.services.recording import Recorded, record_receipt, replay

__all__ = [
    "Recorded",
    "claim_receipts",
    "forget_contacts",
    "record_receipt",
    "replay",
]
