from django.db import migrations

FORWARDS = """
-- What a receipt does here: redeems the vouchers it names, stamps cards, gives back
-- what a return undoes, and turns points into vouchers where nobody has to ask.
-- p_lines: number, kind, sku, group, category, brand (as points.rules.group_name
-- writes them), quantity, amount, original_number. p_original: the purchase that comes
-- back, else NULL.
CREATE FUNCTION offers_after_receipt(
    p_programme bigint, p_member bigint, p_receipt uuid, p_original uuid,
    p_store bigint, p_at timestamptz, p_now timestamptz, p_lines jsonb,
    p_vouchers text[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
END $$;

-- Whether anything in this programme follows from receipts here: a load asks once.
CREATE FUNCTION offers_follow_receipts(p_programme bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN false;
END $$;
"""
BACKWARDS = """
DROP FUNCTION offers_follow_receipts(bigint);
DROP FUNCTION offers_after_receipt(
    bigint, bigint, uuid, uuid, bigint, timestamptz, timestamptz, jsonb, text[]);
"""


class Migration(migrations.Migration):
    """Vouchers from points, and what a receipt does to them."""

    dependencies = [
        ("points", "0012_tiers"),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
