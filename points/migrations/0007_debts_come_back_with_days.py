import re
from importlib import import_module

from django.db import migrations

FORWARDS = """
-- Tells what has paid a debt, and how much of it nothing has paid yet, which comes first.
--
-- A debt that went on with a later merge was ended by a lot that stands for the debt in
-- the other membership. Once that merge is undone the debt is a new entry, and what has
-- paid that one has paid this one.
CREATE FUNCTION points_what_paid(p_debt bigint, p_points integer)
RETURNS TABLE (
    is_open boolean, origin_id bigint, active_from timestamptz,
    expires_at timestamptz, points integer
) LANGUAGE plpgsql AS $$
DECLARE
    v_left integer := p_points;
    v_paid record;
BEGIN
    SELECT -e.points - COALESCE(sum(u.points), 0) INTO points
    FROM points_entry e LEFT JOIN points_lotuse u ON u.entry_id = e.id
    WHERE e.id = p_debt GROUP BY e.points;
    IF points > 0 THEN
        points := LEAST(points, v_left);
        v_left := v_left - points;
        is_open := true;
        RETURN NEXT;
    END IF;
    is_open := false;
    FOR v_paid IN
        SELECT COALESCE(l.origin_id, l.entry_id) AS origin_id, l.active_from,
            l.expires_at, u.points, again.id AS again
        FROM points_lotuse u
        JOIN points_lot l ON l.entry_id = u.lot_id
        JOIN points_entry e ON e.id = l.entry_id
        LEFT JOIN points_entry again ON e.kind = 'MERGE'
            AND e.key = 'merge:' || e.source_id
            AND again.member_id = e.member_id
            AND again.key = 'unmerge:' || e.source_id
        WHERE u.entry_id = p_debt
        ORDER BY l.expires_at NULLS LAST, l.entry_id
    LOOP
        EXIT WHEN v_left <= 0;
        IF v_paid.again IS NULL THEN
            origin_id := v_paid.origin_id;
            active_from := v_paid.active_from;
            expires_at := v_paid.expires_at;
            points := LEAST(v_paid.points, v_left);
            RETURN NEXT;
        ELSE
            RETURN QUERY SELECT w.* FROM points_what_paid(
                v_paid.again, LEAST(v_paid.points, v_left)) w;
        END IF;
        v_left := v_left - LEAST(v_paid.points, v_left);
    END LOOP;
END $$;

-- As before; a debt that went through several merges comes back with the days of what
-- paid it.
CREATE OR REPLACE FUNCTION points_unmerge(
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
                v_back.origin_id, v_key || ':' || v_place, p_merge, p_now);
        END LOOP;
        v_entry := points_move_out(p_merged, -v_moved, v_key, p_merge, p_now);
        PERFORM points_take_from_lots(p_merged, v_entry, -v_moved, NULL);
    END IF;
    -- A lot that came back may have passed its day meanwhile.
    PERFORM points_expire_members(ARRAY[p_kept, p_merged], p_now);
    RETURN v_moved;
END $$;
"""


def _as_before() -> str:
    """Return the function as it was."""
    before = import_module("points.migrations.0003_merging").FORWARDS
    found = re.search(
        r"CREATE (FUNCTION points_unmerge\(.*?END \$\$;)", before, re.DOTALL
    )
    return f"CREATE OR REPLACE {found[1]}" if found else ""


BACKWARDS = f"""
{_as_before()}
DROP FUNCTION points_what_paid(bigint, integer);
"""


class Migration(migrations.Migration):
    """Points that come back when a merge is undone lapse as they would have."""

    dependencies = [("points", "0006_erased_ledgers_go")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
