from importlib import import_module

from django.db import migrations, models

_BEFORE = import_module("purchases.migrations.0007_points_by_line").FORWARDS


def _function(name: str) -> str:
    """Return a function as it was."""
    begins = _BEFORE.index(f"FUNCTION {name}(")
    ends = _BEFORE.index("END $$;", begins) + len("END $$;\n")
    return f"CREATE OR REPLACE {_BEFORE[begins:ends]}"


def _changed(name: str, *changes: tuple[str, str]) -> str:
    """Return a function with some of its text replaced, each where it stands once."""
    text = _function(name)
    for before, after in changes:
        if text.count(before) != 1:
            message = f"{name} is not as it was: {before}"
            raise ValueError(message)
        text = text.replace(before, after)
    return text


# Lines keep what a voucher paid of them, and returns are worked out with it.
FORWARDS = _changed(
    "purchases_bought",
    (
        "'paid', l.gross_paid::text,",
        "'paid', l.gross_paid::text, 'voucher_paid', l.voucher_paid::text,",
    ),
) + _changed(
    "purchases_record",
    (
        "quantity, gross_paid, tax_amount",
        "quantity, gross_paid, voucher_paid, tax_amount",
    ),
    ("l.gross_paid, l.tax_amount,", "l.gross_paid, l.voucher_paid, l.tax_amount,"),
)
BACKWARDS = _function("purchases_bought") + _function("purchases_record")


class Migration(migrations.Migration):
    """What a voucher paid as a means of payment is kept with each line."""

    dependencies = [("purchases", "0009_versions_on_receipts")]

    operations = [
        migrations.AddField(
            model_name="receiptline",
            name="voucher_paid",
            field=models.DecimalField(
                db_default=0, decimal_places=2, default=0, max_digits=12
            ),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
