"""What this room does: record receipts, and let members claim earlier ones."""

from purchases.services.claiming import claim_receipts
from purchases.services.recording import Recorded, record_receipt, replay

__all__ = [
    "Recorded",
    "claim_receipts",
    "record_receipt",
    "replay",
]
