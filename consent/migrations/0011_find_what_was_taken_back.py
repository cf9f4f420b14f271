from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """The privacy desk lists what was taken back, the latest first."""

    dependencies = [("consent", "0010_requests_can_be_emptied")]

    operations = [
        migrations.AddIndex(
            model_name="consententry",
            index=models.Index(
                condition=Q(action__in=["WITHDRAWN", "OBJECTED"]),
                fields=["-at"],
                name="consententry_taken_back",
            ),
        ),
    ]
