from django.db import migrations

# WHAT HOLDS WHILE WORSE TERMS RUN DOWN. Until the end of the day that was promised,
# points become vouchers and are worth as by the better of the version in force and the
# one that it replaced: all points, for those that were earned since cannot be told
# apart. This is the only place that says what is better; Python asks it here.
KEPT = """
-- The steps of a version: its own reward where it names none.
CREATE FUNCTION points_steps(
    p_rule points_earningrule,
    OUT points integer, OUT value numeric, OUT needs_purchase boolean
) RETURNS SETOF record LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_steps jsonb := COALESCE(p_rule.terms->'vouchers'->'steps', '[]');
BEGIN
    IF v_steps = '[]' THEN
        RETURN QUERY SELECT p_rule.reward_points,
            trunc(p_rule.reward_points * p_rule.point_value, 2), true;
        RETURN;
    END IF;
    RETURN QUERY SELECT (s->>'points')::integer, (s->>'value')::numeric,
        COALESCE((s->>'needs_purchase')::boolean, true)
    FROM jsonb_array_elements(v_steps) s;
END $$;

-- A version with the better of its own and of others' terms for points that members
-- have. A step stays unless one of as many points or fewer pays more for each; it needs
-- no purchase when one that it stands for needs none. So for every step of either there
-- is one that asks for no more points and pays at least as much for each, and more
-- points never pay less. Vouchers are valid and forgiven as long as by either, and who
-- could choose still can. A point is worth what it is worth by either at the most.
CREATE FUNCTION points_better(p_rule points_earningrule, p_others bigint[])
RETURNS points_earningrule LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_rule points_earningrule := p_rule;
    v_ids bigint[] := p_rule.id || p_others;
    v_steps jsonb;
    v_first integer;
    v_least numeric;
    v_vouchers jsonb;
    v_currencies jsonb;
BEGIN
    WITH offered AS (
        SELECT s.* FROM points_earningrule r CROSS JOIN LATERAL points_steps(r) s
        WHERE r.id = ANY (v_ids)
    ), stay AS (
        SELECT DISTINCT o.points, o.value FROM offered o
        WHERE NOT EXISTS (SELECT FROM offered b
            WHERE b.points <= o.points AND b.value * o.points > o.value * b.points)
    )
    SELECT jsonb_agg(jsonb_build_object('points', s.points, 'value', s.value::text,
            'needs_purchase', (
                SELECT bool_and(o.needs_purchase) FROM offered o
                WHERE o.points >= s.points
                    AND o.value * s.points <= s.value * o.points))
            ORDER BY s.points),
        min(s.points), round(min(s.value / s.points), 4)
    INTO v_steps, v_first, v_least FROM stay s;

    SELECT jsonb_build_object('steps', v_steps,
            'mode', CASE WHEN bool_or(COALESCE(v.terms->>'mode', 'choice') = 'choice')
                THEN 'choice' ELSE 'automatic' END,
            'valid_days', max(COALESCE((v.terms->>'valid_days')::integer, 90)),
            'grace_days', max(COALESCE((v.terms->>'grace_days')::integer, 14))),
        GREATEST(max(v.point_value), v_least)
    INTO v_vouchers, v_rule.point_value
    FROM (SELECT r.terms->'vouchers' AS terms, r.point_value
        FROM points_earningrule r WHERE r.id = ANY (v_ids)) v;

    SELECT jsonb_object_agg(c.key, c.value || jsonb_build_object('point_value', (
        SELECT max((r.terms->'currencies'->c.key->>'point_value')::numeric)::text
        FROM points_earningrule r WHERE r.id = ANY (v_ids))))
    INTO v_currencies FROM jsonb_each(p_rule.terms->'currencies') c;

    v_rule.reward_points := v_first;
    v_rule.terms := v_rule.terms || jsonb_build_object('vouchers',
        COALESCE(v_rule.terms->'vouchers', '{}') || v_vouchers);
    IF v_currencies IS NOT NULL THEN
        v_rule.terms := v_rule.terms || jsonb_build_object('currencies', v_currencies);
    END IF;
    RETURN v_rule;
END $$;

-- A version as it held at a moment: with the better terms of those that were replaced
-- by it, or by one before it, and whose last day is not over in the club's zone.
CREATE FUNCTION points_rule_as(p_rule points_earningrule, p_at timestamptz)
RETURNS points_earningrule LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_others bigint[];
BEGIN
    -- Nearly always there is nothing: the day in any zone is within a day of this one.
    IF NOT EXISTS (SELECT FROM points_earningrule e
            WHERE e.programme_id = p_rule.programme_id AND e.status = 'PUBLISHED'
                AND e.runs_down_until >= (p_at AT TIME ZONE 'UTC')::date - 1
                AND e.starts_at <= p_at) THEN
        RETURN p_rule;
    END IF;
    SELECT array_agg(v.before) INTO v_others
    FROM (
        SELECT e.starts_at, e.runs_down_until,
            lag(e.id) OVER (ORDER BY e.starts_at) AS before
        FROM points_earningrule e
        WHERE e.programme_id = p_rule.programme_id AND e.status = 'PUBLISHED'
    ) v
    JOIN stores_programme p ON p.id = p_rule.programme_id
    WHERE v.starts_at <= p_at AND v.starts_at <= p_rule.starts_at
        AND (v.runs_down_until + 1)::timestamp AT TIME ZONE p.time_zone > p_at
        AND v.before IS NOT NULL;
    RETURN CASE WHEN v_others IS NULL THEN p_rule
        ELSE points_better(p_rule, v_others) END;
END $$;

-- The version in force at a moment, as it holds then; no row while there is none.
CREATE FUNCTION points_rule_at(p_programme bigint, p_at timestamptz)
RETURNS SETOF points_earningrule LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_rule points_earningrule;
BEGIN
    SELECT * INTO v_rule FROM points_earningrule e
    WHERE e.programme_id = p_programme AND e.status = 'PUBLISHED'
        AND e.starts_at <= p_at
    ORDER BY e.starts_at DESC LIMIT 1;
    IF FOUND THEN
        RETURN NEXT points_rule_as(v_rule, p_at);
    END IF;
END $$;
"""

# WITHDRAWING A VERSION. By the database's clock, which is the same for all.
WITHDRAWN = """
-- A published version stays as it is, and a withdrawn one. One that has not started,
-- that none follows and that nothing names may become withdrawn.
CREATE FUNCTION points_version_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status = 'PUBLISHED' AND NEW.status = 'WITHDRAWN'
        AND to_jsonb(NEW) - ARRAY['status', 'withdrawn_at', 'withdrawn_by_id']
            = to_jsonb(OLD) - ARRAY['status', 'withdrawn_at', 'withdrawn_by_id'] THEN
        -- Who names it and is not done holds it; who would name it next waits for us.
        PERFORM FROM points_earningrule r WHERE r.id = OLD.id FOR UPDATE;
        IF OLD.starts_at <= clock_timestamp() THEN
            RAISE EXCEPTION 'version % has started', OLD.version
                USING ERRCODE = 'SKP07';
        END IF;
        IF EXISTS (SELECT FROM points_earningrule r
                WHERE r.programme_id = OLD.programme_id AND r.status = 'PUBLISHED'
                    AND r.starts_at > OLD.starts_at) THEN
            RAISE EXCEPTION 'another version follows version %', OLD.version
                USING ERRCODE = 'SKP08';
        END IF;
        -- A till's clock may be ahead of ours.
        IF EXISTS (SELECT FROM points_entry e WHERE e.rule_id = OLD.id)
            OR EXISTS (SELECT FROM points_actionaward a WHERE a.rule_id = OLD.id)
            OR EXISTS (SELECT FROM points_tierperiod t WHERE t.rule_id = OLD.id) THEN
            RAISE EXCEPTION 'version % has given points', OLD.version
                USING ERRCODE = 'SKP07';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.status <> 'DRAFT' OR TG_OP = 'UPDATE' AND NEW.status = 'WITHDRAWN' THEN
        RAISE EXCEPTION 'version % of the programme never changes: % is refused',
            OLD.version, TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

DROP TRIGGER earningrule_published_never_changes ON points_earningrule;
CREATE TRIGGER earningrule_published_never_changes
BEFORE UPDATE OR DELETE ON points_earningrule
FOR EACH ROW EXECUTE FUNCTION points_version_stays();

-- The transaction may have taken until after the start.
CREATE FUNCTION points_version_is_withdrawn_in_time() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.starts_at <= clock_timestamp() THEN
        RAISE EXCEPTION 'version % has started', NEW.version USING ERRCODE = 'SKP07';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER earningrule_withdrawn_in_time
AFTER UPDATE ON points_earningrule DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (OLD.status = 'PUBLISHED' AND NEW.status = 'WITHDRAWN')
EXECUTE FUNCTION points_version_is_withdrawn_in_time();

-- What names a version of about now holds it until it is done. One that was withdrawn
-- since it was looked up cannot be named: whoever did tries again.
CREATE FUNCTION points_version_is_held() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_status text;
BEGIN
    SELECT r.status INTO v_status FROM points_earningrule r
    WHERE r.id = NEW.rule_id AND r.starts_at < now() - interval '1 hour';
    IF NOT FOUND THEN
        SELECT r.status INTO v_status FROM points_earningrule r
        WHERE r.id = NEW.rule_id FOR KEY SHARE;
    END IF;
    IF v_status = 'WITHDRAWN' THEN
        RAISE EXCEPTION 'the version was withdrawn'
            USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN NEW;
END $$;

-- What counts for an earlier day was looked up among versions that had started.
CREATE TRIGGER entry_version_is_held BEFORE INSERT ON points_entry
FOR EACH ROW WHEN (NEW.rule_id IS NOT NULL AND NEW.at > now() - interval '1 hour')
EXECUTE FUNCTION points_version_is_held();
"""

BACKWARDS = """
DROP TRIGGER entry_version_is_held ON points_entry;
DROP FUNCTION points_version_is_held();
DROP TRIGGER earningrule_withdrawn_in_time ON points_earningrule;
DROP FUNCTION points_version_is_withdrawn_in_time();
DROP TRIGGER earningrule_published_never_changes ON points_earningrule;
CREATE TRIGGER earningrule_published_never_changes
BEFORE UPDATE OR DELETE ON points_earningrule
FOR EACH ROW WHEN (OLD.status = 'PUBLISHED')
EXECUTE FUNCTION common_refuse_change();
DROP FUNCTION points_version_stays();
DROP FUNCTION points_rule_at(bigint, timestamptz);
DROP FUNCTION points_rule_as(points_earningrule, timestamptz);
DROP FUNCTION points_better(points_earningrule, bigint[]);
DROP FUNCTION points_steps(points_earningrule);
"""


class Migration(migrations.Migration):
    """Worse terms run down, and what has not started can be withdrawn."""

    dependencies = [("points", "0014_versions_withdrawn")]

    operations = [migrations.RunSQL(KEPT + WITHDRAWN, BACKWARDS)]
