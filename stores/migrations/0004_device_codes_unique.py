from django.db import migrations, models


class Migration(migrations.Migration):
    """A device is found by its code through an index."""

    dependencies = [("stores", "0003_audit_chain")]

    operations = [
        migrations.AlterField(
            model_name="tilldevice",
            name="code_hash",
            field=models.BinaryField(max_length=32, null=True, unique=True),
        )
    ]
