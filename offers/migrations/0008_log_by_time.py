import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    """What happened to vouchers since a day is found without reading the whole log."""

    dependencies = [("offers", "0007_receipts_let_go")]

    operations = [
        migrations.AddIndex(
            model_name="voucherevent",
            index=django.contrib.postgres.indexes.BrinIndex(
                fields=["recorded_at", "at"],
                autosummarize=True,
                pages_per_range=32,
                name="voucherevent_by_time",
            ),
        ),
    ]
