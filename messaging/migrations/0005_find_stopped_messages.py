from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """The privacy desk counts what was stopped, which is little of much."""

    dependencies = [("messaging", "0004_more_channels")]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=Q(state="STOPPED"),
                fields=["programme", "-queued_at"],
                name="message_stopped",
            ),
        ),
    ]
