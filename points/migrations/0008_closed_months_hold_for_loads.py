from django.db import migrations


class Migration(migrations.Migration):
    """A load, which lets triggers rest, books nothing in a closed month either."""

    dependencies = [("points", "0007_debts_come_back_with_days")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE points_entry"
            " ENABLE ALWAYS TRIGGER entry_not_in_a_closed_month",
            "ALTER TABLE points_entry ENABLE TRIGGER entry_not_in_a_closed_month",
        )
    ]
