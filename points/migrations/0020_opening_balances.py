from django.db import migrations

FORWARDS = """
-- Gives members what they bring along from another system: one entry and one lot each,
-- for whole batches. Debts are paid first, as by any giving. A member is given theirs
-- once, whichever file or system it comes from: not who has been given it before, or
-- whose merged membership has, nor who was merged or erased. Returns how many were.
--
-- Each member is looked up by indexes, and nothing that was looked up is joined again:
-- how many members there are is not known when this is planned. An account that
-- somebody else opens meanwhile makes this fail on its unique key.
CREATE FUNCTION points_open_balances(
    p_members bigint[], p_points integer[], p_expires_at timestamptz[],
    p_at timestamptz, p_posted_at timestamptz, p_rule bigint, p_source_id uuid
) RETURNS integer LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    -- Drawing an id costs as much as three indexes: each gets a part of a hash.
    v_stamp text := lpad(
        to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') || '7';
    v_secret bytea := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
    v_given integer;
    v_debtors bigint[];
    v_lots bigint[];
    v_amounts integer[];
BEGIN
    PERFORM FROM points_earningrule r WHERE r.id = p_rule FOR KEY SHARE;
    -- The members' rows before the accounts, as a merge locks them.
    PERFORM FROM members_member m WHERE m.id = ANY (p_members)
    ORDER BY m.id FOR KEY SHARE;
    PERFORM FROM points_account a WHERE a.member_id = ANY (p_members)
    ORDER BY a.member_id FOR UPDATE;

    WITH target AS MATERIALIZED (
        SELECT u.member_id, u.points, u.expires_at,
            nextval('points_entry_id_seq') AS entry_id,
            sha256(v_secret || int8send(u.member_id)) AS noise,
            a.member_id IS NULL AS is_new,
            COALESCE(a.balance, 0) + u.points AS balance_after,
            LEAST(COALESCE(a.owed, 0), u.points) AS paid
        FROM unnest(p_members, p_points, p_expires_at)
            AS u (member_id, points, expires_at)
        LEFT JOIN points_account a ON a.member_id = u.member_id
        WHERE (SELECT m.status FROM members_member m WHERE m.id = u.member_id)
                NOT IN ('MERGED', 'ERASED')
            AND (SELECT e.id FROM points_entry e
                WHERE e.member_id = u.member_id AND e.key = 'import') IS NULL
            AND (SELECT min(e.id) FROM members_member g
                JOIN points_entry e ON e.member_id = g.id AND e.key = 'import'
                WHERE g.merged_into_id = u.member_id) IS NULL
    ), named AS MATERIALIZED (
        SELECT t.*,
            (v_stamp || overlay(encode(substr(t.noise, 1, 9), 'hex')
                placing '8' from 4 for 0))::uuid AS public_id,
            (v_stamp || overlay(encode(substr(t.noise, 10, 9), 'hex')
                placing '8' from 4 for 0))::uuid AS event_id
        FROM target t
    ), opened AS (
        INSERT INTO points_account
            (member_id, balance, earned_total, entries, changed_at)
        SELECT n.member_id, n.points, 0, 1, p_posted_at FROM named n WHERE n.is_new
    ), raised AS (
        -- They are there, and locked.
        INSERT INTO points_account AS a
            (member_id, balance, earned_total, entries, changed_at)
        SELECT n.member_id, n.points, 0, 1, p_posted_at
        FROM named n WHERE NOT n.is_new
        ON CONFLICT (member_id) DO UPDATE SET
            balance = a.balance + EXCLUDED.balance,
            owed = GREATEST(a.owed - EXCLUDED.balance, 0),
            entries = a.entries + 1,
            changed_at = GREATEST(a.changed_at, EXCLUDED.changed_at)
    ), posted AS (
        INSERT INTO points_entry
            (id, public_id, member_id, kind, points, balance_after, at, posted_at, key,
             rule_id, source_type, source_id, reason)
        SELECT n.entry_id, n.public_id, n.member_id, 'IMPORT', n.points,
            n.balance_after, p_at, p_posted_at, 'import', p_rule, 'import',
            p_source_id, ''
        FROM named n
    ), lots AS (
        INSERT INTO points_lot
            (entry_id, member_id, points, remaining, active_from, expires_at)
        SELECT n.entry_id, n.member_id, n.points, n.points - n.paid, p_at, n.expires_at
        FROM named n
    ), told AS (
        INSERT INTO members_event
            (public_id, member_id, kind, at, recorded_at, data, subject_type,
             subject_id)
        SELECT n.event_id, n.member_id, 'points.brought', p_at, p_posted_at,
            jsonb_build_object('points', n.points), 'entry', n.public_id
        FROM named n
    )
    SELECT count(*),
        COALESCE(array_agg(n.member_id) FILTER (WHERE n.paid > 0), '{}'),
        COALESCE(array_agg(n.entry_id) FILTER (WHERE n.paid > 0), '{}'),
        COALESCE(array_agg(n.points) FILTER (WHERE n.paid > 0), '{}')
    INTO v_given, v_debtors, v_lots, v_amounts
    FROM named n;
    -- Few owe anything, and each their own.
    FOR i IN 1 .. cardinality(v_debtors) LOOP
        PERFORM points_pay_debt(v_debtors[i], v_lots[i], v_amounts[i]);
    END LOOP;
    RETURN v_given;
END $$;
"""

BACKWARDS = """
DROP FUNCTION points_open_balances(
    bigint[], integer[], timestamptz[], timestamptz, timestamptz, bigint, uuid);
"""


class Migration(migrations.Migration):
    """Members bring points along from another system."""

    dependencies = [("points", "0019_books_hold_still")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
