from importlib import import_module

from django.db import migrations

_BEFORE = import_module("purchases.migrations.0007_points_by_line").FORWARDS
_START = _BEFORE.index("CREATE OR REPLACE FUNCTION purchases_answer")
_ANSWER = _BEFORE[_START : _BEFORE.index("END $$;", _START) + len("END $$;\n")]
_AS_STORED = "FROM points_earningrule e JOIN stores_programme g ON g.id = e.programme_id"
_AS_IT_HELD = """FROM points_earningrule r
        CROSS JOIN LATERAL points_rule_as(r, p_receipt.purchased_at) e
        JOIN stores_programme g ON g.id = e.programme_id"""
if _ANSWER.count(_AS_STORED) != 1 or _ANSWER.count("WHERE e.id = p_receipt.") != 1:
    message = "purchases_answer is not as it was"
    raise ValueError(message)

# Points are worth what they were worth when it was bought, also while the terms before
# run down. A repeat is answered alike, whenever it comes.
ANSWER = _ANSWER.replace(_AS_STORED, _AS_IT_HELD).replace(
    "WHERE e.id = p_receipt.", "WHERE r.id = p_receipt."
)

FORWARDS = (
    ANSWER
    + """
-- Beside what points say of it themselves: receipts may name a version without points.
CREATE FUNCTION purchases_version_is_unnamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM stores_store s JOIN purchases_receipt r ON r.store_id = s.id
            WHERE s.programme_id = OLD.programme_id
                AND r.purchased_at >= OLD.starts_at AND r.rule_id = OLD.id) THEN
        RAISE EXCEPTION 'version % is on a receipt', OLD.version
            USING ERRCODE = 'SKP07';
    END IF;
    RETURN NEW;
END $$;

-- After the trigger of points, by its name: the version is locked then.
CREATE TRIGGER earningrule_unnamed_by_receipts BEFORE UPDATE ON points_earningrule
FOR EACH ROW WHEN (OLD.status = 'PUBLISHED' AND NEW.status = 'WITHDRAWN')
EXECUTE FUNCTION purchases_version_is_unnamed();

CREATE TRIGGER receipt_version_is_held BEFORE INSERT ON purchases_receipt
FOR EACH ROW
WHEN (NEW.rule_id IS NOT NULL AND NEW.purchased_at > now() - interval '1 hour')
EXECUTE FUNCTION points_version_is_held();
"""
)
BACKWARDS = (
    """
DROP TRIGGER receipt_version_is_held ON purchases_receipt;
DROP TRIGGER earningrule_unnamed_by_receipts ON points_earningrule;
DROP FUNCTION purchases_version_is_unnamed();
"""
    + _ANSWER
)


class Migration(migrations.Migration):
    """Receipts say what points were worth then, and hold the version that they name."""

    dependencies = [
        ("purchases", "0008_replays"),
        ("points", "0015_terms_run_down"),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
