from django.db import migrations, models


class Migration(migrations.Migration):
    """Audit entries stand in many chains, each with a head that counts them."""

    dependencies = [("stores", "0001_first_tables")]

    operations = [
        migrations.CreateModel(
            name="AuditLane",
            fields=[
                (
                    "lane",
                    models.PositiveSmallIntegerField(primary_key=True, serialize=False),
                ),
                ("entries", models.BigIntegerField()),
                ("last_hash", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.AddField(
            model_name="auditentry",
            name="lane",
            field=models.PositiveSmallIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="auditentry",
            name="number",
            field=models.BigIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="auditentry",
            constraint=models.UniqueConstraint(
                fields=("lane", "number"), name="auditentry_number_once_per_lane"
            ),
        ),
    ]
