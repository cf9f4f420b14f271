from django.db import migrations


class Migration(migrations.Migration):
    """Receipts are recorded with the rate of each line."""

    dependencies = [
        ("purchases", "0006_lines_keep_their_rate"),
        ("points", "0012_tiers"),
        ("offers", "0001_vouchers"),
    ]

    operations = []
