from django.db import migrations

# Posting a receipt is one statement at the till, so the ledger's write is a function.
# The order inside: the key is looked up before the balance (a repeat of a successful
# spend must not be refused for lack of what it spent); the account row is locked by
# the very UPDATE that changes it.
FORWARDS = """
CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE ON points_entry
FOR EACH ROW EXECUTE FUNCTION common_refuse_change();

CREATE TRIGGER lotuse_append_only BEFORE UPDATE OR DELETE ON points_lotuse
FOR EACH ROW EXECUTE FUNCTION common_refuse_change();

CREATE TRIGGER earningrule_published_never_changes
BEFORE UPDATE OR DELETE ON points_earningrule
FOR EACH ROW WHEN (OLD.status = 'PUBLISHED')
EXECUTE FUNCTION common_refuse_change();

-- Takes points from open lots: from one lot first (the purchase a return undoes), then
-- oldest expiry first. What the lots do not hold stays as debt: the balance goes below
-- zero, and the next earning pays it.
CREATE FUNCTION points_take_from_lots(
    p_member bigint, p_entry bigint, p_need integer, p_first_lot bigint
) RETURNS void LANGUAGE sql AS $$
    WITH open_lots AS (
        SELECT entry_id, remaining,
            sum(remaining) OVER (
                ORDER BY (entry_id IS NOT DISTINCT FROM p_first_lot) DESC,
                    expires_at NULLS LAST, entry_id
            ) - remaining AS before
        FROM points_lot WHERE member_id = p_member AND remaining > 0
    ), taken AS (
        SELECT entry_id, LEAST(remaining, p_need - before)::integer AS points
        FROM open_lots WHERE before < p_need
    ), lowered AS (
        UPDATE points_lot SET remaining = points_lot.remaining - taken.points
        FROM taken WHERE points_lot.entry_id = taken.entry_id
    )
    INSERT INTO points_lotuse (member_id, entry_id, lot_id, points)
    SELECT p_member, p_entry, entry_id, points FROM taken;
$$;

-- Pays older debt out of a new lot: earlier negative entries that lots did not cover.
CREATE FUNCTION points_pay_debt(
    p_member bigint, p_lot bigint, p_available integer
) RETURNS integer LANGUAGE sql AS $$
    WITH owed AS (
        SELECT e.id, -e.points - COALESCE(
            (SELECT sum(u.points) FROM points_lotuse u WHERE u.entry_id = e.id), 0
        ) AS points
        FROM points_entry e WHERE e.member_id = p_member AND e.points < 0
    ), queued AS (
        SELECT id, points, sum(points) OVER (ORDER BY id) - points AS before
        FROM owed WHERE points > 0
    ), paid AS (
        INSERT INTO points_lotuse (member_id, entry_id, lot_id, points)
        SELECT p_member, id, p_lot, LEAST(points, p_available - before)
        FROM queued WHERE before < p_available
        RETURNING points
    )
    SELECT COALESCE(sum(points), 0)::integer FROM paid;
$$;

CREATE FUNCTION points_post(
    p_member bigint, p_kind text, p_points integer, p_at timestamptz,
    p_posted_at timestamptz, p_key text, p_rule bigint, p_source_type text,
    p_source_id uuid, p_reason text, p_public_id uuid, p_expires_at timestamptz,
    p_reverses bigint,
    OUT entry_id bigint, OUT balance_after integer, OUT is_replay boolean
) LANGUAGE plpgsql AS $$
DECLARE
    v_paid integer := 0;
BEGIN
    SELECT e.id, e.balance_after, true INTO entry_id, balance_after, is_replay
    FROM points_entry e WHERE e.member_id = p_member AND e.key = p_key;
    IF FOUND THEN RETURN; END IF;
    is_replay := false;

    INSERT INTO points_account AS a
        (member_id, balance, earned_total, entries, changed_at)
    VALUES (p_member, p_points, GREATEST(p_points, 0), 1, p_posted_at)
    ON CONFLICT (member_id) DO UPDATE SET
        balance = a.balance + p_points,
        earned_total = a.earned_total
            + CASE WHEN p_kind = 'EARN' THEN p_points ELSE 0 END,
        entries = a.entries + 1,
        changed_at = GREATEST(a.changed_at, p_posted_at)
    RETURNING a.balance INTO balance_after;

    IF p_kind IN ('SPEND', 'EXPIRE') AND balance_after < 0 THEN
        RAISE EXCEPTION 'insufficient points' USING ERRCODE = 'SKP01';
    END IF;

    INSERT INTO points_entry
        (public_id, member_id, kind, points, balance_after, at, posted_at, key,
         rule_id, reverses_id, source_type, source_id, reason)
    VALUES (p_public_id, p_member, p_kind, p_points, balance_after, p_at, p_posted_at,
        p_key, p_rule, p_reverses, p_source_type, p_source_id, p_reason)
    RETURNING id INTO entry_id;

    IF p_points > 0 THEN
        INSERT INTO points_lot
            (entry_id, member_id, points, remaining, active_from, expires_at)
        VALUES (entry_id, p_member, p_points, p_points, p_at, p_expires_at);
        IF balance_after < p_points THEN
            v_paid := points_pay_debt(p_member, entry_id, p_points);
            UPDATE points_lot SET remaining = remaining - v_paid
            WHERE points_lot.entry_id = points_post.entry_id AND v_paid > 0;
        END IF;
    ELSE
        PERFORM points_take_from_lots(p_member, entry_id, -p_points, p_reverses);
    END IF;
END $$;
"""

BACKWARDS = """
DROP FUNCTION points_post(
    bigint, text, integer, timestamptz, timestamptz, text, bigint, text, uuid, text,
    uuid, timestamptz, bigint);
DROP FUNCTION points_pay_debt(bigint, bigint, integer);
DROP FUNCTION points_take_from_lots(bigint, bigint, integer, bigint);
DROP TRIGGER earningrule_published_never_changes ON points_earningrule;
DROP TRIGGER lotuse_append_only ON points_lotuse;
DROP TRIGGER entry_append_only ON points_entry;
"""


class Migration(migrations.Migration):
    """The ledger's own code: the only place where points change."""

    dependencies = [
        ("points", "0001_first_tables"),
        ("common", "0003_append_only"),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
