"""How members sign in: one-time codes and the sessions they open."""

from django.db import models

from common.ids import uuid7
from consent.models import Channel
from members.models import Member


class LoginCode(models.Model):
    """A one-time code asked for in one browser.

    Also written when nobody has the number or address, so that the answer is the same;
    then `member` is empty and nothing is sent. The identifier is a keyed hash.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="login_codes", null=True
    )
    channel = models.CharField(max_length=8, choices=Channel.choices)
    identifier_index = models.BinaryField(max_length=32)
    code_hash = models.BinaryField(max_length=32)
    # The cookie of the browser that asked; the code works nowhere else.
    browser_hash = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["identifier_index", "-created_at"], name="logincode_identifier"
            ),
            models.Index(fields=["created_at"], name="logincode_created"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class Session(models.Model):
    """A member signed in on one device. Personal data: when and on what."""

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="portal_sessions"
    )
    key_hash = models.BinaryField(max_length=32, unique=True)
    device = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["member", "-last_seen_at"], name="session_member")
        ]

    def __str__(self) -> str:
        return str(self.public_id)
