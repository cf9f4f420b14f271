import re
from importlib import import_module

import common.ids
import django.db.models.deletion
from django.db import migrations, models

# What returns took and no lot held was the balance below zero: who owed had no lot.
OWED = "UPDATE points_account SET owed = -balance WHERE balance < 0"

FORWARDS = """
-- TAKING AND PAYING. The callers hold the account's lock.

DROP FUNCTION points_take_from_lots(bigint, bigint, integer, bigint);

-- Takes points from open lots, in this order: what waits of the earning that a return
-- undoes, what can be used of it, other lots that can be used, oldest expiry first, and
-- last what waits of others. The points that are reserved stay: of the lots that can be
-- used they are those that lapse first. What a merge moved of an earning counts as it;
-- undoing a merge names all the earnings that it moved.
CREATE FUNCTION points_take_from_lots(
    p_member bigint, p_entry bigint, p_need integer, p_reserved integer,
    p_first_lot bigint, p_origins bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH open_lots AS (
        SELECT l.entry_id, l.expires_at, l.remaining,
            CASE
                WHEN (p_first_lot IN (l.entry_id, l.origin_id)) IS TRUE
                    OR (l.origin_id = ANY (p_origins)) IS TRUE
                THEN CASE WHEN l.is_pending THEN 1 ELSE 2 END
                ELSE CASE WHEN l.is_pending THEN 4 ELSE 3 END
            END AS place
        FROM points_lot l WHERE l.member_id = p_member AND l.remaining > 0
    ), held AS (
        SELECT COALESCE(sum(o.remaining) FILTER (WHERE o.place = 1), 0) AS own_pending,
            COALESCE(sum(o.remaining) FILTER (WHERE o.place = 2), 0) AS own,
            COALESCE(sum(o.remaining) FILTER (WHERE o.place IN (2, 3)), 0)
                - p_reserved AS usable
        FROM open_lots o
    ), first_step AS (
        SELECT h.own, h.usable, LEAST(p_need, h.own_pending) AS own_pending FROM held h
    ), steps AS (
        SELECT s.own_pending, s.own,
            LEAST(p_need - s.own_pending, s.usable) AS usable
        FROM first_step s
    ), spans AS (
        -- Of each group of lots, in a row: from which point to which.
        SELECT 1 AS place, 0 AS first, s.own_pending AS past FROM steps s
        UNION ALL SELECT 2, 0, LEAST(s.usable, s.own) FROM steps s
        UNION ALL SELECT 3, p_reserved, p_reserved + s.usable - s.own FROM steps s
        UNION ALL SELECT 4, 0, p_need - s.own_pending - s.usable FROM steps s
    ), queued AS (
        SELECT o.entry_id, o.remaining, o.place, sum(o.remaining) OVER (
            PARTITION BY o.place ORDER BY o.expires_at NULLS LAST, o.entry_id) AS upto
        FROM open_lots o
    ), taken AS (
        SELECT q.entry_id, (LEAST(q.upto, s.past)
            - GREATEST(q.upto - q.remaining, s.first))::integer AS points
        FROM queued q JOIN spans s USING (place)
        WHERE LEAST(q.upto, s.past) > GREATEST(q.upto - q.remaining, s.first)
    ), lowered AS (
        UPDATE points_lot l SET remaining = l.remaining - t.points,
            is_pending = l.is_pending AND l.remaining > t.points
        FROM taken t WHERE l.entry_id = t.entry_id
    )
    INSERT INTO points_lotuse (member_id, entry_id, lot_id, points)
    SELECT p_member, p_entry, t.entry_id, t.points FROM taken t;
END $$;

-- Pays what is owed out of lots that came free, oldest debt and oldest expiry first;
-- what is reserved stays. There is as much free as is paid.
CREATE FUNCTION points_pay_from_lots(
    p_member bigint, p_need integer, p_reserved integer
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH owed AS (
        SELECT e.id, -e.points - COALESCE(
            (SELECT sum(u.points) FROM points_lotuse u WHERE u.entry_id = e.id), 0
        ) AS points
        FROM points_entry e WHERE e.member_id = p_member AND e.points < 0
    ), debts AS (
        SELECT o.id, o.points, sum(o.points) OVER (ORDER BY o.id) AS upto
        FROM owed o WHERE o.points > 0
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

-- Posts an entry that gives points: locks and raises the account, opens a lot, pays
-- what is owed first, also with points that wait.
CREATE FUNCTION points_raise(
    p_member bigint, p_kind text, p_points integer, p_at timestamptz,
    p_posted_at timestamptz, p_key text, p_rule bigint, p_source_type text,
    p_source_id uuid, p_reason text, p_public_id uuid, p_active_from timestamptz,
    p_expires_at timestamptz, p_is_pending boolean, p_origin bigint,
    OUT entry_id bigint, OUT balance_after integer, OUT is_replay boolean
) LANGUAGE plpgsql AS $$
DECLARE
    v_earned integer := CASE WHEN p_kind = 'EARN' THEN p_points ELSE 0 END;
    v_waits integer := CASE WHEN p_is_pending THEN p_points ELSE 0 END;
    v_reserved integer;
    v_paid integer;
BEGIN
    is_replay := false;
    INSERT INTO points_account AS a
        (member_id, balance, pending, earned_total, entries, changed_at)
    VALUES (p_member, p_points, v_waits, v_earned, 1, p_posted_at)
    ON CONFLICT (member_id) DO UPDATE SET
        balance = a.balance + p_points,
        owed = GREATEST(a.owed - p_points, 0),
        pending = a.pending + GREATEST(v_waits - a.owed, 0),
        earned_total = a.earned_total + v_earned,
        entries = a.entries + 1,
        changed_at = GREATEST(a.changed_at, p_posted_at)
    RETURNING a.balance, a.reserved INTO balance_after, v_reserved;
    -- Who owed had nothing but what was reserved: so much was owed.
    v_paid := LEAST(p_points, GREATEST(v_reserved - (balance_after - p_points), 0));

    INSERT INTO points_entry
        (public_id, member_id, kind, points, balance_after, at, posted_at, key,
         rule_id, source_type, source_id, reason)
    VALUES (p_public_id, p_member, p_kind, p_points, balance_after, p_at, p_posted_at,
        p_key, p_rule, p_source_type, p_source_id, p_reason)
    ON CONFLICT (member_id, key) DO NOTHING
    RETURNING id INTO entry_id;
    IF NOT FOUND THEN
        -- The same posting won the race for the account: undo our step, answer as it.
        UPDATE points_account a SET
            balance = a.balance - p_points,
            owed = a.owed + v_paid,
            pending = a.pending - GREATEST(v_waits - v_paid, 0),
            earned_total = a.earned_total - v_earned,
            entries = a.entries - 1
        WHERE a.member_id = p_member;
        SELECT e.id, e.balance_after, true INTO entry_id, balance_after, is_replay
        FROM points_entry e WHERE e.member_id = p_member AND e.key = p_key;
        RETURN;
    END IF;

    INSERT INTO points_lot (entry_id, member_id, points, remaining, active_from,
        expires_at, is_pending, origin_id)
    VALUES (entry_id, p_member, p_points, p_points - v_paid, p_active_from,
        p_expires_at, p_is_pending AND v_paid < p_points, p_origin);
    IF v_paid > 0 THEN
        PERFORM points_pay_debt(p_member, entry_id, p_points);
    END IF;
END $$;

-- Posts an entry that takes points. Whoever uses points gets no more than is usable;
-- what returns and merges cannot take of lots is owed.
CREATE FUNCTION points_lower(
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
    IF p_points > v_owed THEN
        PERFORM points_take_from_lots(p_member, entry_id, p_points - v_owed,
            v_account.reserved, p_reverses, p_origins);
    END IF;
END $$;

-- SETTLING: what time does to points. The callers hold the accounts' locks.

-- Lets points that waited be used whose day has come: one entry per member and day.
CREATE FUNCTION points_activate(
    p_members bigint[], p_until timestamptz, p_now timestamptz
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_points bigint;
BEGIN
    WITH due AS (
        SELECT l.member_id, l.active_from, sum(l.remaining)::integer AS points,
            min(l.entry_id) AS first_lot
        FROM unnest(p_members) AS asked (member_id)
        JOIN points_account a ON a.member_id = asked.member_id AND a.pending > 0
        JOIN points_lot l ON l.member_id = a.member_id AND l.remaining > 0
            AND l.is_pending AND l.active_from <= p_until
        GROUP BY l.member_id, l.active_from
    ), numbered AS (
        SELECT d.*, row_number() OVER (
            PARTITION BY d.member_id ORDER BY d.active_from) AS number
        FROM due d
    ), posted AS (
        INSERT INTO points_entry
            (public_id, member_id, kind, points, moved, balance_after, at, posted_at,
             key, source_type, reason)
        SELECT points_new_id(), n.member_id, 'ACTIVATE', 0, n.points, a.balance,
            n.active_from, p_now,
            'activate:' || n.first_lot || ':' || a.entries + n.number, '', ''
        FROM numbered n JOIN points_account a ON a.member_id = n.member_id
        ORDER BY n.member_id, n.number
        RETURNING points_entry.public_id, points_entry.member_id, points_entry.at,
            points_entry.moved
    ), opened AS (
        UPDATE points_lot l SET is_pending = false
        FROM due d
        WHERE l.member_id = d.member_id AND l.active_from = d.active_from
            AND l.is_pending AND l.remaining > 0
    ), changed AS (
        UPDATE points_account a SET
            pending = a.pending - t.points,
            entries = a.entries + t.entries,
            changed_at = GREATEST(a.changed_at, p_now)
        FROM (
            SELECT p.member_id, sum(p.moved) AS points, count(*) AS entries
            FROM posted p GROUP BY p.member_id) t
        WHERE a.member_id = t.member_id
    ), told AS (
        INSERT INTO members_event
            (public_id, member_id, kind, at, recorded_at, data, subject_type,
             subject_id)
        SELECT points_new_id(), p.member_id, 'points.activated', p.at, p_now,
            jsonb_build_object('points', p.moved), 'entry', p.public_id
        FROM posted p JOIN members_member m ON m.id = p.member_id
        WHERE m.status <> 'ERASED'
    )
    SELECT COALESCE(sum(p.moved), 0) INTO v_points FROM posted p;
    RETURN v_points;
END $$;

-- Lets open lots lapse that have passed their day: one EXPIRE entry per member and day.
-- What is reserved does not lapse: of the lots that can be used, those that lapse
-- first. Nothing lapses before `p_not_before`: what was held until then, or came back.
-- The earning that a return undoes, `p_but`, is left to it.
CREATE FUNCTION points_lapse(
    p_members bigint[], p_until timestamptz, p_not_before timestamptz,
    p_now timestamptz, p_but bigint,
    OUT entries integer, OUT points bigint
) LANGUAGE plpgsql AS $$
BEGIN
    WITH passed AS (
        SELECT l.member_id, l.entry_id, l.is_pending,
            GREATEST(l.expires_at, p_not_before) AS at, a.balance,
            a.entries AS number,
            CASE WHEN l.is_pending OR a.reserved = 0 THEN l.remaining
                ELSE LEAST(l.remaining, sum(l.remaining)
                    FILTER (WHERE NOT l.is_pending) OVER (
                        PARTITION BY l.member_id ORDER BY l.expires_at, l.entry_id)
                    - a.reserved)
            END AS points
        FROM unnest(p_members) AS asked (member_id)
        JOIN points_account a ON a.member_id = asked.member_id
        JOIN points_lot l ON l.member_id = a.member_id AND l.remaining > 0
            AND l.expires_at <= p_until
            AND (p_but IN (l.entry_id, l.origin_id)) IS NOT TRUE
    ), lots AS (
        SELECT * FROM passed d WHERE d.points > 0
    ), due AS (
        SELECT l.member_id, l.at, l.balance, l.number, sum(l.points)::integer AS points,
            min(l.entry_id) AS first_lot,
            row_number() OVER (PARTITION BY l.member_id ORDER BY l.at) AS place
        FROM lots l GROUP BY l.member_id, l.at, l.balance, l.number
    ), posted AS (
        INSERT INTO points_entry
            (public_id, member_id, kind, points, balance_after, at, posted_at, key,
             source_type, reason)
        SELECT points_new_id(), d.member_id, 'EXPIRE', -d.points,
            d.balance - sum(d.points) OVER (PARTITION BY d.member_id ORDER BY d.at),
            d.at, p_now, 'expire:' || d.first_lot || ':' || d.number + d.place, '', ''
        FROM due d ORDER BY d.member_id, d.at
        RETURNING points_entry.id, points_entry.public_id, points_entry.member_id,
            points_entry.at, -points_entry.points AS points
    ), used AS (
        INSERT INTO points_lotuse (member_id, entry_id, lot_id, points)
        SELECT l.member_id, p.id, l.entry_id, l.points
        FROM lots l JOIN posted p ON p.member_id = l.member_id AND p.at = l.at
    ), emptied AS (
        UPDATE points_lot l SET remaining = l.remaining - d.points, is_pending = false
        FROM lots d WHERE l.entry_id = d.entry_id
    ), lowered AS (
        UPDATE points_account a SET
            balance = a.balance - t.points,
            pending = a.pending - t.waited,
            entries = a.entries + t.entries,
            changed_at = GREATEST(a.changed_at, p_now)
        FROM (
            SELECT l.member_id, sum(l.points) AS points,
                COALESCE(sum(l.points) FILTER (WHERE l.is_pending), 0) AS waited,
                count(DISTINCT l.at) AS entries
            FROM lots l GROUP BY l.member_id) t
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

-- Ends a reservation. What comes free pays debts first; what has lapsed while it was
-- held lapses then.
CREATE FUNCTION points_let_go(
    p_reservation bigint, p_outcome text, p_at timestamptz, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_held points_reservation;
    v_account points_account;
    v_paid integer;
BEGIN
    UPDATE points_reservation r SET outcome = p_outcome, ended_at = p_at
    WHERE r.id = p_reservation AND r.outcome = 'HELD' RETURNING * INTO v_held;
    IF NOT FOUND THEN RETURN; END IF;
    SELECT * INTO v_account FROM points_account a
    WHERE a.member_id = v_held.member_id;
    v_paid := LEAST(v_account.owed, v_held.points);
    UPDATE points_account a SET
        reserved = a.reserved - v_held.points,
        owed = a.owed - v_paid,
        entries = a.entries + 1,
        changed_at = GREATEST(a.changed_at, p_now)
    WHERE a.member_id = v_held.member_id;
    INSERT INTO points_entry
        (public_id, member_id, kind, points, moved, balance_after, at, posted_at, key,
         source_type, source_id, reason)
    VALUES (points_new_id(), v_held.member_id, 'RELEASE', 0, v_held.points,
        v_account.balance, p_at, p_now, 'release:' || v_held.public_id, 'reservation',
        v_held.public_id, '');
    IF v_paid > 0 THEN
        PERFORM points_pay_from_lots(v_held.member_id, v_paid,
            v_account.reserved - v_held.points);
    END IF;
    PERFORM points_lapse(ARRAY[v_held.member_id], p_at, p_at, p_now, NULL);
END $$;

-- Brings members up to a moment: reservations that have timed out are let go, points
-- that waited become usable, and what has passed its day lapses, but for the earning
-- `p_but`. Safe to run twice.
CREATE FUNCTION points_settle(
    p_members bigint[], p_now timestamptz, p_but bigint DEFAULT NULL,
    OUT entries integer, OUT points bigint, OUT activated bigint, OUT released integer
) LANGUAGE plpgsql AS $$
DECLARE
    v_held record;
    v_lapsed record;
BEGIN
    -- The members' rows before the accounts, as a merge locks them: the events hold
    -- them at the latest when the transaction ends.
    PERFORM FROM members_member m WHERE m.id = ANY (p_members)
    ORDER BY m.id FOR KEY SHARE;
    -- In the order of their keys, so that two runs cannot wait for each other. The
    -- lots are read by later statements, which see what others did until now.
    PERFORM FROM points_account a WHERE a.member_id = ANY (p_members)
    ORDER BY a.member_id FOR UPDATE;
    released := 0;
    entries := 0;
    points := 0;
    activated := 0;
    FOR v_held IN
        SELECT r.id, r.member_id, r.expires_at FROM points_reservation r
        WHERE r.member_id = ANY (p_members) AND r.outcome = 'HELD'
            AND r.expires_at <= p_now
        ORDER BY r.expires_at, r.id
    LOOP
        -- As it was when the time was over: what it did not hold had lapsed.
        activated := activated
            + points_activate(ARRAY[v_held.member_id], v_held.expires_at, p_now);
        SELECT * INTO v_lapsed FROM points_lapse(
            ARRAY[v_held.member_id], v_held.expires_at, NULL, p_now, p_but);
        entries := entries + v_lapsed.entries;
        points := points + v_lapsed.points;
        PERFORM points_let_go(v_held.id, 'LAPSED', v_held.expires_at, p_now);
        released := released + 1;
    END LOOP;
    activated := activated + points_activate(p_members, p_now, p_now);
    SELECT * INTO v_lapsed FROM points_lapse(p_members, p_now, NULL, p_now, p_but);
    entries := entries + v_lapsed.entries;
    points := points + v_lapsed.points;
END $$;

DROP FUNCTION points_expire_members(bigint[], timestamptz);

-- One batch of what is due; `members` is zero when nobody is left.
CREATE OR REPLACE FUNCTION points_expire(
    p_now timestamptz, p_limit integer,
    OUT members integer, OUT entries integer, OUT points bigint
) LANGUAGE plpgsql AS $$
DECLARE
    v_members bigint[];
BEGIN
    SELECT COALESCE(array_agg(d.member_id), '{}') INTO v_members FROM (
        SELECT r.member_id FROM points_reservation r
        WHERE r.outcome = 'HELD' AND r.expires_at <= p_now
        UNION
        SELECT l.member_id FROM points_lot l
        WHERE l.is_pending AND l.active_from <= p_now
        UNION
        SELECT l.member_id FROM points_lot l
        JOIN points_account a ON a.member_id = l.member_id
        WHERE l.remaining > 0 AND l.expires_at <= p_now
            -- Not those of whom all that has passed its day is reserved.
            AND (a.reserved = 0 OR l.is_pending OR a.reserved < (
                SELECT sum(o.remaining) FROM points_lot o
                WHERE o.member_id = l.member_id AND o.remaining > 0
                    AND o.expires_at <= p_now AND NOT o.is_pending))
        LIMIT p_limit) d;
    members := cardinality(v_members);
    SELECT s.entries, s.points INTO entries, points
    FROM points_settle(v_members, p_now) s;
END $$;

-- POSTING. A key is looked up before the balance: a repeat of a successful spend must
-- not be refused for lack of what it spent. What looks at the balance looks the key up
-- again once it has the account, for the same posting may have been waiting beside it.

-- Takes back points after a return, as the policy has it: 'negative' all of them, also
-- below zero; 'balance' what waits of the purchase itself and what the member can use;
-- 'pending' only what waits of the purchase itself. `taken` is zero when that is
-- nothing, and then there is no entry.
CREATE FUNCTION points_reverse(
    p_member bigint, p_points integer, p_at timestamptz, p_posted_at timestamptz,
    p_key text, p_rule bigint, p_source_type text, p_source_id uuid, p_public_id uuid,
    p_reverses bigint, p_policy text,
    OUT taken integer, OUT entry_id bigint, OUT balance_after integer,
    OUT is_replay boolean
) LANGUAGE plpgsql AS $$
DECLARE
    v_account points_account;
    v_own integer := 0;
BEGIN
    IF p_policy NOT IN ('negative', 'balance', 'pending') THEN
        RAISE EXCEPTION 'no such policy of returns: %', p_policy;
    END IF;
    SELECT -e.points, e.id, e.balance_after, true
    INTO taken, entry_id, balance_after, is_replay
    FROM points_entry e WHERE e.member_id = p_member AND e.key = p_key;
    IF FOUND THEN RETURN; END IF;
    PERFORM points_refuse(p_member, 'REVERSE', p_posted_at);
    INSERT INTO points_account (member_id, balance, earned_total, entries, changed_at)
    VALUES (p_member, 0, 0, 0, p_posted_at) ON CONFLICT DO NOTHING;
    -- So that it makes no difference whether the nightly run has come by. What has
    -- lapsed of the purchase itself is the caller's: it asks for fewer points once that
    -- is posted.
    PERFORM points_settle(ARRAY[p_member], p_posted_at, p_reverses);
    SELECT * INTO v_account FROM points_account a WHERE a.member_id = p_member;
    SELECT -e.points, e.id, e.balance_after, true
    INTO taken, entry_id, balance_after, is_replay
    FROM points_entry e WHERE e.member_id = p_member AND e.key = p_key;
    IF FOUND THEN RETURN; END IF;

    is_replay := false;
    taken := p_points;
    IF p_policy <> 'negative' THEN
        IF v_account.pending > 0 THEN
            SELECT COALESCE(sum(l.remaining), 0) INTO v_own FROM points_lot l
            WHERE l.member_id = p_member AND l.remaining > 0 AND l.is_pending
                AND (p_reverses IN (l.entry_id, l.origin_id)) IS TRUE;
        END IF;
        IF p_policy = 'balance' THEN
            v_own := v_own + v_account.balance + v_account.owed - v_account.pending
                - v_account.reserved;
        END IF;
        taken := LEAST(p_points, v_own);
    END IF;
    IF taken <= 0 THEN
        taken := 0;
        balance_after := v_account.balance;
        RETURN;
    END IF;
    SELECT l.entry_id, l.balance_after INTO entry_id, balance_after
    FROM points_lower(p_member, 'REVERSE', taken, p_at, p_posted_at, p_key, p_rule,
        p_source_type, p_source_id, '', p_public_id, p_reverses, NULL) l;
END $$;

DROP FUNCTION points_post(
    bigint, text, integer, timestamptz, timestamptz, text, bigint, text, uuid, text,
    uuid, timestamptz, bigint);

-- Posts one entry. Points with a day that is still to come wait for it.
CREATE FUNCTION points_post(
    p_member bigint, p_kind text, p_points integer, p_at timestamptz,
    p_posted_at timestamptz, p_key text, p_rule bigint, p_source_type text,
    p_source_id uuid, p_reason text, p_public_id uuid, p_expires_at timestamptz,
    p_reverses bigint, p_active_from timestamptz DEFAULT NULL,
    OUT entry_id bigint, OUT balance_after integer, OUT is_replay boolean
) LANGUAGE plpgsql AS $$
BEGIN
    IF p_kind = 'REVERSE' THEN
        SELECT r.entry_id, r.balance_after, r.is_replay
        INTO entry_id, balance_after, is_replay
        FROM points_reverse(p_member, -p_points, p_at, p_posted_at, p_key, p_rule,
            p_source_type, p_source_id, p_public_id, p_reverses, 'negative') r;
        RETURN;
    END IF;
    SELECT e.id, e.balance_after, true INTO entry_id, balance_after, is_replay
    FROM points_entry e WHERE e.member_id = p_member AND e.key = p_key;
    IF FOUND THEN RETURN; END IF;
    PERFORM points_refuse(p_member, p_kind, p_posted_at);
    IF p_points > 0 THEN
        SELECT r.entry_id, r.balance_after, r.is_replay
        INTO entry_id, balance_after, is_replay
        FROM points_raise(p_member, p_kind, p_points, p_at, p_posted_at, p_key, p_rule,
            p_source_type, p_source_id, p_reason, p_public_id,
            COALESCE(p_active_from, p_at), p_expires_at,
            (p_active_from > p_posted_at) IS TRUE, NULL) r;
        RETURN;
    END IF;
    IF p_kind = 'EXPIRE' THEN
        PERFORM FROM points_account a WHERE a.member_id = p_member FOR UPDATE;
    ELSE
        -- What has lapsed cannot be used, also before the nightly run comes by; what
        -- has waited its time can.
        PERFORM points_settle(ARRAY[p_member], p_posted_at);
    END IF;
    SELECT e.id, e.balance_after, true INTO entry_id, balance_after, is_replay
    FROM points_entry e WHERE e.member_id = p_member AND e.key = p_key;
    IF FOUND THEN RETURN; END IF;
    is_replay := false;
    SELECT l.entry_id, l.balance_after INTO entry_id, balance_after
    FROM points_lower(p_member, p_kind, -p_points, p_at, p_posted_at, p_key, p_rule,
        p_source_type, p_source_id, p_reason, p_public_id, p_reverses, NULL) l;
END $$;

-- RESERVATIONS

CREATE FUNCTION points_reserve(
    p_member bigint, p_points integer, p_key text, p_expires_at timestamptz,
    p_now timestamptz, p_public_id uuid,
    OUT reservation_id bigint, OUT is_replay boolean
) LANGUAGE plpgsql AS $$
DECLARE
    v_balance integer;
BEGIN
    SELECT r.id, true INTO reservation_id, is_replay FROM points_reservation r
    WHERE r.member_id = p_member AND r.key = p_key;
    IF FOUND THEN RETURN; END IF;
    PERFORM points_refuse(p_member, 'SPEND', p_now);
    PERFORM points_settle(ARRAY[p_member], p_now);
    SELECT r.id, true INTO reservation_id, is_replay FROM points_reservation r
    WHERE r.member_id = p_member AND r.key = p_key;
    IF FOUND THEN RETURN; END IF;
    is_replay := false;
    UPDATE points_account a SET
        reserved = a.reserved + p_points,
        entries = a.entries + 1,
        changed_at = GREATEST(a.changed_at, p_now)
    WHERE a.member_id = p_member
        AND a.balance - a.pending - a.reserved >= p_points
    RETURNING a.balance INTO v_balance;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'insufficient points' USING ERRCODE = 'SKP01';
    END IF;
    INSERT INTO points_reservation
        (public_id, member_id, points, key, reserved_at, expires_at, outcome)
    VALUES (p_public_id, p_member, p_points, p_key, p_now, p_expires_at, 'HELD')
    RETURNING id INTO reservation_id;
    INSERT INTO points_entry
        (public_id, member_id, kind, points, moved, balance_after, at, posted_at, key,
         source_type, source_id, reason)
    VALUES (points_new_id(), p_member, 'RESERVE', 0, p_points, v_balance, p_now, p_now,
        'reserve:' || p_public_id, 'reservation', p_public_id, '');
END $$;

-- Locks who has a reservation and brings them up to the moment. Returns it as it is
-- then: its time may be over.
CREATE FUNCTION points_lock_reservation(
    p_reservation uuid, p_now timestamptz
) RETURNS points_reservation LANGUAGE plpgsql AS $$
DECLARE
    v_held points_reservation;
    v_member bigint;
BEGIN
    LOOP
        SELECT r.member_id INTO v_member FROM points_reservation r
        WHERE r.public_id = p_reservation;
        PERFORM points_settle(ARRAY[v_member], p_now);
        SELECT * INTO v_held FROM points_reservation r
        WHERE r.public_id = p_reservation;
        -- A merge may have moved it while this waited.
        EXIT WHEN v_held.member_id IS NOT DISTINCT FROM v_member;
    END LOOP;
    RETURN v_held;
END $$;

-- Lets a reservation go; returns how it has ended, whoever ended it.
CREATE FUNCTION points_release(p_reservation uuid, p_now timestamptz)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_held points_reservation;
BEGIN
    v_held := points_lock_reservation(p_reservation, p_now);
    IF v_held.outcome = 'HELD' THEN
        PERFORM points_let_go(v_held.id, 'RELEASED', p_now, p_now);
        RETURN 'RELEASED';
    END IF;
    RETURN v_held.outcome;
END $$;

-- Uses reserved points, all of them or fewer; what is left over is let go. The points
-- that lapse first are used, as when they had been spent at once.
CREATE FUNCTION points_capture(
    p_reservation uuid, p_points integer, p_at timestamptz, p_posted_at timestamptz,
    p_key text, p_source_type text, p_source_id uuid, p_reason text, p_public_id uuid,
    OUT entry_id bigint, OUT balance_after integer, OUT is_replay boolean,
    OUT member_id bigint, OUT points integer
) LANGUAGE plpgsql AS $$
DECLARE
    v_held points_reservation;
    v_account points_account;
    v_paid integer;
BEGIN
    v_held := points_lock_reservation(p_reservation, p_posted_at);
    member_id := v_held.member_id;
    SELECT e.id, e.balance_after, true, e.points
    INTO entry_id, balance_after, is_replay, points
    FROM points_entry e WHERE e.member_id = v_held.member_id AND e.key = p_key;
    IF FOUND THEN RETURN; END IF;
    IF v_held.outcome IS DISTINCT FROM 'HELD' THEN
        RAISE EXCEPTION 'the reservation has ended' USING ERRCODE = 'SKP05';
    END IF;
    points := -COALESCE(p_points, v_held.points);
    IF -points > v_held.points THEN
        RAISE EXCEPTION 'insufficient points' USING ERRCODE = 'SKP01';
    END IF;
    is_replay := false;
    SELECT * INTO v_account FROM points_account a
    WHERE a.member_id = v_held.member_id;
    -- What is left over comes free, and pays debts first.
    v_paid := LEAST(v_account.owed, v_held.points + points);
    balance_after := v_account.balance + points;
    UPDATE points_account a SET
        balance = a.balance + points_capture.points,
        reserved = a.reserved - v_held.points,
        owed = a.owed - v_paid,
        entries = a.entries + 2,
        changed_at = GREATEST(a.changed_at, p_posted_at)
    WHERE a.member_id = v_held.member_id;
    UPDATE points_reservation r SET outcome = 'CAPTURED', ended_at = p_posted_at
    WHERE r.id = v_held.id;
    INSERT INTO points_entry
        (public_id, member_id, kind, points, moved, balance_after, at, posted_at, key,
         source_type, source_id, reason)
    VALUES (points_new_id(), v_held.member_id, 'RELEASE', 0, v_held.points,
        v_account.balance, p_at, p_posted_at, 'release:' || v_held.public_id,
        'reservation', v_held.public_id, '');
    INSERT INTO points_entry
        (public_id, member_id, kind, points, balance_after, at, posted_at, key,
         source_type, source_id, reason)
    VALUES (p_public_id, v_held.member_id, 'SPEND', points, balance_after, p_at,
        p_posted_at, p_key, p_source_type, p_source_id, p_reason)
    RETURNING id INTO entry_id;
    PERFORM points_take_from_lots(
        v_held.member_id, entry_id, -points, 0, NULL, NULL);
    IF v_paid > 0 THEN
        PERFORM points_pay_from_lots(v_held.member_id, v_paid,
            v_account.reserved - v_held.points);
    END IF;
    PERFORM points_lapse(
        ARRAY[v_held.member_id], p_posted_at, p_posted_at, p_posted_at, NULL);
END $$;

-- MERGING. The callers hold both members' rows and both accounts' locks.

DROP FUNCTION points_move_in(
    bigint, integer, timestamptz, timestamptz, bigint, text, uuid, timestamptz);
DROP FUNCTION points_move_out(bigint, integer, text, uuid, timestamptz);

-- Takes points from a member, of what a merge had moved first; what lots do not hold
-- is owed.
CREATE FUNCTION points_move_out(
    p_member bigint, p_points integer, p_origins bigint[], p_key text, p_merge uuid,
    p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM points_lower(p_member, 'MERGE', p_points, p_now, p_now, p_key, NULL,
        'merge', p_merge, '', points_new_id(), NULL, p_origins);
END $$;

-- Gives points to a member as a lot with the days of the one they come from: what
-- waited goes on waiting. Debts are paid first, as by any earning.
CREATE FUNCTION points_move_in(
    p_member bigint, p_points integer, p_active_from timestamptz,
    p_expires_at timestamptz, p_origin bigint, p_key text, p_merge uuid,
    p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM points_raise(p_member, 'MERGE', p_points, p_now, p_now, p_key, NULL,
        'merge', p_merge, '', points_new_id(), p_active_from, p_expires_at,
        p_active_from > p_now, p_origin);
END $$;

-- Moves every open lot of a member who owes nothing; returns how many points.
CREATE FUNCTION points_move_lots(
    p_from bigint, p_to bigint, p_key text, p_merge uuid, p_now timestamptz
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_total integer := 0;
    v_lot points_lot;
BEGIN
    FOR v_lot IN
        SELECT * FROM points_lot l
        WHERE l.member_id = p_from AND l.remaining > 0
        ORDER BY l.expires_at NULLS LAST, l.entry_id
    LOOP
        v_total := v_total + v_lot.remaining;
        PERFORM points_move_in(p_to, v_lot.remaining, v_lot.active_from,
            v_lot.expires_at, COALESCE(v_lot.origin_id, v_lot.entry_id),
            p_key || ':' || v_lot.entry_id, p_merge, p_now);
    END LOOP;
    IF v_total > 0 THEN
        PERFORM points_move_out(p_from, v_total, NULL, p_key, p_merge, p_now);
    END IF;
    RETURN v_total;
END $$;

-- Moves all that a member has, or owes, to another; returns how many points. The keys
-- name the merge, so that a repeat moves nothing. Open reservations move along; one
-- that the kept member's points do not cover any more, because they paid debts, ends.
CREATE OR REPLACE FUNCTION points_merge(
    p_kept bigint, p_merged bigint, p_merge uuid, p_now timestamptz
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_key text := 'merge:' || p_merge;
    v_balance integer;
    v_open points_reservation[];
    v_held points_reservation;
BEGIN
    -- Locks both accounts, in the order of their keys.
    PERFORM points_settle(ARRAY[p_kept, p_merged], p_now);
    IF EXISTS (SELECT FROM points_entry e
        WHERE e.member_id = p_merged AND e.key = v_key) THEN
        RETURN 0;
    END IF;
    SELECT COALESCE(array_agg(r ORDER BY r.id), '{}') INTO v_open
    FROM points_reservation r WHERE r.member_id = p_merged AND r.outcome = 'HELD';
    FOREACH v_held IN ARRAY v_open LOOP
        PERFORM points_let_go(v_held.id, 'RELEASED', p_now, p_now);
    END LOOP;
    SELECT COALESCE(sum(a.balance), 0) INTO v_balance FROM points_account a
    WHERE a.member_id = p_merged;
    -- Whoever owes has no lot open: it is one or the other, or nothing.
    IF v_balance > 0 THEN
        PERFORM points_move_lots(p_merged, p_kept, v_key, p_merge, p_now);
    ELSIF v_balance < 0 THEN
        PERFORM points_move_in(
            p_merged, -v_balance, p_now, NULL, NULL, v_key, p_merge, p_now);
        PERFORM points_move_out(
            p_kept, -v_balance, NULL, v_key || ':debt', p_merge, p_now);
    END IF;
    FOREACH v_held IN ARRAY v_open LOOP
        PERFORM points_take_over(v_held.id, p_kept, p_now);
    END LOOP;
    RETURN v_balance;
END $$;

-- Makes a reservation that a merge has let go the kept member's, when it still can.
CREATE FUNCTION points_take_over(
    p_reservation bigint, p_kept bigint, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_held points_reservation;
    v_balance integer;
BEGIN
    SELECT * INTO v_held FROM points_reservation r WHERE r.id = p_reservation;
    IF EXISTS (SELECT FROM points_reservation r
        WHERE r.member_id = p_kept AND r.key = v_held.key) THEN
        RETURN;
    END IF;
    UPDATE points_account a SET
        reserved = a.reserved + v_held.points,
        entries = a.entries + 1,
        changed_at = GREATEST(a.changed_at, p_now)
    WHERE a.member_id = p_kept
        AND a.balance - a.pending - a.reserved >= v_held.points
    RETURNING a.balance INTO v_balance;
    IF NOT FOUND THEN RETURN; END IF;
    UPDATE points_reservation r SET member_id = p_kept, outcome = 'HELD',
        ended_at = NULL
    WHERE r.id = p_reservation;
    INSERT INTO points_entry
        (public_id, member_id, kind, points, moved, balance_after, at, posted_at, key,
         source_type, source_id, reason)
    VALUES (points_new_id(), p_kept, 'RESERVE', 0, v_held.points, v_balance, p_now,
        p_now, 'reserve:' || v_held.public_id, 'reservation', v_held.public_id, '');
END $$;

-- Gives back what is left of what a merge moved; returns how many points.
--
-- Points: what is open of them, and what older debts of the kept member took of them
-- as they came, for those are the kept member's own again. What was used, expired or
-- taken back since is gone for both. A debt: all of it, and the kept member gets back
-- what paid it, with the days of what paid it. Open reservations are let go: whose
-- they are nobody can say.
CREATE OR REPLACE FUNCTION points_unmerge(
    p_kept bigint, p_merged bigint, p_merge uuid, p_now timestamptz
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_key text := 'unmerge:' || p_merge;
    v_moved integer;
    v_debt bigint;
    v_lots bigint[];
    v_origins bigint[];
    v_back record;
    v_place integer := 0;
    v_total integer := 0;
BEGIN
    PERFORM points_settle(ARRAY[p_kept, p_merged], p_now);
    IF EXISTS (SELECT FROM points_entry e
        WHERE e.key = v_key AND e.member_id IN (p_kept, p_merged)) THEN
        RETURN 0;
    END IF;
    SELECT -e.points INTO v_moved FROM points_entry e
    WHERE e.member_id = p_merged AND e.key = 'merge:' || p_merge;
    SELECT array_agg(l.entry_id), array_agg(l.origin_id) INTO v_lots, v_origins
    FROM points_entry e JOIN points_lot l ON l.entry_id = e.id
    WHERE e.member_id = p_kept AND e.source_id = p_merge;
    IF v_moved IS NULL AND v_lots IS NULL THEN RETURN 0; END IF;
    PERFORM points_let_go(r.id, 'RELEASED', p_now, p_now)
    FROM (SELECT r.id FROM points_reservation r
        WHERE r.member_id = p_kept AND r.outcome = 'HELD' ORDER BY r.id) r;

    IF v_lots IS NOT NULL THEN
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
        IF v_total > 0 THEN
            -- From the moved lots themselves, whatever of the kept one's expires sooner.
            PERFORM points_move_out(
                p_kept, v_total, v_origins, v_key, p_merge, p_now);
        END IF;
    END IF;
    IF v_moved < 0 THEN
        SELECT e.id INTO v_debt FROM points_entry e
        WHERE e.member_id = p_kept AND e.key = 'merge:' || p_merge || ':debt';
        -- What nothing has paid yet first: it ends as much of the debt.
        FOR v_back IN
            SELECT w.is_open, w.origin_id, w.active_from, w.expires_at,
                sum(w.points)::integer AS points
            FROM points_what_paid(v_debt, -v_moved) w
            GROUP BY w.is_open, w.origin_id, w.active_from, w.expires_at
            ORDER BY w.is_open DESC, w.expires_at NULLS LAST, w.origin_id
        LOOP
            IF NOT v_back.is_open THEN
                v_place := v_place + 1;
            END IF;
            PERFORM points_move_in(p_kept, v_back.points,
                COALESCE(v_back.active_from, p_now), v_back.expires_at,
                v_back.origin_id, v_key || ':debt:' || v_place, p_merge, p_now);
        END LOOP;
        PERFORM points_move_out(p_merged, -v_moved, NULL, v_key, p_merge, p_now);
        v_total := v_total + v_moved;
    END IF;
    -- A lot that came back may have passed its day meanwhile.
    PERFORM points_settle(ARRAY[p_kept, p_merged], p_now);
    RETURN v_total;
END $$;

-- GIVING BACK

-- Gives points of a use back to the very lots it took them from, the last taken first:
-- after using a hundred and getting back forty it is as if sixty had been used. Debts
-- are paid first, as by any earning. A lot that has lapsed meanwhile lapses again at
-- once, for using points and undoing it makes them no younger; with `p_good_until` its
-- points come as a lot of their own that lasts until then. A member who was merged
-- since has nothing: the points go on to who was kept, as the merge would have moved
-- them. `p_member` is either of them.
CREATE FUNCTION points_restore(
    p_member bigint, p_entry bigint, p_points integer, p_at timestamptz,
    p_posted_at timestamptz, p_key text, p_source_type text, p_source_id uuid,
    p_reason text, p_public_id uuid, p_good_until timestamptz DEFAULT NULL,
    OUT entry_id bigint, OUT balance_after integer, OUT is_replay boolean
) LANGUAGE plpgsql AS $$
DECLARE
    v_spend points_entry;
    v_members bigint[];
    v_account points_account;
    v_done integer;
    v_fresh integer;
    v_paid integer;
    v_merge record;
    v_from bigint;
BEGIN
    SELECT * INTO v_spend FROM points_entry e
    WHERE e.id = p_entry AND e.kind = 'SPEND';
    IF NOT FOUND THEN
        RAISE EXCEPTION 'nothing was used by this entry' USING ERRCODE = 'SKP06';
    END IF;
    SELECT e.id, e.balance_after, true INTO entry_id, balance_after, is_replay
    FROM points_entry e WHERE e.member_id = v_spend.member_id AND e.key = p_key;
    IF FOUND THEN RETURN; END IF;
    is_replay := false;

    -- Whose they are now; a merge of any of them waits from here on.
    LOOP
        WITH RECURSIVE later AS (
            SELECT v_spend.member_id AS id
            UNION SELECT g.kept_id FROM later
            JOIN members_merge g ON g.merged_id = later.id AND g.undone_at IS NULL
        )
        SELECT array_agg(later.id) INTO v_members FROM later;
        PERFORM points_settle(v_members, p_posted_at);
        EXIT WHEN NOT EXISTS (
            SELECT FROM members_merge g
            WHERE g.merged_id = ANY (v_members) AND g.undone_at IS NULL
                AND g.kept_id <> ALL (v_members));
    END LOOP;
    IF p_member <> ALL (v_members) THEN
        RAISE EXCEPTION 'another member used these points' USING ERRCODE = 'SKP06';
    END IF;
    SELECT e.id, e.balance_after, true INTO entry_id, balance_after, is_replay
    FROM points_entry e WHERE e.member_id = v_spend.member_id AND e.key = p_key;
    IF FOUND THEN RETURN; END IF;
    is_replay := false;
    SELECT COALESCE(sum(e.points), 0) INTO v_done FROM points_entry e
    WHERE e.reverses_id = p_entry AND e.kind = 'RESTORE';
    IF v_done + p_points > -v_spend.points THEN
        RAISE EXCEPTION 'more than was used' USING ERRCODE = 'SKP06';
    END IF;

    SELECT * INTO v_account FROM points_account a
    WHERE a.member_id = v_spend.member_id;
    v_paid := LEAST(v_account.owed, p_points);
    UPDATE points_account a SET
        balance = a.balance + p_points,
        owed = a.owed - v_paid,
        entries = a.entries + 1,
        changed_at = GREATEST(a.changed_at, p_posted_at)
    WHERE a.member_id = v_spend.member_id
    RETURNING a.balance INTO balance_after;
    INSERT INTO points_entry
        (public_id, member_id, kind, points, balance_after, at, posted_at, key,
         reverses_id, source_type, source_id, reason)
    VALUES (p_public_id, v_spend.member_id, 'RESTORE', p_points, balance_after, p_at,
        p_posted_at, p_key, p_entry, p_source_type, p_source_id, p_reason)
    RETURNING id INTO entry_id;
    WITH used AS (
        SELECT l.entry_id AS lot_id, l.expires_at, u.points, sum(u.points) OVER (
            ORDER BY l.expires_at DESC NULLS FIRST, l.entry_id DESC) AS upto
        FROM points_lotuse u JOIN points_lot l ON l.entry_id = u.lot_id
        WHERE u.entry_id = p_entry
    ), back AS (
        SELECT s.lot_id, (LEAST(s.upto, v_done + p_points)
            - GREATEST(s.upto - s.points, v_done))::integer AS points,
            (s.expires_at <= p_posted_at AND p_good_until IS NOT NULL) IS TRUE
                AS is_fresh
        FROM used s
        WHERE LEAST(s.upto, v_done + p_points) > GREATEST(s.upto - s.points, v_done)
    ), raised AS (
        UPDATE points_lot l SET remaining = l.remaining + b.points
        FROM back b WHERE l.entry_id = b.lot_id AND NOT b.is_fresh
    ), unused AS (
        INSERT INTO points_lotuse (member_id, entry_id, lot_id, points)
        SELECT v_spend.member_id, points_restore.entry_id, b.lot_id, -b.points
        FROM back b WHERE NOT b.is_fresh
    )
    SELECT COALESCE(sum(b.points) FILTER (WHERE b.is_fresh), 0) INTO v_fresh
    FROM back b;
    IF v_fresh > 0 THEN
        INSERT INTO points_lot
            (entry_id, member_id, points, remaining, active_from, expires_at)
        VALUES (entry_id, v_spend.member_id, v_fresh, v_fresh, p_at, p_good_until);
    END IF;
    IF v_paid > 0 THEN
        PERFORM points_pay_from_lots(v_spend.member_id, v_paid, v_account.reserved);
    END IF;
    PERFORM points_lapse(
        ARRAY[v_spend.member_id], p_posted_at, p_at, p_posted_at, NULL);

    v_from := v_spend.member_id;
    LOOP
        SELECT g.kept_id, g.public_id INTO v_merge FROM members_merge g
        WHERE g.merged_id = v_from AND g.undone_at IS NULL;
        EXIT WHEN NOT FOUND;
        PERFORM points_move_lots(v_from, v_merge.kept_id,
            'merge:' || v_merge.public_id || ':' || entry_id, v_merge.public_id,
            p_posted_at);
        v_from := v_merge.kept_id;
        EXIT WHEN v_from = v_members[cardinality(v_members)];
    END LOOP;
END $$;

-- READING

-- What a member has at this moment, also what the run that posts it has not come by
-- for yet: of a balance what can be used, waits and is reserved. `usable` is below zero
-- when the member owes, and by as much.
CREATE FUNCTION points_parts(
    p_member bigint, p_now timestamptz,
    OUT balance integer, OUT usable integer, OUT pending integer, OUT reserved integer
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_passed integer := 0;
    v_waiting integer := 0;
BEGIN
    SELECT a.balance, a.pending, a.reserved INTO balance, pending, reserved
    FROM points_account a WHERE a.member_id = p_member;
    IF NOT FOUND THEN
        balance := 0; usable := 0; pending := 0; reserved := 0;
        RETURN;
    END IF;
    IF reserved > 0 THEN
        SELECT COALESCE(sum(r.points), 0) INTO reserved FROM points_reservation r
        WHERE r.member_id = p_member AND r.outcome = 'HELD' AND r.expires_at > p_now;
    END IF;
    IF pending > 0 THEN
        SELECT COALESCE(sum(l.remaining), 0),
            COALESCE(sum(l.remaining) FILTER (WHERE l.expires_at <= p_now), 0)
        INTO v_waiting, v_passed FROM points_lot l
        WHERE l.member_id = p_member AND l.remaining > 0 AND l.is_pending
            AND l.active_from > p_now;
        pending := v_waiting - v_passed;
        balance := balance - v_passed;
    END IF;
    SELECT COALESCE(sum(l.remaining), 0) INTO v_passed FROM points_lot l
    WHERE l.member_id = p_member AND l.remaining > 0 AND l.expires_at <= p_now
        AND (NOT l.is_pending OR l.active_from <= p_now);
    -- What has passed its day while it is reserved has not lapsed.
    balance := balance - GREATEST(v_passed - reserved, 0);
    usable := balance - pending - reserved;
END $$;

-- GUARDS

-- Of a lot only what is left of it changes, and once whether it waits; its size and
-- its days are those of the entry. Only where points lapse when a member stays away
-- does another purchase keep them longer.
CREATE TRIGGER lot_terms_never_change
BEFORE UPDATE OF entry_id, member_id, points, active_from ON points_lot
FOR EACH ROW EXECUTE FUNCTION common_refuse_change();
CREATE TRIGGER lot_lapses_no_sooner BEFORE UPDATE OF expires_at ON points_lot
FOR EACH ROW WHEN (NEW.expires_at IS DISTINCT FROM OLD.expires_at
    AND (NEW.expires_at > OLD.expires_at) IS NOT TRUE)
EXECUTE FUNCTION common_refuse_change();
CREATE TRIGGER lot_waits_once BEFORE UPDATE OF is_pending ON points_lot
FOR EACH ROW WHEN (NEW.is_pending AND NOT OLD.is_pending)
EXECUTE FUNCTION common_refuse_change();
CREATE TRIGGER lot_origin_never_changes BEFORE UPDATE OF origin_id ON points_lot
FOR EACH ROW WHEN (NEW.origin_id IS NOT NULL)
EXECUTE FUNCTION common_refuse_change();
CREATE TRIGGER lot_kept BEFORE DELETE ON points_lot
FOR EACH ROW WHEN (NOT consent_is_long_erased(OLD.member_id, '5 years'))
EXECUTE FUNCTION common_refuse_change();
CREATE TRIGGER lot_never_emptied BEFORE TRUNCATE ON points_lot
FOR EACH STATEMENT EXECUTE FUNCTION common_refuse_change();

CREATE TRIGGER reservation_terms_never_change
BEFORE UPDATE OF id, public_id, points, key, reserved_at, expires_at
ON points_reservation FOR EACH ROW EXECUTE FUNCTION common_refuse_change();
-- Ended is ended; a merge alone takes it over, in its own transaction.
CREATE TRIGGER reservation_ends_once BEFORE UPDATE ON points_reservation
FOR EACH ROW WHEN (OLD.outcome <> 'HELD' AND (
    NEW.outcome <> 'HELD' OR NEW.member_id = OLD.member_id))
EXECUTE FUNCTION common_refuse_change();
CREATE TRIGGER reservation_kept BEFORE DELETE ON points_reservation
FOR EACH ROW WHEN (NOT consent_is_long_erased(OLD.member_id, '5 years'))
EXECUTE FUNCTION common_refuse_change();
CREATE TRIGGER reservation_never_emptied BEFORE TRUNCATE ON points_reservation
FOR EACH STATEMENT EXECUTE FUNCTION common_refuse_change();
"""

# What is dropped here or changed, and the migration that says how it was.
_BEFORE = {
    "points_expire": "0002_ledger_functions",
    "points_take_from_lots": "0003_merging",
    "points_expire_members": "0003_merging",
    "points_post": "0003_merging",
    "points_move_out": "0003_merging",
    "points_move_in": "0003_merging",
    "points_merge": "0003_merging",
    "points_unmerge": "0007_debts_come_back_with_days",
}


def _as_before() -> str:
    """Return the functions that this migration changes, as they were."""
    found = []
    for name, migration in _BEFORE.items():
        text = import_module(f"points.migrations.{migration}").FORWARDS
        match = re.search(
            rf"CREATE (?:OR REPLACE )?(FUNCTION {name}\(.*?END \$\$;)", text, re.DOTALL
        )
        if match:
            found.append(f"CREATE OR REPLACE {match[1]}")
    return "\n".join(found)


BACKWARDS = f"""
DROP TRIGGER reservation_never_emptied ON points_reservation;
DROP TRIGGER reservation_kept ON points_reservation;
DROP TRIGGER reservation_ends_once ON points_reservation;
DROP TRIGGER reservation_terms_never_change ON points_reservation;
DROP TRIGGER lot_never_emptied ON points_lot;
DROP TRIGGER lot_kept ON points_lot;
DROP TRIGGER lot_origin_never_changes ON points_lot;
DROP TRIGGER lot_waits_once ON points_lot;
DROP TRIGGER lot_lapses_no_sooner ON points_lot;
DROP TRIGGER lot_terms_never_change ON points_lot;
DROP FUNCTION points_parts(bigint, timestamptz);
DROP FUNCTION points_restore(
    bigint, bigint, integer, timestamptz, timestamptz, text, text, uuid, text, uuid,
    timestamptz);
DROP FUNCTION points_take_over(bigint, bigint, timestamptz);
DROP FUNCTION points_move_lots(bigint, bigint, text, uuid, timestamptz);
DROP FUNCTION points_move_in(
    bigint, integer, timestamptz, timestamptz, bigint, text, uuid, timestamptz);
DROP FUNCTION points_move_out(bigint, integer, bigint[], text, uuid, timestamptz);
DROP FUNCTION points_capture(
    uuid, integer, timestamptz, timestamptz, text, text, uuid, text, uuid);
DROP FUNCTION points_release(uuid, timestamptz);
DROP FUNCTION points_lock_reservation(uuid, timestamptz);
DROP FUNCTION points_reserve(bigint, integer, text, timestamptz, timestamptz, uuid);
DROP FUNCTION points_post(
    bigint, text, integer, timestamptz, timestamptz, text, bigint, text, uuid, text,
    uuid, timestamptz, bigint, timestamptz);
DROP FUNCTION points_reverse(
    bigint, integer, timestamptz, timestamptz, text, bigint, text, uuid, uuid, bigint,
    text);
DROP FUNCTION points_settle(bigint[], timestamptz, bigint);
DROP FUNCTION points_let_go(bigint, text, timestamptz, timestamptz);
DROP FUNCTION points_lapse(
    bigint[], timestamptz, timestamptz, timestamptz, bigint);
DROP FUNCTION points_activate(bigint[], timestamptz, timestamptz);
DROP FUNCTION points_lower(
    bigint, text, integer, timestamptz, timestamptz, text, bigint, text, uuid, text,
    uuid, bigint, bigint[]);
DROP FUNCTION points_raise(
    bigint, text, integer, timestamptz, timestamptz, text, bigint, text, uuid, text,
    uuid, timestamptz, timestamptz, boolean, bigint);
DROP FUNCTION points_pay_from_lots(bigint, integer, integer);
DROP FUNCTION points_take_from_lots(
    bigint, bigint, integer, integer, bigint, bigint[]);
{_as_before()}
"""


class Migration(migrations.Migration):
    """Points that wait, are reserved, and come back."""

    dependencies = [
        ("points", "0010_programme_in_versions"),
        ("members", "0005_identifiers_follow"),
        ("consent", "0012_runs_wait_for_a_person"),
    ]

    operations = [
        migrations.CreateModel(
            name="Reservation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "public_id",
                    models.UUIDField(
                        default=common.ids.uuid7, editable=False, unique=True
                    ),
                ),
                ("points", models.IntegerField()),
                ("key", models.CharField(max_length=96)),
                ("reserved_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("HELD", "Held"),
                            ("CAPTURED", "Used"),
                            ("RELEASED", "Let go"),
                            ("LAPSED", "Timed out"),
                        ],
                        default="HELD",
                        max_length=8,
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="members.member",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("outcome", "HELD")),
                        fields=["member", "expires_at"],
                        name="reservation_held",
                    ),
                    models.Index(
                        condition=models.Q(("outcome", "HELD")),
                        fields=["expires_at"],
                        name="reservation_held_by_end",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("member", "key"),
                        name="reservation_key_once_per_member",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("points__gt", 0),
                            ("expires_at__gt", models.F("reserved_at")),
                        ),
                        name="reservation_holds_something",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("outcome", "HELD")),
                            models.Q(
                                models.Q(("outcome", "HELD"), _negated=True),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="reservation_ends_once",
                    ),
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name="lotuse", name="lotuse_once_per_entry"
        ),
        migrations.AddIndex(
            model_name="lotuse",
            index=models.Index(fields=["entry", "lot"], name="lotuse_by_entry"),
        ),
        migrations.AddField(
            model_name="account",
            name="owed",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.RunSQL(OWED, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("owed__gte", 0),
                    (
                        "balance__gte",
                        models.F("pending") + models.F("reserved") - models.F("owed"),
                    ),
                ),
                name="account_lots_cover_the_parts",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("owed", 0),
                    models.Q(
                        ("balance", models.F("reserved") - models.F("owed")),
                        ("pending", 0),
                    ),
                    _connector="OR",
                ),
                name="account_owes_only_when_empty",
            ),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_pending", False), ("remaining__gt", 0), _connector="OR"
                ),
                name="lot_waits_only_with_points",
            ),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
