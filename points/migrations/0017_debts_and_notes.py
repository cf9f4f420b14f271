import re
from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

FORWARDS = """
-- What nothing has paid yet of what a member owes, oldest first, as far as is needed.
-- The cost is that of the debts, however long the member's history is: the account
-- knows before which entry there are none. The callers hold the account's lock.
CREATE FUNCTION points_open_debts(p_member bigint, p_need integer)
RETURNS TABLE (id bigint, points integer) LANGUAGE plpgsql AS $$
DECLARE
    v_from bigint;
    v_left integer := p_need;
    v_debt record;
BEGIN
    SELECT COALESCE(a.owed_from, 0) INTO v_from FROM points_account a
    WHERE a.member_id = p_member;
    FOR v_debt IN
        SELECT e.id, -e.points - COALESCE((
            SELECT sum(u.points) FROM points_lotuse u WHERE u.entry_id = e.id
        ), 0) AS points
        FROM points_entry e
        WHERE e.member_id = p_member AND e.kind IN ('REVERSE', 'MERGE')
            AND e.points < 0 AND e.id >= v_from
        ORDER BY e.id
    LOOP
        CONTINUE WHEN v_debt.points <= 0;
        IF v_left = p_need THEN
            UPDATE points_account a SET owed_from = v_debt.id
            WHERE a.member_id = p_member AND a.owed_from IS DISTINCT FROM v_debt.id;
        END IF;
        id := v_debt.id;
        points := v_debt.points;
        RETURN NEXT;
        v_left := v_left - v_debt.points;
        EXIT WHEN v_left <= 0;
    END LOOP;
END $$;

-- Pays older debt out of a new lot. Returns how many points of the lot that took.
CREATE OR REPLACE FUNCTION points_pay_debt(
    p_member bigint, p_lot bigint, p_available integer
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_paid integer;
BEGIN
    WITH queued AS (
        SELECT o.id, o.points, sum(o.points) OVER (ORDER BY o.id) - o.points AS before
        FROM points_open_debts(p_member, p_available) o
    ), paid AS (
        INSERT INTO points_lotuse (member_id, entry_id, lot_id, points)
        SELECT p_member, q.id, p_lot, LEAST(q.points, p_available - q.before)
        FROM queued q WHERE q.before < p_available
        RETURNING points
    )
    SELECT COALESCE(sum(points), 0) INTO v_paid FROM paid;
    RETURN v_paid;
END $$;

-- As before; whose debts are looked up as above.
CREATE OR REPLACE FUNCTION points_pay_from_lots(
    p_member bigint, p_need integer, p_reserved integer
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH owed AS (
        SELECT o.id, o.points FROM points_open_debts(p_member, p_need) o
    ), debts AS (
        SELECT o.id, o.points, sum(o.points) OVER (ORDER BY o.id) AS upto
        FROM owed o
    ), open_lots AS (
        SELECT l.entry_id, l.remaining, sum(l.remaining) OVER (
            ORDER BY l.expires_at NULLS LAST, l.entry_id) - p_reserved AS upto
        FROM points_lot l
        WHERE l.member_id = p_member AND l.remaining > 0 AND NOT l.is_pending
    ), paid AS (
        SELECT d.id, l.entry_id AS lot_id, (LEAST(d.upto, l.upto, p_need)
            - GREATEST(d.upto - d.points, l.upto - l.remaining, 0))::integer AS points
        FROM debts d JOIN open_lots l ON LEAST(d.upto, l.upto, p_need)
            > GREATEST(d.upto - d.points, l.upto - l.remaining, 0)
    ), lowered AS (
        UPDATE points_lot l SET remaining = l.remaining - t.points
        FROM (SELECT p.lot_id, sum(p.points)::integer AS points FROM paid p
            GROUP BY p.lot_id) t
        WHERE l.entry_id = t.lot_id
    )
    INSERT INTO points_lotuse (member_id, entry_id, lot_id, points)
    SELECT p_member, p.id, p.lot_id, p.points FROM paid p;
END $$;

-- As before; the account learns which debt is the first.
CREATE OR REPLACE FUNCTION points_lower(
    p_member bigint, p_kind text, p_points integer, p_at timestamptz,
    p_posted_at timestamptz, p_key text, p_rule bigint, p_source_type text,
    p_source_id uuid, p_reason text, p_public_id uuid, p_reverses bigint,
    p_origins bigint[],
    OUT entry_id bigint, OUT balance_after integer
) LANGUAGE plpgsql AS $$
DECLARE
    v_account points_account;
    v_own integer := 0;
    v_usable integer;
    v_others integer;
    v_owed integer;
BEGIN
    SELECT * INTO v_account FROM points_account a WHERE a.member_id = p_member;
    IF NOT FOUND THEN
        IF p_kind NOT IN ('REVERSE', 'MERGE') THEN
            RAISE EXCEPTION 'insufficient points' USING ERRCODE = 'SKP01';
        END IF;
        INSERT INTO points_account
            (member_id, balance, earned_total, entries, changed_at)
        VALUES (p_member, 0, 0, 0, p_posted_at) RETURNING * INTO v_account;
    END IF;
    IF v_account.pending > 0 THEN
        SELECT LEAST(COALESCE(sum(l.remaining), 0), p_points) INTO v_own
        FROM points_lot l
        WHERE l.member_id = p_member AND l.remaining > 0 AND l.is_pending
            AND ((p_reverses IN (l.entry_id, l.origin_id)) IS TRUE
                OR (l.origin_id = ANY (p_origins)) IS TRUE);
    END IF;
    v_usable := LEAST(p_points - v_own,
        v_account.balance + v_account.owed - v_account.pending - v_account.reserved);
    v_others := LEAST(p_points - v_own - v_usable, v_account.pending - v_own);
    v_owed := p_points - v_own - v_usable - v_others;
    IF p_kind IN ('SPEND', 'ADJUST') AND v_usable < p_points
        OR p_kind = 'EXPIRE' AND v_owed > 0 THEN
        RAISE EXCEPTION 'insufficient points' USING ERRCODE = 'SKP01';
    END IF;

    UPDATE points_account a SET
        balance = a.balance - p_points,
        pending = a.pending - v_own - v_others,
        owed = a.owed + v_owed,
        entries = a.entries + 1,
        changed_at = GREATEST(a.changed_at, p_posted_at)
    WHERE a.member_id = p_member
    RETURNING a.balance INTO balance_after;
    INSERT INTO points_entry
        (public_id, member_id, kind, points, balance_after, at, posted_at, key,
         rule_id, reverses_id, source_type, source_id, reason)
    VALUES (p_public_id, p_member, p_kind, -p_points, balance_after, p_at, p_posted_at,
        p_key, p_rule, p_reverses, p_source_type, p_source_id, p_reason)
    RETURNING id INTO entry_id;
    IF v_owed > 0 AND v_account.owed = 0 THEN
        UPDATE points_account a SET owed_from = points_lower.entry_id
        WHERE a.member_id = p_member;
    END IF;
    IF p_points > v_owed THEN
        PERFORM points_take_from_lots(p_member, entry_id, p_points - v_owed,
            v_account.reserved, p_reverses, p_origins);
    END IF;
END $$;

-- WHAT PEOPLE WRITE

-- Of entries that were posted before there were notes. What was written about members
-- who were erased since goes at last.
INSERT INTO points_entrynote (entry_id, text)
SELECT e.id, e.reason FROM points_entry e JOIN members_member m ON m.id = e.member_id
WHERE e.kind = 'ADJUST' AND e.reason <> '' AND m.status <> 'ERASED';
ALTER TABLE points_entry DISABLE TRIGGER entry_append_only;
UPDATE points_entry SET reason = '' WHERE kind = 'ADJUST' AND reason <> '';
ALTER TABLE points_entry ENABLE TRIGGER entry_append_only;

-- Taken away as a whole when the member is erased, and never written anew.
CREATE TRIGGER entrynote_never_changes BEFORE UPDATE ON points_entrynote
FOR EACH ROW EXECUTE FUNCTION common_refuse_change();
CREATE TRIGGER entrynote_never_emptied BEFORE TRUNCATE ON points_entrynote
FOR EACH STATEMENT EXECUTE FUNCTION common_refuse_change();
"""

# What is changed here, and the migration that says how it was.
_BEFORE = {
    "points_pay_debt": "0002_ledger_functions",
    "points_pay_from_lots": "0011_parts_of_the_balance",
    "points_lower": "0011_parts_of_the_balance",
}


def _as_before() -> str:
    """Return the functions that this migration changes, as they were."""
    found = []
    for name, migration in _BEFORE.items():
        text = import_module(f"points.migrations.{migration}").FORWARDS
        match = re.search(rf"CREATE (FUNCTION {name}\(.*?END \$\$;)", text, re.DOTALL)
        if match:
            found.append(f"CREATE OR REPLACE {match[1]}")
    return "\n".join(found)


# What was noted stays with the entries: they keep reasons as they did.
BACKWARDS = f"""
ALTER TABLE points_entry DISABLE TRIGGER entry_append_only;
UPDATE points_entry e SET reason = n.text FROM points_entrynote n
WHERE n.entry_id = e.id;
ALTER TABLE points_entry ENABLE TRIGGER entry_append_only;
DROP TRIGGER entrynote_never_emptied ON points_entrynote;
DROP TRIGGER entrynote_never_changes ON points_entrynote;
{_as_before()}
DROP FUNCTION points_open_debts(bigint, integer);
"""


class Migration(migrations.Migration):
    """Debts are found without reading a history; what people write can be erased."""

    dependencies = [("points", "0015_terms_run_down")]

    operations = [
        migrations.AddField(
            model_name="account",
            name="owed_from",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                condition=models.Q(
                    ("kind__in", ["REVERSE", "MERGE"]), ("points__lt", 0)
                ),
                fields=["member", "id"],
                name="entry_may_be_owed",
            ),
        ),
        migrations.CreateModel(
            name="EntryNote",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="note",
                        serialize=False,
                        to="points.entry",
                    ),
                ),
                ("text", models.CharField(max_length=200)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("text", ""), _negated=True),
                        name="entrynote_says_something",
                    )
                ]
            },
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
