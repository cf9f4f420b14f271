from django.db import migrations

FORWARDS = """
-- Counts a receipt, or a return, for the tiers; see Activity. Money and numbers are
-- negative for what comes back. Reviews the member's tier when the programme has any.
CREATE FUNCTION points_after_receipt(
    p_member bigint, p_day date, p_spend numeric, p_visits integer, p_points integer,
    p_at timestamptz, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO points_activity AS a (member_id, "on", spend, visits, points, actions)
    VALUES (p_member, p_day, p_spend, GREATEST(p_visits, 0), p_points, 0)
    ON CONFLICT (member_id, "on") DO UPDATE SET
        spend = a.spend + p_spend,
        visits = GREATEST(a.visits + p_visits, 0),
        points = a.points + p_points;
END $$;
"""
BACKWARDS = """
DROP FUNCTION points_after_receipt(
    bigint, date, numeric, integer, integer, timestamptz, timestamptz);
"""


class Migration(migrations.Migration):
    """Tiers as periods, reached at the till and settled at night."""

    dependencies = [
        ("points", "0011_parts_of_the_balance"),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
