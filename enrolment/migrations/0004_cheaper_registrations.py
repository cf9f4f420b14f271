import django.db.models.deletion
from django.db import migrations, models

import common.ids


class Migration(migrations.Migration):
    """Leave out of the indexes of registrations what nobody looks up."""

    dependencies = [
        ("enrolment", "0003_imports"),
        ("stores", "0004_device_codes_unique"),
    ]

    operations = [
        migrations.AlterField(
            model_name="registration",
            name="public_id",
            field=models.UUIDField(default=common.ids.uuid7, editable=False),
        ),
        migrations.AlterField(
            model_name="registration",
            name="store",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="stores.store",
            ),
        ),
        migrations.AlterField(
            model_name="registration",
            name="staff",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="stores.staff",
            ),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                condition=models.Q(("store__isnull", False)),
                fields=["store"],
                name="registration_of_store",
            ),
        ),
        migrations.AddIndex(
            model_name="registration",
            index=models.Index(
                condition=models.Q(("staff__isnull", False)),
                fields=["staff"],
                name="registration_of_staff",
            ),
        ),
    ]
