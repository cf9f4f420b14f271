import re
from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models

_CHANGED = ("points_take_from_lots", "points_expire_members", "points_post")


def _as_before() -> str:
    """Return the functions that this migration changes, as they were."""
    first = import_module("points.migrations.0002_ledger_functions").FORWARDS
    found = [
        re.search(rf"CREATE (FUNCTION {name}\(.*?END \$\$;)", first, re.DOTALL)
        for name in _CHANGED
    ]
    return "\n".join(f"CREATE OR REPLACE {match[1]}" for match in found if match)


FORWARDS = """
-- As before; what a merge moved of the first lot counts as that lot.
CREATE OR REPLACE FUNCTION points_take_from_lots(
    p_member bigint, p_entry bigint, p_need integer, p_first_lot bigint
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH open_lots AS (
        SELECT entry_id, remaining,
            sum(remaining) OVER (
                ORDER BY (p_first_lot IN (entry_id, origin_id)) IS TRUE DESC,
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
END $$;

-- As before, but for the lock on the members' rows.
CREATE OR REPLACE FUNCTION points_expire_members(
    p_members bigint[], p_now timestamptz,
    OUT entries integer, OUT points bigint
) LANGUAGE plpgsql AS $$
BEGIN
    -- The members' rows before the accounts, as a merge locks them: the events below
    -- hold them at the latest when the transaction ends.
    PERFORM FROM members_member m WHERE m.id = ANY (p_members)
    ORDER BY m.id FOR KEY SHARE;
    -- In the order of their keys, so that two runs cannot wait for each other. The
    -- lots are read by the next statement, which sees what others did until now.
    PERFORM FROM points_account a WHERE a.member_id = ANY (p_members)
    ORDER BY a.member_id FOR UPDATE;

    WITH due AS (
        SELECT l.member_id, l.expires_at, sum(l.remaining)::integer AS points,
            min(l.entry_id) AS first_lot
        FROM points_lot l
        WHERE l.member_id = ANY (p_members) AND l.remaining > 0
            AND l.expires_at <= p_now
        GROUP BY l.member_id, l.expires_at
    ), posted AS (
        INSERT INTO points_entry
            (public_id, member_id, kind, points, balance_after, at, posted_at, key,
             source_type, reason)
        SELECT points_new_id(), d.member_id, 'EXPIRE', -d.points,
            a.balance - sum(d.points) OVER (
                PARTITION BY d.member_id ORDER BY d.expires_at),
            d.expires_at, p_now, 'expire:' || d.first_lot, '', ''
        FROM due d JOIN points_account a ON a.member_id = d.member_id
        RETURNING points_entry.id, points_entry.public_id, points_entry.member_id,
            points_entry.at, -points_entry.points AS points
    ), used AS (
        INSERT INTO points_lotuse (member_id, entry_id, lot_id, points)
        SELECT l.member_id, p.id, l.entry_id, l.remaining
        FROM points_lot l
        JOIN posted p ON p.member_id = l.member_id AND p.at = l.expires_at
        WHERE l.remaining > 0
    ), emptied AS (
        UPDATE points_lot l SET remaining = 0
        FROM posted p
        WHERE p.member_id = l.member_id AND p.at = l.expires_at AND l.remaining > 0
    ), lowered AS (
        UPDATE points_account a SET
            balance = a.balance - t.points,
            entries = a.entries + t.entries,
            changed_at = GREATEST(a.changed_at, p_now)
        FROM (
            SELECT p.member_id, sum(p.points) AS points, count(*) AS entries
            FROM posted p GROUP BY p.member_id) t
        WHERE a.member_id = t.member_id
    ), told AS (
        INSERT INTO members_event
            (public_id, member_id, kind, at, recorded_at, data, subject_type,
             subject_id)
        SELECT points_new_id(), p.member_id, 'points.expired', p.at, p_now,
            jsonb_build_object('points', p.points), 'entry', p.public_id
        FROM posted p JOIN members_member m ON m.id = p.member_id
        WHERE m.status <> 'ERASED'
    )
    SELECT count(*), COALESCE(sum(p.points), 0) INTO entries, points FROM posted p;
END $$;

-- Refuses a posting that may not be. Holds the member's row as a foreign key does, so
-- that a merge or a change of contact either is seen here or waits for the posting.
CREATE FUNCTION points_refuse(
    p_member bigint, p_kind text, p_posted_at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_status text;
    v_held_until timestamptz;
BEGIN
    SELECT m.status, m.held_until INTO v_status, v_held_until
    FROM members_member m WHERE m.id = p_member FOR KEY SHARE;
    IF v_status = 'MERGED' THEN
        RAISE EXCEPTION 'the member was merged' USING ERRCODE = 'SKP03';
    ELSIF p_kind = 'SPEND' AND v_held_until > p_posted_at THEN
        RAISE EXCEPTION 'points are held' USING ERRCODE = 'SKP02';
    END IF;
END $$;

-- As before, but for `points_refuse`. A repeat is answered before it.
CREATE OR REPLACE FUNCTION points_post(
    p_member bigint, p_kind text, p_points integer, p_at timestamptz,
    p_posted_at timestamptz, p_key text, p_rule bigint, p_source_type text,
    p_source_id uuid, p_reason text, p_public_id uuid, p_expires_at timestamptz,
    p_reverses bigint,
    OUT entry_id bigint, OUT balance_after integer, OUT is_replay boolean
) LANGUAGE plpgsql AS $$
DECLARE
    v_earned integer := CASE WHEN p_kind = 'EARN' THEN p_points ELSE 0 END;
    v_paid integer;
BEGIN
    SELECT e.id, e.balance_after, true INTO entry_id, balance_after, is_replay
    FROM points_entry e WHERE e.member_id = p_member AND e.key = p_key;
    IF FOUND THEN RETURN; END IF;
    is_replay := false;

    PERFORM points_refuse(p_member, p_kind, p_posted_at);
    IF p_kind = 'SPEND' THEN
        -- What has lapsed cannot be spent, also before the nightly run comes by.
        PERFORM points_expire_members(ARRAY[p_member], p_posted_at);
    END IF;

    INSERT INTO points_account AS a
        (member_id, balance, earned_total, entries, changed_at)
    VALUES (p_member, p_points, v_earned, 1, p_posted_at)
    ON CONFLICT (member_id) DO UPDATE SET
        balance = a.balance + p_points,
        earned_total = a.earned_total + v_earned,
        entries = a.entries + 1,
        changed_at = GREATEST(a.changed_at, p_posted_at)
    RETURNING a.balance INTO balance_after;

    INSERT INTO points_entry
        (public_id, member_id, kind, points, balance_after, at, posted_at, key,
         rule_id, reverses_id, source_type, source_id, reason)
    VALUES (p_public_id, p_member, p_kind, p_points, balance_after, p_at, p_posted_at,
        p_key, p_rule, p_reverses, p_source_type, p_source_id, p_reason)
    ON CONFLICT (member_id, key) DO NOTHING
    RETURNING id INTO entry_id;
    IF NOT FOUND THEN
        -- The same posting won the race for the account: undo our step, answer as it.
        UPDATE points_account a SET
            balance = a.balance - p_points,
            earned_total = a.earned_total - v_earned,
            entries = a.entries - 1
        WHERE a.member_id = p_member;
        SELECT e.id, e.balance_after, true INTO entry_id, balance_after, is_replay
        FROM points_entry e WHERE e.member_id = p_member AND e.key = p_key;
        RETURN;
    END IF;

    -- Only a return may leave a debt: its goods are back, whatever was spent since.
    IF p_points < 0 AND p_kind <> 'REVERSE' AND balance_after < 0 THEN
        RAISE EXCEPTION 'insufficient points' USING ERRCODE = 'SKP01';
    END IF;

    IF p_points < 0 THEN
        PERFORM points_take_from_lots(p_member, entry_id, -p_points, p_reverses);
        RETURN;
    END IF;
    INSERT INTO points_lot
        (entry_id, member_id, points, remaining, active_from, expires_at)
    VALUES (entry_id, p_member, p_points, p_points, p_at, p_expires_at);
    IF balance_after < p_points THEN
        v_paid := points_pay_debt(p_member, entry_id, p_points);
        UPDATE points_lot l SET remaining = l.remaining - v_paid
        WHERE l.entry_id = points_post.entry_id AND v_paid > 0;
    END IF;
END $$;

-- MERGING. The callers hold both members' rows and both accounts' locks.

-- Takes points from a member, or gives a debt back to them; returns the entry.
CREATE FUNCTION points_move_out(
    p_member bigint, p_points integer, p_key text, p_merge uuid, p_now timestamptz
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_balance integer;
    v_entry bigint;
BEGIN
    INSERT INTO points_account AS a
        (member_id, balance, earned_total, entries, changed_at)
    VALUES (p_member, -p_points, 0, 1, p_now)
    ON CONFLICT (member_id) DO UPDATE SET
        balance = a.balance - p_points,
        entries = a.entries + 1,
        changed_at = GREATEST(a.changed_at, p_now)
    RETURNING a.balance INTO v_balance;
    INSERT INTO points_entry
        (public_id, member_id, kind, points, balance_after, at, posted_at, key,
         source_type, source_id, reason)
    VALUES (points_new_id(), p_member, 'MERGE', -p_points, v_balance, p_now, p_now,
        p_key, 'merge', p_merge, '')
    RETURNING id INTO v_entry;
    RETURN v_entry;
END $$;

-- Gives points to a member as a lot with the days of the one they come from. Debts are
-- paid first, as by any earning.
CREATE FUNCTION points_move_in(
    p_member bigint, p_points integer, p_active_from timestamptz,
    p_expires_at timestamptz, p_origin bigint, p_key text, p_merge uuid,
    p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_balance integer;
    v_entry bigint;
    v_paid integer := 0;
BEGIN
    v_entry := points_move_out(p_member, -p_points, p_key, p_merge, p_now);
    INSERT INTO points_lot (entry_id, member_id, points, remaining, active_from,
        expires_at, origin_id)
    VALUES (v_entry, p_member, p_points, p_points, p_active_from, p_expires_at,
        p_origin);
    SELECT a.balance INTO v_balance FROM points_account a
    WHERE a.member_id = p_member;
    IF v_balance < p_points THEN
        v_paid := points_pay_debt(p_member, v_entry, p_points);
        UPDATE points_lot l SET remaining = l.remaining - v_paid
        WHERE l.entry_id = v_entry AND v_paid > 0;
    END IF;
END $$;

-- Moves all that a member has, or owes, to another; returns how many points. The keys
-- name the merge, so that a repeat moves nothing.
CREATE FUNCTION points_merge(
    p_kept bigint, p_merged bigint, p_merge uuid, p_now timestamptz
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_key text := 'merge:' || p_merge;
    v_balance integer;
    v_entry bigint;
    v_lot points_lot;
BEGIN
    -- Locks both accounts, in the order of their keys.
    PERFORM points_expire_members(ARRAY[p_kept, p_merged], p_now);
    IF EXISTS (SELECT FROM points_entry e
        WHERE e.member_id = p_merged AND e.key = v_key) THEN
        RETURN 0;
    END IF;
    SELECT COALESCE(sum(a.balance), 0) INTO v_balance FROM points_account a
    WHERE a.member_id = p_merged;
    -- Whoever owes has no lot open: it is one or the other, or nothing.
    IF v_balance > 0 THEN
        FOR v_lot IN
            SELECT * FROM points_lot l
            WHERE l.member_id = p_merged AND l.remaining > 0
            ORDER BY l.expires_at NULLS LAST, l.entry_id
        LOOP
            PERFORM points_move_in(p_kept, v_lot.remaining, v_lot.active_from,
                v_lot.expires_at, COALESCE(v_lot.origin_id, v_lot.entry_id),
                v_key || ':' || v_lot.entry_id, p_merge, p_now);
        END LOOP;
        v_entry := points_move_out(p_merged, v_balance, v_key, p_merge, p_now);
        PERFORM points_take_from_lots(p_merged, v_entry, v_balance, NULL);
    ELSIF v_balance < 0 THEN
        PERFORM points_move_in(
            p_merged, -v_balance, p_now, NULL, NULL, v_key, p_merge, p_now);
        v_entry := points_move_out(
            p_kept, -v_balance, v_key || ':debt', p_merge, p_now);
        PERFORM points_take_from_lots(p_kept, v_entry, -v_balance, NULL);
    END IF;
    RETURN v_balance;
END $$;

-- Gives back what is left of what a merge moved; returns how many points.
--
-- Points: what is open of them, and what older debts of the kept member took of them
-- as they came, for those are the kept member's own again. What was used, expired or
-- taken back since is gone for both. A debt: all of it, and the kept member gets back
-- what paid it.
CREATE FUNCTION points_unmerge(
    p_kept bigint, p_merged bigint, p_merge uuid, p_now timestamptz
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_key text := 'unmerge:' || p_merge;
    v_moved integer;
    v_entry bigint;
    v_debt bigint;
    v_lots bigint[];
    v_origins bigint[];
    v_back record;
    v_place integer := 0;
    v_total integer := 0;
    v_open integer;
    v_last bigint;
BEGIN
    PERFORM points_expire_members(ARRAY[p_kept, p_merged], p_now);
    IF EXISTS (SELECT FROM points_entry e
        WHERE e.key = v_key AND e.member_id IN (p_kept, p_merged)) THEN
        RETURN 0;
    END IF;
    SELECT -e.points INTO v_moved FROM points_entry e
    WHERE e.member_id = p_merged AND e.key = 'merge:' || p_merge;
    IF NOT FOUND THEN RETURN 0; END IF;

    IF v_moved > 0 THEN
        SELECT array_agg(l.entry_id), array_agg(l.origin_id) INTO v_lots, v_origins
        FROM points_entry e JOIN points_lot l ON l.entry_id = e.id
        WHERE e.member_id = p_kept AND e.source_id = p_merge;
        FOR v_back IN
            SELECT b.origin_id, b.active_from, b.expires_at,
                sum(b.points)::integer AS points
            FROM (
                SELECT l.origin_id, l.active_from, l.expires_at, l.remaining AS points
                FROM points_lot l
                WHERE l.member_id = p_kept AND l.remaining > 0
                    AND l.origin_id = ANY (v_origins)
                UNION ALL
                SELECT l.origin_id, l.active_from, l.expires_at, u.points
                FROM points_lot l JOIN points_lotuse u ON u.lot_id = l.entry_id
                WHERE l.entry_id = ANY (v_lots) AND u.entry_id < l.entry_id) b
            GROUP BY b.origin_id, b.active_from, b.expires_at
            ORDER BY b.expires_at NULLS LAST, b.origin_id
        LOOP
            v_place := v_place + 1;
            v_total := v_total + v_back.points;
            PERFORM points_move_in(p_merged, v_back.points, v_back.active_from,
                v_back.expires_at, v_back.origin_id, v_key || ':' || v_place, p_merge,
                p_now);
        END LOOP;
        IF v_total = 0 THEN RETURN 0; END IF;
        v_entry := points_move_out(p_kept, v_total, v_key, p_merge, p_now);
        -- From the moved lots themselves, whatever of the kept one's expires sooner.
        WITH emptied AS (
            SELECT l.entry_id, l.remaining FROM points_lot l
            WHERE l.member_id = p_kept AND l.remaining > 0
                AND l.origin_id = ANY (v_origins)
        ), lowered AS (
            UPDATE points_lot l SET remaining = 0
            FROM emptied WHERE l.entry_id = emptied.entry_id
        ), used AS (
            INSERT INTO points_lotuse (member_id, entry_id, lot_id, points)
            SELECT p_kept, v_entry, emptied.entry_id, emptied.remaining FROM emptied
            RETURNING points
        )
        SELECT COALESCE(sum(used.points), 0) INTO v_open FROM used;
        IF v_open < v_total THEN
            PERFORM points_take_from_lots(p_kept, v_entry, v_total - v_open, NULL);
        END IF;
        v_moved := v_total;
    ELSE
        SELECT e.id INTO v_debt FROM points_entry e
        WHERE e.member_id = p_kept AND e.key = 'merge:' || p_merge || ':debt';
        SELECT -v_moved - COALESCE(sum(u.points), 0), COALESCE(max(u.id), 0)
        INTO v_open, v_last
        FROM points_lotuse u WHERE u.entry_id = v_debt;
        -- What nothing has paid yet first: it ends as much of the debt.
        IF v_open > 0 THEN
            PERFORM points_move_in(p_kept, v_open, p_now, NULL, NULL, v_key || ':0',
                p_merge, p_now);
        END IF;
        FOR v_back IN
            SELECT COALESCE(l.origin_id, l.entry_id) AS origin_id, l.active_from,
                l.expires_at, u.points
            FROM points_lotuse u JOIN points_lot l ON l.entry_id = u.lot_id
            -- Not what has just been given for the rest of it.
            WHERE u.entry_id = v_debt AND u.id <= v_last
            ORDER BY l.expires_at NULLS LAST, l.entry_id
        LOOP
            v_place := v_place + 1;
            PERFORM points_move_in(p_kept, v_back.points, v_back.active_from,
                v_back.expires_at, v_back.origin_id, v_key || ':' || v_place, p_merge,
                p_now);
        END LOOP;
        v_entry := points_move_out(p_merged, -v_moved, v_key, p_merge, p_now);
        PERFORM points_take_from_lots(p_merged, v_entry, -v_moved, NULL);
    END IF;
    -- A lot that came back may have passed its day meanwhile.
    PERFORM points_expire_members(ARRAY[p_kept, p_merged], p_now);
    RETURN v_moved;
END $$;
"""
BACKWARDS = f"""
DROP FUNCTION points_unmerge(bigint, bigint, uuid, timestamptz);
DROP FUNCTION points_merge(bigint, bigint, uuid, timestamptz);
DROP FUNCTION points_move_in(
    bigint, integer, timestamptz, timestamptz, bigint, text, uuid, timestamptz);
DROP FUNCTION points_move_out(bigint, integer, text, uuid, timestamptz);
{_as_before()}
DROP FUNCTION points_refuse(bigint, text, timestamptz);
"""


class Migration(migrations.Migration):
    """Points move between the memberships of one person; see decision 0011."""

    dependencies = [
        ("points", "0002_ledger_functions"),
        ("members", "0005_identifiers_follow"),
    ]

    operations = [
        migrations.AlterField(
            model_name="entry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("EARN", "Earned"),
                    ("REVERSE", "Taken back after a return"),
                    ("SPEND", "Used"),
                    ("EXPIRE", "Expired"),
                    ("ADJUST", "Adjusted"),
                    ("MERGE", "Moved between memberships"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="lot",
            name="origin",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="copies",
                to="points.lot",
            ),
        ),
        migrations.AddIndex(
            model_name="lot",
            index=models.Index(
                condition=models.Q(("origin__isnull", False)),
                fields=["origin"],
                name="lot_copies",
            ),
        ),
        migrations.RemoveConstraint(model_name="entry", name="entry_sign_fits_kind"),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["ADJUST", "MERGE"]),
                    models.Q(("kind", "EARN"), ("points__gt", 0)),
                    models.Q(
                        ("kind__in", ["REVERSE", "SPEND", "EXPIRE"]),
                        ("points__lt", 0),
                    ),
                    _connector="OR",
                ),
                name="entry_sign_fits_kind",
            ),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
