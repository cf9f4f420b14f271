"""Rows that every room leans on: stored answers and rate buckets."""

from django.db import models


class IdempotencyRecord(models.Model):
    """The answer given to one API call, kept so that a repeat gets the same one.

    Written in the transaction of the effect it answers for. The body's hash is kept
    (not the body), and answers hold ids and points only: no personal data.
    """

    scope = models.CharField(max_length=64)
    key = models.CharField(max_length=128)
    operation = models.CharField(max_length=64)
    body_hash = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "key"], name="idempotency_one_answer_per_key"
            )
        ]
        indexes = [models.Index(fields=["recorded_at"], name="idempotency_recorded_at")]


class RateBucket(models.Model):
    """A token bucket for something that costs money or guards a secret.

    In the database and not in a cache, so that a limit survives a restart. The name
    holds a keyed hash where it would else hold an address or a number.
    """

    name = models.CharField(max_length=160, primary_key=True)
    tokens = models.FloatField()
    refilled_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["refilled_at"], name="ratebucket_refilled_at")]
