from django.db import migrations, models


class Migration(migrations.Migration):
    """Who had left and did not come back was not erased."""

    dependencies = [("enrolment", "0004_cheaper_registrations")]

    operations = [
        migrations.AlterField(
            model_name="registration",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("OPEN", "Not finished"),
                    ("FINISHED", "Finished"),
                    ("ERASED", "Erased unfinished"),
                    ("LAPSED", "Given up"),
                ],
                default="OPEN",
                max_length=8,
            ),
        ),
        # Those that were ended before had another name for it.
        migrations.RunSQL(
            """
            UPDATE enrolment_registration r SET outcome = 'LAPSED'
            FROM members_member m
            WHERE m.id = r.member_id AND r.outcome = 'ERASED' AND m.status <> 'ERASED'
            """,
            "UPDATE enrolment_registration SET outcome = 'ERASED'"
            " WHERE outcome = 'LAPSED'",
        ),
    ]
