import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.ids

# HOW THE TIERS ARE REVIEWED. The rules in words and in Python: points.tiers.rules; a
# test holds this to them. Days are those of the programme's zone.

_DAYS = """
-- The first day of the window that a day is in, and its last. A rolling window is the
-- twelve months that end on the day.
CREATE FUNCTION points_tier_begins(p_span text, p_day date, p_joined date)
RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_span
        WHEN 'rolling' THEN ((p_day + 1) - interval '12 months')::date
        WHEN 'calendar' THEN date_trunc('year', p_day)::date
        ELSE (p_joined + points_tier_year(p_day, p_joined) * interval '1 year')::date
    END
$$;

CREATE FUNCTION points_tier_ends(p_span text, p_day date, p_joined date)
RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_span
        WHEN 'rolling' THEN p_day
        WHEN 'calendar' THEN (date_trunc('year', p_day) + interval '1 year')::date - 1
        ELSE (p_joined
            + (points_tier_year(p_day, p_joined) + 1) * interval '1 year')::date - 1
    END
$$;

-- The last day of the window after it: until when a level holds that is reached now.
CREATE FUNCTION points_tier_until(p_span text, p_day date, p_joined date)
RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_span
        WHEN 'rolling' THEN ((p_day + 1) + interval '12 months')::date - 1
        WHEN 'calendar' THEN (date_trunc('year', p_day) + interval '2 years')::date - 1
        ELSE (p_joined
            + (points_tier_year(p_day, p_joined) + 2) * interval '1 year')::date - 1
    END
$$;
"""
_YEAR = """
-- Which membership year a day is in; the first is 0. Who joined on 29 February has
-- their day on the 28th where there is none.
CREATE FUNCTION points_tier_year(p_day date, p_joined date)
RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT y.years - (p_day < (p_joined + y.years * interval '1 year')::date)::integer
    FROM (SELECT (extract(year FROM p_day) - extract(year FROM p_joined))::integer
        AS years) y
$$;
"""
_LADDER = """
-- The ladder of the version in force. `keys` from the lowest tier up, and null without
-- a ladder; `needs` and `keeps` from the second one up, for the lowest needs nothing.
CREATE FUNCTION points_ladder(
    p_programme bigint, p_at timestamptz,
    OUT rule bigint, OUT keys text[], OUT names jsonb[], OUT needs numeric[],
    OUT keeps numeric[], OUT measure text, OUT span text, OUT grace integer,
    OUT is_soft boolean, OUT zone text
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_ladder jsonb;
BEGIN
    SELECT r.id, r.terms -> 'ladder', s.time_zone INTO rule, v_ladder, zone
    FROM points_earningrule r JOIN stores_programme s ON s.id = r.programme_id
    WHERE r.programme_id = p_programme AND r.status = 'PUBLISHED'
        AND r.starts_at <= p_at
    ORDER BY r.starts_at DESC LIMIT 1;
    measure := COALESCE(v_ladder ->> 'measure', 'spend');
    span := COALESCE(v_ladder ->> 'window', 'rolling');
    grace := COALESCE((v_ladder ->> 'grace_days')::integer, 30);
    is_soft := COALESCE((v_ladder ->> 'soft_landing')::boolean, true);
    SELECT array_agg(t.tier ->> 'key' ORDER BY t.place),
        array_agg(t.tier -> 'names' ORDER BY t.place),
        COALESCE(array_agg((t.tier ->> 'needs')::numeric ORDER BY t.place)
            FILTER (WHERE t.place > 1), '{}'),
        -- To stay never asks for more than to rise does.
        COALESCE(array_agg(LEAST((t.tier ->> 'keeps')::numeric,
            (t.tier ->> 'needs')::numeric) ORDER BY t.place)
            FILTER (WHERE t.place > 1), '{}')
    INTO keys, names, needs, keeps
    FROM jsonb_array_elements(v_ladder -> 'tiers') WITH ORDINALITY t(tier, place);
END $$;

-- The place of a tier in a ladder; one that is gone counts as the nearest lower one of
-- the version that it was had by.
CREATE FUNCTION points_tier_rank(p_keys text[], p_key text, p_rule bigint)
RETURNS integer LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_place integer := array_position(p_keys, p_key);
BEGIN
    IF v_place IS NOT NULL THEN RETURN v_place - 1; END IF;
    SELECT array_position(p_keys, low.tier ->> 'key') INTO v_place
    FROM points_earningrule r
    CROSS JOIN LATERAL jsonb_array_elements(r.terms -> 'ladder' -> 'tiers')
        WITH ORDINALITY own(tier, place)
    CROSS JOIN LATERAL jsonb_array_elements(r.terms -> 'ladder' -> 'tiers')
        WITH ORDINALITY low(tier, place)
    WHERE r.id = p_rule AND own.tier ->> 'key' = p_key AND low.place < own.place
        AND low.tier ->> 'key' = ANY (p_keys)
    ORDER BY low.place DESC LIMIT 1;
    RETURN COALESCE(v_place, 1) - 1;
END $$;

-- A member's tier at a moment, by the version in force then; null without a ladder.
CREATE FUNCTION points_tier_key(p_member bigint, p_at timestamptz)
RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_keys text[];
    v_key text;
    v_rule bigint;
BEGIN
    SELECT l.keys INTO v_keys
    FROM members_member m CROSS JOIN LATERAL points_ladder(m.programme_id, p_at) l
    WHERE m.id = p_member;
    IF v_keys IS NULL THEN RETURN NULL; END IF;
    SELECT p.key, p.rule_id INTO v_key, v_rule FROM points_tierperiod p
    WHERE p.member_id = p_member AND p.starts_at <= p_at
        AND (p.ends_at IS NULL OR p.ends_at > p_at)
    ORDER BY p.starts_at DESC LIMIT 1;
    IF NOT FOUND THEN RETURN v_keys[1]; END IF;
    RETURN v_keys[points_tier_rank(v_keys, v_key, v_rule) + 1];
END $$;
"""

# One text for the review of one member and of all, so that they cannot differ: only
# where the windows and the members come from does. `{now_*}` is the window of today,
# `{back_*}` another one whose level would still hold.
_REVIEW = """
    WITH sums AS (
        SELECT a.member_id,
            COALESCE(sum({value}) FILTER (
                WHERE a."on" BETWEEN {now_begins} AND {now_ends}), 0) AS now_sum,
            COALESCE(sum({value}) FILTER (
                WHERE a."on" BETWEEN {back_begins} AND {back_ends}), 0) AS back_sum
        FROM points_activity a {windows}
        WHERE {whose_activity}
            AND a."on" BETWEEN LEAST({now_begins}, {back_begins}) AND {now_ends}
        GROUP BY a.member_id
    ), had AS (
        SELECT p.id, p.member_id, p.starts_at, p.cause, p.key AS shown_key,
            p.rule_id AS shown_rule,
            p.rank::integer AS shown_rank, p.holds_until AS shown_until,
            CASE WHEN p.cause = 'GRANTED' THEN points_tier_rank(
                l.keys, p.below_key, p.rule_id) ELSE p.rank END AS rank,
            CASE WHEN p.cause = 'GRANTED' THEN p.below_until
                ELSE p.holds_until END AS until
        FROM points_tierperiod p
        WHERE p.ends_at IS NULL AND {whose_period}
    ), levels AS (
        SELECT COALESCE(s.member_id, h.member_id) AS member_id, h.id AS period_id,
            h.starts_at, h.shown_key, h.shown_rule, h.shown_until,
            h.cause IS NOT DISTINCT FROM 'GRANTED' AS is_granted,
            COALESCE(h.shown_rank, 0) AS shown_rank,
            COALESCE(h.rank, 0) AS rank, h.until,
            COALESCE(s.now_sum, 0) AS now_sum, COALESCE(s.back_sum, 0) AS back_sum,
            width_bucket(COALESCE(s.now_sum, 0), l.needs) AS now_rank,
            width_bucket(COALESCE(s.back_sum, 0), l.needs) AS back_rank
        FROM sums s FULL JOIN had h ON h.member_id = s.member_id
    ), earned AS (
        SELECT v.*, j.joined, GREATEST(v.now_rank, v.back_rank) AS up_rank,
            CASE WHEN v.now_rank >= v.back_rank THEN v.now_sum
                ELSE v.back_sum END AS up_sum,
            CASE WHEN v.now_rank >= v.back_rank
                THEN points_tier_until(l.span, v_day, j.joined)
                ELSE points_tier_until(l.span, {back_day}, j.joined) END AS up_until,
            CASE WHEN v.now_rank >= v.back_rank THEN v_day ELSE {back_day} END AS up_to,
            v.rank > 0 AND v_day > v.until AS is_due,
            v.is_granted AND v_day > v.shown_until AS is_over,
            kept.total AS kept_sum
        FROM levels v
        JOIN members_member m ON m.id = v.member_id
            AND m.programme_id = v_programme AND m.status NOT IN ('MERGED', 'ERASED')
        CROSS JOIN LATERAL (
            SELECT (m.registered_at AT TIME ZONE l.zone)::date AS joined) j
        -- What was done in the window that the level held for, and in the grace days.
        LEFT JOIN LATERAL (
            SELECT COALESCE(sum({value}), 0) AS total FROM points_activity a
            WHERE v.rank > 0 AND v_day > v.until AND a.member_id = v.member_id
                AND a."on" BETWEEN points_tier_begins(l.span, v.until, j.joined)
                    AND LEAST(v_day, v.until + l.grace)) kept ON true
        WHERE GREATEST(v.now_rank, v.back_rank) > v.rank
            OR v.rank > 0 AND v_day > v.until
            OR v.is_granted AND v_day > v.shown_until
    ), found AS (
        SELECT e.*,
            CASE
                WHEN e.up_rank > e.rank THEN 'REACHED'
                WHEN NOT e.is_due THEN NULL
                WHEN e.kept_sum >= l.keeps[e.rank] OR e.up_rank >= e.rank THEN 'KEPT'
                WHEN v_day > e.until + l.grace THEN 'LANDED'
            END AS what
        FROM earned e
    ), settled AS (
        SELECT f.*, n.next_rank,
            CASE
                WHEN f.what IS NULL THEN f.until
                WHEN n.next_rank = 0 THEN NULL
                WHEN f.what = 'REACHED' THEN f.up_until
                WHEN f.what = 'KEPT' AND f.kept_sum < l.keeps[f.rank] THEN f.up_until
                ELSE points_tier_until(l.span, f.until, f.joined)
            END AS next_until,
            CASE WHEN f.what IN ('KEPT', 'LANDED') THEN f.kept_sum
                ELSE f.up_sum END AS counted,
            points_tier_begins(l.span, CASE WHEN f.what IN ('KEPT', 'LANDED')
                THEN f.until ELSE f.up_to END, f.joined) AS counted_from,
            CASE WHEN f.what IN ('KEPT', 'LANDED')
                THEN LEAST(v_day, f.until + l.grace) ELSE f.up_to END AS counted_to
        FROM found f
        CROSS JOIN LATERAL (
            SELECT CASE f.what
                WHEN 'REACHED' THEN f.up_rank
                WHEN 'LANDED' THEN CASE WHEN l.is_soft THEN f.rank - 1
                    ELSE (SELECT GREATEST(COALESCE(max(i), 0), f.up_rank)
                        FROM generate_subscripts(l.keeps, 1) i
                        WHERE i < f.rank AND l.keeps[i] <= f.kept_sum) END
                ELSE f.rank END AS next_rank) n
    ), decided AS MATERIALIZED (
        SELECT s.*,
            -- A grant that is still in force shows, unless more was reached.
            NOT s.is_granted OR s.is_over OR s.next_rank > s.shown_rank AS is_shown,
            CASE WHEN NOT s.is_granted OR NOT s.is_over THEN s.what
                WHEN s.next_rank >= s.shown_rank THEN 'REACHED'
                ELSE 'ENDED' END AS cause
        FROM settled s
        WHERE {which}
    ), below AS (
        UPDATE points_tierperiod p SET below_key = l.keys[d.next_rank + 1],
            below_until = d.next_until
        FROM decided d WHERE p.id = d.period_id AND NOT d.is_shown
    ), closed AS (
        UPDATE points_tierperiod p SET ends_at = p_now
        FROM decided d
        WHERE p.id = d.period_id AND d.is_shown AND p.ends_at IS NULL
            AND p.starts_at < p_now
        RETURNING d.*
    ), opened AS (
        -- From `closed`, so that each period ends before the next one begins.
        INSERT INTO points_tierperiod (public_id, member_id, key, rank, rule_id,
            starts_at, holds_until, cause, measured, counted_from, counted_to)
        SELECT points_new_id(), c.member_id, l.keys[c.next_rank + 1], c.next_rank,
            l.rule, p_now, c.next_until, c.cause, c.counted, c.counted_from,
            c.counted_to
        FROM (
            SELECT * FROM closed
            UNION ALL SELECT * FROM decided d WHERE d.period_id IS NULL) c
        -- Somebody else was faster; the next review sees to the rest.
        ON CONFLICT DO NOTHING
        RETURNING id, public_id, member_id
    ), rewritten AS (
        -- Of the same moment: nobody had it.
        UPDATE points_tierperiod p SET key = l.keys[d.next_rank + 1],
            rank = d.next_rank, rule_id = l.rule, holds_until = d.next_until,
            cause = d.cause, measured = d.counted, counted_from = d.counted_from,
            counted_to = d.counted_to, below_key = '', below_until = NULL, reason = '',
            granted_by_id = NULL
        FROM decided d
        WHERE p.id = d.period_id AND d.is_shown AND p.ends_at IS NULL
            AND p.starts_at >= p_now
        RETURNING p.id, p.public_id, p.member_id
    ), changed AS (
        SELECT d.member_id, d.cause, o.public_id, d.next_rank, d.next_until,
            CASE
                WHEN d.shown_key IS NULL THEN l.names[1]
                WHEN d.shown_key = ANY (l.keys)
                    THEN l.names[array_position(l.keys, d.shown_key::text)]
                ELSE points_tier_names(d.shown_rule, d.shown_key)
            END AS from_names
        FROM (SELECT * FROM opened UNION ALL SELECT * FROM rewritten) o
        JOIN decided d ON d.member_id = o.member_id
    ), told AS (
        INSERT INTO members_event
            (public_id, member_id, kind, at, recorded_at, data, subject_type,
             subject_id)
        SELECT points_new_id(), c.member_id, 'points.tier_' || CASE c.cause
                WHEN 'REACHED' THEN 'reached' WHEN 'KEPT' THEN 'kept'
                ELSE 'left' END,
            p_now, p_now, jsonb_build_object('key', l.keys[c.next_rank + 1],
                'names', l.names[c.next_rank + 1], 'until', c.next_until,
                'cause', c.cause, 'from', c.from_names),
            'tier', c.public_id
        FROM changed c
    )
    SELECT count(*) FILTER (WHERE c.cause = 'REACHED'),
        count(*) FILTER (WHERE c.cause = 'KEPT'),
        count(*) FILTER (WHERE c.cause IN ('LANDED', 'ENDED'))
    INTO v_reached, v_kept, v_left FROM changed c;
"""
_VALUE = (
    "CASE l.measure WHEN 'spend' THEN a.spend WHEN 'points' THEN a.points"
    " WHEN 'visits' THEN a.visits ELSE a.actions END"
)
_FIXED = {
    "value": _VALUE,
    "windows": "",
    "now_begins": "v_begins",
    "now_ends": "v_day",
    "back_begins": "v_back_begins",
    "back_ends": "v_back",
    "back_day": "v_back",
}
_ONE = _REVIEW.format(
    **_FIXED,
    whose_activity="a.member_id = p_member",
    whose_period="p.member_id = p_member",
    # At the till a tier only rises; the night does the rest.
    which="s.what = 'REACHED' AND s.up_rank > s.shown_rank",
)
_WHICH = "s.what IS NOT NULL OR s.is_over"
_ALL = _REVIEW.format(
    **_FIXED, whose_activity="true", whose_period="true", which=_WHICH
)
# A membership year is everybody's own.
_ALL_JOINED = _REVIEW.format(
    value=_VALUE,
    windows="""
        JOIN (
            SELECT m.id, b.begins,
                points_tier_begins('membership', b.begins - 1, b.joined) AS back
            FROM members_member m
            CROSS JOIN LATERAL (
                SELECT j.joined,
                    points_tier_begins('membership', v_day, j.joined) AS begins
                FROM (SELECT (m.registered_at AT TIME ZONE l.zone)::date AS joined) j
                OFFSET 0) b
            WHERE m.programme_id = v_programme OFFSET 0) w ON w.id = a.member_id""",
    now_begins="w.begins",
    now_ends="v_day",
    back_begins="w.back",
    back_ends="w.begins - 1",
    back_day="points_tier_begins(l.span, v_day, j.joined) - 1",
    whose_activity="a.\"on\" > v_day - interval '25 months'",
    whose_period="true",
    which=_WHICH,
)

_REVIEWS = f"""
-- What a tier is called, by language, in the version that it was had by.
CREATE FUNCTION points_tier_names(p_rule bigint, p_key text)
RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT t -> 'names' FROM points_earningrule r
    CROSS JOIN LATERAL jsonb_array_elements(r.terms -> 'ladder' -> 'tiers') t
    WHERE r.id = p_rule AND t ->> 'key' = p_key
$$;

-- Lets one member rise to what they have reached, by the window of today and the one
-- of the day that something was done on; returns whether they did.
CREATE FUNCTION points_tier_rise(p_member bigint, p_day date, p_now timestamptz)
RETURNS boolean LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    l record;
    v_programme bigint;
    v_registered_at timestamptz;
    v_joined date;
    v_day date;
    v_begins date;
    v_back date;
    v_back_begins date;
    v_reached integer;
    v_kept integer;
    v_left integer;
BEGIN
    SELECT m.programme_id, m.registered_at INTO v_programme, v_registered_at
    FROM members_member m WHERE m.id = p_member;
    SELECT * INTO l FROM points_ladder(v_programme, p_now);
    IF l.keys IS NULL OR cardinality(l.keys) < 2 THEN RETURN false; END IF;
    -- Two receipts at once would each see only their own part of the sum. Who has a
    -- receipt with points holds this lock already.
    PERFORM FROM points_account a WHERE a.member_id = p_member FOR UPDATE;
    v_day := (p_now AT TIME ZONE l.zone)::date;
    v_joined := (v_registered_at AT TIME ZONE l.zone)::date;
    v_begins := points_tier_begins(l.span, v_day, v_joined);
    IF l.span = 'rolling' THEN
        v_back := LEAST(p_day, v_day);
        IF points_tier_until(l.span, v_back, v_joined) < v_day THEN
            v_back := v_day;
        END IF;
    ELSE
        v_back := v_begins - 1;
    END IF;
    v_back_begins := points_tier_begins(l.span, v_back, v_joined);
{_ONE}
    RETURN v_reached > 0;
END $$;

-- Counts what a member did on a day, for the tiers; see Activity. Money and numbers
-- are negative for what came back.
CREATE FUNCTION points_count(
    p_member bigint, p_day date, p_spend numeric, p_visits integer, p_points integer,
    p_actions integer
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO points_activity AS a (member_id, "on", spend, visits, points, actions)
    VALUES (p_member, p_day, p_spend, GREATEST(p_visits, 0), p_points,
        GREATEST(p_actions, 0))
    ON CONFLICT (member_id, "on") DO UPDATE SET
        spend = a.spend + p_spend,
        visits = GREATEST(a.visits + p_visits, 0),
        points = a.points + p_points,
        actions = GREATEST(a.actions + p_actions, 0);
END $$;

-- As `points_count`, for a load of many; nobody is reviewed before the night.
CREATE FUNCTION points_count_many(
    p_members bigint[], p_days date[], p_spend numeric[], p_visits integer[],
    p_points integer[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO points_activity AS a (member_id, "on", spend, visits, points, actions)
    SELECT t.member_id, t.day, sum(t.spend), GREATEST(sum(t.visits), 0), sum(t.points),
        0
    FROM unnest(p_members, p_days, p_spend, p_visits, p_points)
        t(member_id, day, spend, visits, points)
    GROUP BY t.member_id, t.day
    -- In one order, so that two loads cannot wait for each other.
    ORDER BY t.member_id, t.day
    ON CONFLICT (member_id, "on") DO UPDATE SET
        spend = a.spend + EXCLUDED.spend,
        visits = GREATEST(a.visits + EXCLUDED.visits, 0),
        points = a.points + EXCLUDED.points;
END $$;

-- Counts a receipt, or a return, and lets the member rise when it is enough. A return
-- takes no tier away: that is for its review.
CREATE FUNCTION points_after_receipt(
    p_member bigint, p_day date, p_spend numeric, p_visits integer, p_points integer,
    p_at timestamptz, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM points_count(p_member, p_day, p_spend, p_visits, p_points, 0);
    IF p_spend > 0 OR p_visits > 0 OR p_points > 0 THEN
        PERFORM points_tier_rise(p_member, p_day, p_now);
    END IF;
END $$;

-- Brings the open periods into the ladder in force: a tier that is gone becomes the
-- nearest lower one, one that has another place gets it. Returns how many moved.
CREATE FUNCTION points_tiers_move(p_programme bigint, p_now timestamptz)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    l record;
    v_moved integer;
BEGIN
    SELECT * INTO l FROM points_ladder(p_programme, p_now);
    IF l.keys IS NULL THEN RETURN 0; END IF;
    UPDATE points_tierperiod p SET rank = array_position(l.keys, p.key::text) - 1
    FROM members_member m
    WHERE m.id = p.member_id AND m.programme_id = p_programme AND p.ends_at IS NULL
        AND p.key = ANY (l.keys)
        AND p.rank <> array_position(l.keys, p.key::text) - 1
        -- Who comes to have the place of the lowest loses nothing by it.
        AND (p.holds_until IS NOT NULL OR array_position(l.keys, p.key::text) = 1);
    WITH gone AS MATERIALIZED (
        SELECT p.id, p.member_id, p.starts_at, p.holds_until, p.measured, p.cause,
            p.counted_from, p.counted_to, p.below_key, p.below_until, p.reason,
            p.granted_by_id, p.rule_id, p.key,
            -- Who had the lowest without ever earning it has the one that is lowest now.
            CASE WHEN p.rank = 0 AND p.holds_until IS NULL THEN 0
                ELSE points_tier_rank(l.keys, p.key, p.rule_id) END AS next_rank
        FROM points_tierperiod p JOIN members_member m ON m.id = p.member_id
        WHERE m.programme_id = p_programme AND p.ends_at IS NULL
            AND m.status NOT IN ('MERGED', 'ERASED')
            AND (NOT (p.key = ANY (l.keys) AND (p.cause <> 'GRANTED'
                OR p.below_key = ANY (l.keys)))
                OR p.rank = 0 AND p.holds_until IS NULL AND p.key <> l.keys[1])
    ), closed AS (
        UPDATE points_tierperiod p SET ends_at = p_now FROM gone g
        WHERE p.id = g.id AND p.ends_at IS NULL AND p.starts_at < p_now
        RETURNING g.*
    ), opened AS (
        INSERT INTO points_tierperiod (public_id, member_id, key, rank, rule_id,
            starts_at, holds_until, cause, measured, counted_from, counted_to,
            below_key, below_until, reason, granted_by_id)
        SELECT points_new_id(), c.member_id, l.keys[c.next_rank + 1], c.next_rank,
            l.rule, p_now,
            CASE WHEN c.next_rank > 0 OR c.cause = 'GRANTED' THEN c.holds_until END,
            CASE c.cause WHEN 'GRANTED' THEN 'GRANTED' ELSE 'MOVED' END, c.measured,
            c.counted_from, c.counted_to,
            CASE c.cause WHEN 'GRANTED' THEN l.keys[points_tier_rank(
                l.keys, c.below_key, c.rule_id) + 1] ELSE '' END,
            c.below_until, c.reason, c.granted_by_id
        FROM closed c
        RETURNING public_id, member_id, key, holds_until
    ), told AS (
        INSERT INTO members_event
            (public_id, member_id, kind, at, recorded_at, data, subject_type,
             subject_id)
        SELECT points_new_id(), o.member_id, 'points.tier_left', p_now, p_now,
            jsonb_build_object('key', o.key, 'names',
                l.names[array_position(l.keys, o.key::text)], 'until', o.holds_until,
                'cause', 'MOVED', 'from', points_tier_names(g.rule_id, g.key)),
            'tier', o.public_id
        FROM opened o JOIN gone g ON g.member_id = o.member_id
        WHERE g.key <> o.key
    )
    SELECT count(*) INTO v_moved FROM opened;
    RETURN v_moved;
END $$;

-- Reviews all members of a programme on the day of a moment; writes only what changes.
CREATE FUNCTION points_tiers_settle(
    p_programme bigint, p_now timestamptz,
    OUT reached integer, OUT kept integer, OUT gone integer
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    l record;
    v_programme bigint := p_programme;
    v_day date;
    v_begins date;
    v_back date;
    v_back_begins date;
    v_reached integer;
    v_kept integer;
    v_left integer;
BEGIN
    reached := 0;
    kept := 0;
    gone := 0;
    SELECT * INTO l FROM points_ladder(p_programme, p_now);
    IF l.keys IS NULL THEN RETURN; END IF;
    gone := points_tiers_move(p_programme, p_now);
    v_day := (p_now AT TIME ZONE l.zone)::date;
    IF l.span <> 'membership' THEN
        v_begins := points_tier_begins(l.span, v_day, NULL);
        -- The year before holds until the end of this one: receipts can come late.
        v_back := CASE l.span WHEN 'rolling' THEN v_day ELSE v_begins - 1 END;
        v_back_begins := points_tier_begins(l.span, v_back, NULL);
    END IF;
    -- Once more where a level ended that long ago that the next one has, too.
    LOOP
        IF l.span = 'membership' THEN
{_ALL_JOINED}
        ELSE
{_ALL}
        END IF;
        reached := reached + v_reached;
        kept := kept + v_kept;
        gone := gone + v_left;
        EXIT WHEN NOT EXISTS (
            SELECT FROM points_tierperiod p JOIN members_member m ON m.id = p.member_id
            WHERE p.ends_at IS NULL AND p.starts_at = p_now
                AND m.programme_id = p_programme AND p.rank > 0
                AND p.holds_until + l.grace < v_day);
    END LOOP;
END $$;
"""
_MERGING = """
-- What a member's tier is made of: the level that was earned and until when it holds,
-- and a grant above it, if any. Without an open period, the lowest tier.
CREATE FUNCTION points_tier_standing(
    p_member bigint, p_keys text[],
    OUT period points_tierperiod, OUT rank integer, OUT key text, OUT until date,
    OUT is_granted boolean
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT * INTO period FROM points_tierperiod p
    WHERE p.member_id = p_member AND p.ends_at IS NULL;
    is_granted := period.cause IS NOT DISTINCT FROM 'GRANTED';
    key := COALESCE(CASE WHEN is_granted THEN period.below_key ELSE period.key END,
        p_keys[1]);
    until := CASE WHEN is_granted THEN period.below_until ELSE period.holds_until END;
    rank := CASE WHEN is_granted THEN points_tier_rank(p_keys, key, period.rule_id)
        ELSE COALESCE(period.rank, 0) END;
END $$;

-- Ends an open period and begins another like a given one; returns the new one's key.
CREATE FUNCTION points_tier_replace(
    p_member bigint, p_open bigint, p_next points_tierperiod, p_now timestamptz
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_from timestamptz := p_now;
BEGIN
    -- A period of the same moment is let go: nobody had it.
    DELETE FROM points_tierperiod p WHERE p.id = p_open AND p.starts_at >= p_now
    RETURNING p.starts_at INTO v_from;
    UPDATE points_tierperiod p SET ends_at = p_now WHERE p.id = p_open;
    p_next.id := nextval(pg_get_serial_sequence('points_tierperiod', 'id'));
    p_next.public_id := points_new_id();
    p_next.member_id := p_member;
    p_next.starts_at := GREATEST(p_now, COALESCE(v_from, p_now));
    p_next.ends_at := NULL;
    INSERT INTO points_tierperiod SELECT (p_next).*;
    RETURN p_next.id;
END $$;

-- What one membership did becomes the other's, and the higher level is kept. Returns
-- what the undoing needs; null when there was nothing.
CREATE FUNCTION points_tiers_merge(
    p_kept bigint, p_merged bigint, p_now timestamptz
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    l record;
    k record;
    m record;
    v_days jsonb;
    v_next points_tierperiod;
    v_made bigint;
BEGIN
    WITH gone AS (
        DELETE FROM points_activity a WHERE a.member_id = p_merged RETURNING a.*
    ), added AS (
        INSERT INTO points_activity AS a
            (member_id, "on", spend, visits, points, actions)
        SELECT p_kept, g."on", g.spend, g.visits, g.points, g.actions
        FROM gone g ORDER BY g."on"
        ON CONFLICT (member_id, "on") DO UPDATE SET
            spend = a.spend + EXCLUDED.spend, visits = a.visits + EXCLUDED.visits,
            points = a.points + EXCLUDED.points,
            actions = a.actions + EXCLUDED.actions
    )
    SELECT jsonb_object_agg(g."on", jsonb_build_array(
        g.spend::text, g.visits, g.points, g.actions)) INTO v_days FROM gone g;

    SELECT (points_ladder(e.programme_id, p_now)).* INTO l
    FROM members_member e WHERE e.id = p_kept;
    SELECT * INTO k FROM points_tier_standing(p_kept, l.keys);
    SELECT * INTO m FROM points_tier_standing(p_merged, l.keys);
    IF (m.period).id IS NOT NULL THEN
        UPDATE points_tierperiod p
        SET ends_at = GREATEST(p_now, p.starts_at + interval '1 microsecond')
        WHERE p.id = (m.period).id;
        -- The grant that is worth more, and beneath it the level that is.
        v_next := CASE
            WHEN k.is_granted AND NOT (m.is_granted
                AND (m.period).rank > (k.period).rank) THEN k.period
            WHEN m.is_granted AND (m.period).rank > GREATEST(k.rank, m.rank)
                THEN m.period
            WHEN (m.rank, COALESCE(m.until, '-infinity'))
                > (k.rank, COALESCE(k.until, '-infinity')) THEN m.period
            ELSE k.period END;
        IF v_next.cause = 'GRANTED' AND v_next.rank > GREATEST(k.rank, m.rank) THEN
            v_next.below_key := CASE WHEN m.rank > k.rank THEN m.key ELSE k.key END;
            v_next.below_until := CASE WHEN m.rank > k.rank THEN m.until
                WHEN m.rank = k.rank THEN GREATEST(m.until, k.until)
                ELSE k.until END;
        ELSIF v_next.cause = 'GRANTED' THEN
            -- What was earned is as high: no grant is needed for it.
            v_next.key := CASE WHEN m.rank >= k.rank THEN m.key ELSE k.key END;
            v_next.rank := GREATEST(m.rank, k.rank);
            v_next.holds_until := CASE WHEN m.rank > k.rank THEN m.until
                WHEN m.rank = k.rank THEN GREATEST(m.until, k.until)
                ELSE k.until END;
            v_next.below_key := '';
            v_next.below_until := NULL;
            v_next.reason := '';
            v_next.granted_by_id := NULL;
            v_next.cause := 'MERGED';
        ELSIF v_next.id IS DISTINCT FROM (k.period).id THEN
            v_next.cause := 'MERGED';
        END IF;
        IF v_next IS DISTINCT FROM k.period THEN
            v_made := points_tier_replace(p_kept, (k.period).id, v_next, p_now);
        END IF;
    END IF;
    IF v_days IS NULL AND (m.period).id IS NULL THEN RETURN NULL; END IF;
    -- Both together may have done enough for more.
    IF points_tier_rise(p_kept, (p_now AT TIME ZONE l.zone)::date, p_now) THEN
        SELECT p.id INTO v_made FROM points_tierperiod p
        WHERE p.member_id = p_kept AND p.ends_at IS NULL;
    END IF;
    RETURN jsonb_build_object('days', COALESCE(v_days, '{}'), 'made', v_made,
        'kept', CASE WHEN (k.period).id IS NOT NULL THEN to_jsonb(k.period) END,
        'merged', CASE WHEN (m.period).id IS NOT NULL THEN to_jsonb(m.period) END);
END $$;

-- Gives back what `points_tiers_merge` noted: of each day as much as is still there,
-- and to both the tiers that they had, unless the kept one has another since.
CREATE FUNCTION points_tiers_unmerge(
    p_kept bigint, p_merged bigint, p_note jsonb, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    l record;
    v_next points_tierperiod;
    v_open bigint;
BEGIN
    WITH noted AS (
        SELECT d.key::date AS day, (d.value ->> 0)::numeric AS spend,
            (d.value ->> 1)::integer AS visits, (d.value ->> 2)::integer AS points,
            (d.value ->> 3)::integer AS actions
        FROM jsonb_each(p_note -> 'days') d
    ), left_over AS (
        SELECT n.day, LEAST(n.spend, GREATEST(a.spend, 0)) AS spend,
            LEAST(n.visits, a.visits) AS visits,
            LEAST(n.points, GREATEST(a.points, 0)) AS points,
            LEAST(n.actions, a.actions) AS actions
        FROM noted n JOIN points_activity a
            ON a.member_id = p_kept AND a."on" = n.day
    ), taken AS (
        UPDATE points_activity a SET spend = a.spend - t.spend,
            visits = a.visits - t.visits, points = a.points - t.points,
            actions = a.actions - t.actions
        FROM left_over t WHERE a.member_id = p_kept AND a."on" = t.day
    )
    INSERT INTO points_activity AS a (member_id, "on", spend, visits, points, actions)
    SELECT p_merged, t.day, t.spend, t.visits, t.points, t.actions FROM left_over t
    ON CONFLICT (member_id, "on") DO UPDATE SET
        spend = a.spend + EXCLUDED.spend, visits = a.visits + EXCLUDED.visits,
        points = a.points + EXCLUDED.points, actions = a.actions + EXCLUDED.actions;

    SELECT (points_ladder(e.programme_id, p_now)).* INTO l
    FROM members_member e WHERE e.id = p_kept;
    SELECT p.id INTO v_open FROM points_tierperiod p
    WHERE p.member_id = p_kept AND p.ends_at IS NULL
        AND p.id = (p_note ->> 'made')::bigint;
    IF FOUND THEN
        IF p_note -> 'kept' <> 'null' THEN
            v_next := jsonb_populate_record(NULL::points_tierperiod, p_note -> 'kept');
            IF v_next.cause <> 'GRANTED' THEN v_next.cause := 'PARTED'; END IF;
        ELSE
            SELECT * INTO v_next FROM points_tierperiod p WHERE p.id = v_open;
            v_next.key := COALESCE(l.keys[1], v_next.key);
            v_next.rank := 0;
            v_next.holds_until := NULL;
            v_next.cause := 'PARTED';
            v_next.below_key := '';
            v_next.below_until := NULL;
            v_next.reason := '';
            v_next.granted_by_id := NULL;
        END IF;
        PERFORM points_tier_replace(p_kept, v_open, v_next, p_now);
    END IF;
    IF p_note -> 'merged' <> 'null' AND NOT EXISTS (
        SELECT FROM points_tierperiod p
        WHERE p.member_id = p_merged AND (p.ends_at IS NULL OR p.ends_at > p_now))
    THEN
        v_next := jsonb_populate_record(NULL::points_tierperiod, p_note -> 'merged');
        IF v_next.cause <> 'GRANTED' THEN v_next.cause := 'PARTED'; END IF;
        PERFORM points_tier_replace(p_merged, NULL, v_next, p_now);
    END IF;
    PERFORM points_tier_rise(p_kept, (p_now AT TIME ZONE l.zone)::date, p_now);
END $$;
"""

FORWARDS = f"""
-- Needs no extension: a range of one key instead of the key itself.
ALTER TABLE points_tierperiod ADD CONSTRAINT tierperiod_no_overlap
EXCLUDE USING gist (
    int8range(member_id, member_id, '[]') WITH &&,
    tstzrange(starts_at, ends_at) WITH &&);
{_YEAR}{_DAYS}{_LADDER}{_REVIEWS}{_MERGING}
"""
BACKWARDS = """
DROP FUNCTION points_tiers_unmerge(bigint, bigint, jsonb, timestamptz);
DROP FUNCTION points_tiers_merge(bigint, bigint, timestamptz);
DROP FUNCTION points_tier_replace(bigint, bigint, points_tierperiod, timestamptz);
DROP FUNCTION points_tier_standing(bigint, text[]);
DROP FUNCTION points_tiers_settle(bigint, timestamptz);
DROP FUNCTION points_tiers_move(bigint, timestamptz);
DROP FUNCTION points_after_receipt(
    bigint, date, numeric, integer, integer, timestamptz, timestamptz);
DROP FUNCTION points_count_many(bigint[], date[], numeric[], integer[], integer[]);
DROP FUNCTION points_count(bigint, date, numeric, integer, integer, integer);
DROP FUNCTION points_tier_rise(bigint, date, timestamptz);
DROP FUNCTION points_tier_names(bigint, text);
DROP FUNCTION points_tier_key(bigint, timestamptz);
DROP FUNCTION points_tier_rank(text[], text, bigint);
DROP FUNCTION points_ladder(bigint, timestamptz);
DROP FUNCTION points_tier_until(text, date, date);
DROP FUNCTION points_tier_ends(text, date, date);
DROP FUNCTION points_tier_begins(text, date, date);
DROP FUNCTION points_tier_year(date, date);
ALTER TABLE points_tierperiod DROP CONSTRAINT tierperiod_no_overlap;
"""


class Migration(migrations.Migration):
    """Tiers as periods, reached at the till and settled at night."""

    dependencies = [
        ("points", "0011_parts_of_the_balance"),
        ("members", "0008_cheaper_indexes"),
        ("stores", "0007_audit_never_emptied"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='TierRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField()),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('reached', models.PositiveIntegerField(default=0)),
                ('kept', models.PositiveIntegerField(default=0)),
                ('left', models.PositiveIntegerField(default=0)),
                ('figures', models.JSONField(default=dict)),
                ('programme', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.programme')),
            ],
        ),
        migrations.CreateModel(
            name='TierOutlook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('NEAR', 'Near the next tier'), ('LANDING', 'About to lose the tier')], max_length=8)),
                ('key', models.CharField(max_length=40)),
                ('missing', models.DecimalField(decimal_places=2, max_digits=14)),
                ('until', models.DateField(null=True)),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='members.member')),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='outlook', to='points.tierrun')),
            ],
        ),
        migrations.CreateModel(
            name='TierPeriod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=common.ids.uuid7, editable=False, unique=True)),
                ('key', models.CharField(max_length=40)),
                ('rank', models.PositiveSmallIntegerField()),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField(null=True)),
                ('holds_until', models.DateField(null=True)),
                ('cause', models.CharField(choices=[('REACHED', 'Reached'), ('KEPT', 'Kept'), ('LANDED', 'Not earned again'), ('GRANTED', 'Granted by the club'), ('ENDED', 'The granted time is over'), ('MOVED', "The club's tiers changed"), ('MERGED', 'Came with another membership'), ('PARTED', 'Two memberships were parted again')], max_length=8)),
                ('measured', models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ('counted_from', models.DateField(null=True)),
                ('counted_to', models.DateField(null=True)),
                ('below_key', models.CharField(blank=True, db_default='', max_length=40)),
                ('below_until', models.DateField(null=True)),
                ('reason', models.CharField(blank=True, db_default='', max_length=200, verbose_name='reason')),
                ('granted_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='members.member')),
                ('rule', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='points.earningrule')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('ends_at__isnull', True)), fields=['key', 'holds_until', 'member'], name='tierperiod_open_by_key')],
                'constraints': [models.UniqueConstraint(fields=('member', 'starts_at'), name='tierperiod_one_start_at_a_time'), models.CheckConstraint(condition=models.Q(('ends_at__isnull', True), ('ends_at__gt', models.F('starts_at')), _connector='OR'), name='tierperiod_ends_after_it_starts'), models.CheckConstraint(condition=models.Q(('rank', 0), ('holds_until__isnull', False), _connector='OR'), name='tierperiod_above_the_lowest_has_a_review'), models.CheckConstraint(condition=models.Q(models.Q(('cause', 'GRANTED'), _negated=True), models.Q(('holds_until__isnull', False), models.Q(('below_key', ''), _negated=True), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='tierperiod_grant_has_end_and_reason')],
            },
        ),
        migrations.AddConstraint(
            model_name='tierrun',
            constraint=models.UniqueConstraint(fields=('programme', 'on'), name='tierrun_once_a_day'),
        ),
        migrations.AddConstraint(
            model_name='tieroutlook',
            constraint=models.UniqueConstraint(fields=('run', 'kind', 'key', 'member'), name='tieroutlook_once_a_night'),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
