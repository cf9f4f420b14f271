import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """Keys may send events of members."""

    dependencies = [
        ("stores", "0007_audit_never_emptied"),
    ]

    operations = [
        migrations.AlterField(
            model_name="apikey",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('receipts:write', 'Send receipts'), ('members:read', 'Look up members'), ('members:write', 'Register members'), ('points:write', 'Adjust points'), ('events:write', 'Send events of members')], max_length=32), size=None),
        ),
    ]
