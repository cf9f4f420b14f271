"""What members did by day: what tiers are reached by, without reading receipts."""

from django.db import models
from django.db.models import Q

from members.models import Member


class Activity(models.Model):
    """A member's purchases, visits, points and actions of one day, in sums.

    Written in the transaction of the receipt or action; a return lowers the day of its
    purchase, so that the sums are those of what was kept. A tier needs at most as many
    of these rows as its window has days, however long the member's history is.
    Personal data: how much somebody bought on a day.
    """

    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    # In the programme's zone.
    on = models.DateField()
    # Of goods that earn, as the rule counts money, less what came back.
    spend = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    # Receipts with goods that were kept at least in part.
    visits = models.IntegerField(default=0)
    # Earned by purchases and actions, less what was taken back.
    points = models.IntegerField(default=0)
    actions = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "on"], name="activity_once_per_day"
            ),
            models.CheckConstraint(
                condition=Q(visits__gte=0, actions__gte=0),
                name="activity_counts_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on}: {self.spend}"
