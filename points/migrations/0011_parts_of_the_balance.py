from django.db import migrations


class Migration(migrations.Migration):
    """Points that wait, are reserved, and come back."""

    dependencies = [
        ("points", "0010_programme_in_versions"),
    ]

    operations = []
