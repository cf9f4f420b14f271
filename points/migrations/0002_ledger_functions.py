from django.db import migrations

# Posting a receipt is one statement at the till, so the ledger's write is a function.
# All are PL/pgSQL, whose plans a connection keeps: a function in plain SQL would be
# planned at every call, which costs more than running it.
FORWARDS = """
CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE ON points_entry
FOR EACH ROW EXECUTE FUNCTION common_refuse_change();

CREATE TRIGGER lotuse_append_only BEFORE UPDATE OR DELETE ON points_lotuse
FOR EACH ROW EXECUTE FUNCTION common_refuse_change();

CREATE TRIGGER earningrule_published_never_changes
BEFORE UPDATE OR DELETE ON points_earningrule
FOR EACH ROW WHEN (OLD.status = 'PUBLISHED')
EXECUTE FUNCTION common_refuse_change();

-- A UUID of version 7, as common.ids.uuid7 makes them: 48 bits of milliseconds in
-- front of a random UUID, and the version's four bits.
CREATE FUNCTION points_new_id() RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN encode(set_bit(set_bit(overlay(
        uuid_send(gen_random_uuid()) PLACING substring(int8send(
            (extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
        FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid;
END $$;

-- Takes points from open lots: from one lot first (the purchase a return undoes), then
-- oldest expiry first. What the lots do not hold stays as debt: the balance goes below
-- zero, and the next earning pays it. The caller holds the account's lock.
CREATE FUNCTION points_take_from_lots(
    p_member bigint, p_entry bigint, p_need integer, p_first_lot bigint
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
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
END $$;

-- Pays older debt out of a new lot: earlier negative entries that lots did not cover.
-- Returns how many points of the lot that took. The caller holds the account's lock.
CREATE FUNCTION points_pay_debt(
    p_member bigint, p_lot bigint, p_available integer
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_paid integer;
BEGIN
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
    SELECT COALESCE(sum(points), 0) INTO v_paid FROM paid;
    RETURN v_paid;
END $$;

-- Lets every open lot of these members lapse that has passed its day: one EXPIRE entry
-- per member and day of expiry, and one event for the member's timeline. A lot lapses
-- once, because nothing is left in it afterwards; so running it twice is safe.
CREATE FUNCTION points_expire_members(
    p_members bigint[], p_now timestamptz,
    OUT entries integer, OUT points bigint
) LANGUAGE plpgsql AS $$
BEGIN
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

-- One batch of the nightly expiry; `members` is zero when nobody is left.
CREATE FUNCTION points_expire(
    p_now timestamptz, p_limit integer,
    OUT members integer, OUT entries integer, OUT points bigint
) LANGUAGE plpgsql AS $$
DECLARE
    v_members bigint[];
BEGIN
    SELECT COALESCE(array_agg(d.member_id), '{}') INTO v_members FROM (
        SELECT DISTINCT l.member_id FROM points_lot l
        WHERE l.remaining > 0 AND l.expires_at <= p_now
        LIMIT p_limit) d;
    members := cardinality(v_members);
    SELECT e.entries, e.points INTO entries, points
    FROM points_expire_members(v_members, p_now) e;
END $$;

-- Posts one entry. The order inside: the key is looked up before the balance (a repeat
-- of a successful spend must not be refused for lack of what it spent); the account row
-- is locked by the very UPDATE that changes it.
CREATE FUNCTION points_post(
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
"""

BACKWARDS = """
DROP FUNCTION points_post(
    bigint, text, integer, timestamptz, timestamptz, text, bigint, text, uuid, text,
    uuid, timestamptz, bigint);
DROP FUNCTION points_expire(timestamptz, integer);
DROP FUNCTION points_expire_members(bigint[], timestamptz);
DROP FUNCTION points_pay_debt(bigint, bigint, integer);
DROP FUNCTION points_take_from_lots(bigint, bigint, integer, bigint);
DROP FUNCTION points_new_id();
DROP TRIGGER earningrule_published_never_changes ON points_earningrule;
DROP TRIGGER lotuse_append_only ON points_lotuse;
DROP TRIGGER entry_append_only ON points_entry;
"""


class Migration(migrations.Migration):
    """The ledger's own code: the only place where points change."""

    dependencies = [
        ("points", "0001_first_tables"),
        ("members", "0001_first_tables"),
        ("common", "0003_append_only"),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
