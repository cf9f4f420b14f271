"""Links that finish a registration begun at the till."""

from django.db import models

from common.ids import uuid7
from members.models import Member
from stores.models import Staff, Store, TillDevice


class JoinLink(models.Model):
    """A link sent to a new member's phone; good until used, replaced or expired.

    Stored as a hash of 128 random bits. Personal data: ties a member to a visit.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="join_links"
    )
    token_hash = models.BinaryField(max_length=32, unique=True)
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="+", null=True
    )
    device = models.ForeignKey(
        TillDevice, on_delete=models.SET_NULL, related_name="+", null=True
    )
    staff = models.ForeignKey(
        Staff, on_delete=models.SET_NULL, related_name="+", null=True
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    # Another link was sent in its place.
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["member", "-created_at"], name="joinlink_member")
        ]

    def __str__(self) -> str:
        return str(self.public_id)
