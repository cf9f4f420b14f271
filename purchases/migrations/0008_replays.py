from django.db import migrations


class Migration(migrations.Migration):
    """Replays of the club's past through a draft."""

    dependencies = [
        ("purchases", "0007_points_by_line"),
    ]

    operations = []
