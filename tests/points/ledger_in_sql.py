"""A sequence of postings in one statement, through the ledger's own functions."""

STEP = """
CREATE OR REPLACE FUNCTION pg_temp.ledger_step(o jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    v_member bigint := (o->>'member')::bigint;
    v_other bigint := (o->>'other')::bigint;
    v_points integer := (o->>'points')::integer;
    v_now timestamptz := (o->>'now')::timestamptz;
    v_until timestamptz := (o->>'until')::timestamptz;
    v_id uuid := (o->>'id')::uuid;
    v_key text := o->>'key';
    v_entry bigint;
    answer jsonb;
BEGIN
    SELECT e.id INTO v_entry FROM points_entry e
    WHERE e.member_id = v_other AND e.key = o->>'of';
    CASE o->>'op'
    WHEN 'give', 'use' THEN
        SELECT jsonb_build_array(p.balance_after, p.is_replay) INTO answer
        FROM points_post(v_member, o->>'kind', v_points, v_now, v_now, v_key, NULL, '',
            NULL, '', gen_random_uuid(), v_until, NULL, (o->>'from')::timestamptz) p;
    WHEN 'reverse' THEN
        SELECT CASE WHEN p.taken = 0
            THEN jsonb_build_array(0, p.balance_after, false)
            ELSE jsonb_build_array(p.taken, p.balance_after, p.is_replay) END
        INTO answer
        FROM points_reverse(v_member, v_points, v_now, v_now, v_key, NULL, '', NULL,
            gen_random_uuid(), v_entry, o->>'policy') p;
    WHEN 'restore' THEN
        SELECT jsonb_build_array(p.balance_after, p.is_replay) INTO answer
        FROM points_restore(v_member, v_entry, v_points, v_now, v_now, v_key, '', NULL,
            '', gen_random_uuid(), v_until) p;
    WHEN 'reserve' THEN
        SELECT to_jsonb(p.is_replay), p.reservation_id INTO answer, v_entry
        FROM points_reserve(v_member, v_points, v_key, v_until, v_now, v_id) p;
        SELECT jsonb_build_array(r.public_id, answer) INTO answer
        FROM points_reservation r WHERE r.id = v_entry;
    WHEN 'release' THEN
        answer := jsonb_build_array(points_release(v_id, v_now));
    WHEN 'capture' THEN
        SELECT jsonb_build_array(p.balance_after, p.is_replay) INTO answer
        FROM points_capture(v_id, v_points, v_now, v_now, v_key, '', NULL, '',
            gen_random_uuid()) p;
    WHEN 'settle' THEN
        PERFORM points_expire(v_now, 100);
        answer := '[]';
    WHEN 'merge' THEN
        answer := jsonb_build_array(points_merge(v_member, v_other, v_id, v_now));
        INSERT INTO members_merge (public_id, programme_id, kept_id, merged_id, at,
            reason, before, after, moved, notes)
        SELECT v_id, m.programme_id, v_member, v_other, v_now, '', '{}', '{}', '{}',
            '{}'
        FROM members_member m WHERE m.id = v_member;
        UPDATE members_member m SET status = 'MERGED', merged_into_id = v_member
        WHERE m.id = v_other;
    WHEN 'unmerge' THEN
        UPDATE members_merge g SET undone_at = v_now WHERE g.public_id = v_id;
        UPDATE members_member m SET status = 'ACTIVE', merged_into_id = NULL
        WHERE m.id = v_other;
        answer := jsonb_build_array(points_unmerge(v_member, v_other, v_id, v_now));
    END CASE;
    RETURN answer;
EXCEPTION WHEN OTHERS THEN
    IF SQLSTATE NOT LIKE 'SKP%' THEN RAISE; END IF;
    IF SQLSTATE IN ('SKP01', 'SKP05') THEN
        -- As the model, which keeps what it settled before it refuses.
        PERFORM points_settle(ARRAY[COALESCE(v_member, (
            SELECT r.member_id FROM points_reservation r WHERE r.public_id = v_id))],
            v_now);
    END IF;
    RETURN to_jsonb(SQLSTATE);
END $$;
CREATE OR REPLACE FUNCTION pg_temp.ledger_run(all_of_it jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    answers jsonb[] := '{}';
    o jsonb;
BEGIN
    FOR o IN SELECT value FROM jsonb_array_elements(all_of_it) LOOP
        answers := answers || pg_temp.ledger_step(o);
    END LOOP;
    RETURN to_jsonb(answers);
END $$;
"""
