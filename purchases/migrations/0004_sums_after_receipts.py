import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """What is left of a member's purchases when their receipts are cut loose."""

    dependencies = [
        ("members", "0001_first_tables"),
        ("purchases", "0003_merging"),
    ]

    operations = [
        migrations.CreateModel(
            name="MonthSum",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("month", models.DateField()),
                ("article_group", models.CharField(blank=True, max_length=60)),
                ("currency", models.CharField(max_length=3)),
                ("receipts", models.PositiveIntegerField()),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                (
                    "member",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="members.member",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["member", "-month"], name="monthsum_member_newest"
                    ),
                    models.Index(fields=["month"], name="monthsum_by_time"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(
                condition=models.Q(("member__isnull", False)),
                fields=["programme", "purchased_at"],
                name="receipt_tied_by_time",
            ),
        ),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(
                condition=models.Q(
                    ("member__isnull", False), ("original__isnull", False)
                ),
                fields=["programme", "purchased_at"],
                name="receipt_tied_returns",
            ),
        ),
    ]
