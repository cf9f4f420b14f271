from django.db import migrations

FORWARDS = """
-- Nothing is booked in a month whose books are closed. Once for each statement, and the
-- members are looked at only when something reaches back behind the last closing.
CREATE FUNCTION points_refuse_closed_month() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM new_rows n WHERE n.posted_at < (
            SELECT max(c.ends_at) FROM points_closedmonth c)) THEN
        IF EXISTS (
            SELECT FROM new_rows n
            JOIN members_member m ON m.id = n.member_id
            JOIN points_closedmonth c ON c.programme_id = m.programme_id
            WHERE n.posted_at < c.ends_at) THEN
            RAISE EXCEPTION 'the month is closed' USING ERRCODE = 'SKP04';
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER entry_not_in_a_closed_month AFTER INSERT ON points_entry
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION points_refuse_closed_month();

-- Closed is closed, and an assumption is replaced by a later one.
CREATE FUNCTION points_only_forget_staff() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
        AND to_jsonb(NEW) - TG_ARGV[0] = to_jsonb(OLD) - TG_ARGV[0]
        AND to_jsonb(NEW) -> TG_ARGV[0] = 'null'::jsonb THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '23001';
END $$;

CREATE TRIGGER closedmonth_append_only
BEFORE UPDATE OR DELETE ON points_closedmonth
FOR EACH ROW EXECUTE FUNCTION points_only_forget_staff('closed_by_id');

CREATE TRIGGER breakageassumption_append_only
BEFORE UPDATE OR DELETE ON points_breakageassumption
FOR EACH ROW EXECUTE FUNCTION points_only_forget_staff('written_by_id');
"""

BACKWARDS = """
DROP TRIGGER breakageassumption_append_only ON points_breakageassumption;
DROP TRIGGER closedmonth_append_only ON points_closedmonth;
DROP FUNCTION points_only_forget_staff();
DROP TRIGGER entry_not_in_a_closed_month ON points_entry;
DROP FUNCTION points_refuse_closed_month();
"""


class Migration(migrations.Migration):
    """The books of a closed month stay as they were."""

    dependencies = [
        ("points", "0004_books"),
        ("members", "0005_identifiers_follow"),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
