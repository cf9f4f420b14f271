from importlib import import_module

import django.contrib.postgres.fields
from django.db import migrations, models

_ANSWER = import_module("purchases.migrations.0009_versions_on_receipts").ANSWER


def _with_warnings(text: str) -> str:
    """Return it with what was recorded otherwise than it was sent, if anything."""
    before = "l.receipt_id = p_receipt.id)\n    );"
    if text.count(before) != 1:
        message = "purchases_answer is not as it was"
        raise ValueError(message)
    return text.replace(
        before,
        """l.receipt_id = p_receipt.id)
    ) || COALESCE((
        SELECT jsonb_build_object('warnings', jsonb_agg(jsonb_build_object(
            'pointer', '/vouchers/' || u.place, 'code', 'voucher_used')
            ORDER BY u.place))
        FROM unnest(p_receipt.vouchers_used_before) u(place)
        HAVING count(*) > 0), '{}');""",
    )


class Migration(migrations.Migration):
    """A receipt whose voucher another purchase used is recorded, and says so."""

    dependencies = [("purchases", "0011_voucher_paid")]

    operations = [
        migrations.AddField(
            model_name="receipt",
            name="vouchers_used_before",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.PositiveSmallIntegerField(), null=True, size=None
            ),
        ),
        migrations.RunSQL(_with_warnings(_ANSWER), _ANSWER),
    ]
