from importlib import import_module

from django.db import migrations

_BEFORE = import_module("offers.migrations.0006_reasons_go").FORWARDS
_START = _BEFORE.index("CREATE FUNCTION offers_log_stays")
LOG_STAYS = _BEFORE[
    _START : _BEFORE.index("END $$;", _START) + len("END $$;\n")
].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)
_TO_COMPARE = """to_jsonb(NEW) - 'member_id' - 'reason'
            = to_jsonb(OLD) - 'member_id' - 'reason'"""
_WITHOUT_RECEIPT = """to_jsonb(NEW) - 'member_id' - 'reason' - v_free
            = to_jsonb(OLD) - 'member_id' - 'reason' - v_free"""
if LOG_STAYS.count(_TO_COMPARE) != 1 or LOG_STAYS.count("$$\nBEGIN\n") != 1:
    message = "offers_log_stays is not as it was"
    raise ValueError(message)

LOG_STAYS_BUT = LOG_STAYS.replace(_TO_COMPARE, _WITHOUT_RECEIPT).replace(
    "$$\nBEGIN\n",
    """$$
DECLARE
    v_free text[] := CASE WHEN current_setting('stamkund.cutting_loose', true) = 'on'
        THEN '{receipt,store_id}'::text[] ELSE '{}' END;
BEGIN
""",
)
# A receipt that is a member's no more is found by nothing that stays with the member:
# what names it is emptied, and of what was bought only the day is left. Stamps of one
# purchase keep a common mark, which is nobody's.
LET_GO = """
CREATE FUNCTION offers_cut_loose(p_receipts uuid[], p_members bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('stamkund.cutting_loose', 'on', true);
    WITH marks AS MATERIALIZED (
        SELECT r.was, gen_random_uuid() AS mark FROM unnest(p_receipts) AS r (was)
    )
    UPDATE offers_stamp s SET purchase = m.mark, receipt = NULL
    FROM marks m WHERE s.purchase = m.was;
    UPDATE offers_stamp s SET receipt = NULL WHERE s.receipt = ANY (p_receipts);
    -- A voucher may have been used, given back and used again: each use is one.
    UPDATE offers_redemption r SET receipt = gen_random_uuid(), store_id = NULL,
        key = '', amount = 0, quantity = 0, returned_amount = 0, returned_quantity = 0,
        lines = '[]'
    WHERE r.receipt = ANY (p_receipts);
    UPDATE offers_voucherevent e SET receipt = NULL, store_id = NULL
    WHERE e.member_id = ANY (p_members) AND e.receipt = ANY (p_receipts);
    UPDATE offers_voucher v SET
        caused_by = CASE WHEN (v.caused_by = ANY (p_receipts)) IS NOT TRUE
            THEN v.caused_by END,
        used_store_id = CASE WHEN (v.used_receipt = ANY (p_receipts)) IS NOT TRUE
            THEN v.used_store_id END,
        used_receipt = CASE WHEN (v.used_receipt = ANY (p_receipts)) IS NOT TRUE
            THEN v.used_receipt END
    WHERE v.member_id = ANY (p_members)
        AND (v.caused_by = ANY (p_receipts) OR v.used_receipt = ANY (p_receipts));
    PERFORM set_config('stamkund.cutting_loose', 'off', true);
END $$;
"""
FORWARDS = LOG_STAYS_BUT + LET_GO
BACKWARDS = "DROP FUNCTION offers_cut_loose(uuid[], bigint[]);\n" + LOG_STAYS


class Migration(migrations.Migration):
    """Vouchers and stamps let go of receipts that are nobody's any more."""

    dependencies = [("offers", "0006_reasons_go")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
