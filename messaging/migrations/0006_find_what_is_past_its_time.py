from django.db import migrations, models


class Migration(migrations.Migration):
    """Which codes and texts are still there, by time."""

    dependencies = [("messaging", "0005_find_stopped_messages")]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(
                    ("message_class", "CODE"), models.Q(("body", ""), _negated=True)
                ),
                fields=["programme", "queued_at"],
                name="message_codes_to_empty",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("address", ""), _negated=True),
                fields=["programme", "queued_at"],
                name="message_texts_to_empty",
            ),
        ),
    ]
