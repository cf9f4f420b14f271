from django.db import migrations


class Migration(migrations.Migration):
    """Points for actions, and goodwill within allowances."""

    dependencies = [
        ("points", "0012_tiers"),
    ]

    operations = []
