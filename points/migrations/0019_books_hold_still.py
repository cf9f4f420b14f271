import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

FORWARDS = """
-- A row is booked on its day of business, or, where that month was closed when it was
-- written, when it was written. Nothing is booked in a closed month: also not by who
-- began before it was closed. So no month closes between a posting and its commit; who
-- closes one holds the lock alone.
CREATE OR REPLACE FUNCTION points_refuse_closed_month() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    v_programme bigint;
BEGIN
    FOR v_programme IN SELECT DISTINCT m.programme_id
        FROM new_rows n JOIN members_member m ON m.id = n.member_id ORDER BY 1 LOOP
        PERFORM pg_advisory_xact_lock_shared(
            hashtextextended('points_books:' || v_programme, 7303));
    END LOOP;
    IF EXISTS (SELECT FROM new_rows n WHERE n.posted_at < (
            SELECT max(c.closed_at) FROM points_closedmonth c)) THEN
        IF EXISTS (
            SELECT FROM new_rows n
            JOIN members_member m ON m.id = n.member_id
            JOIN points_closedmonth c ON c.programme_id = m.programme_id
            WHERE n.posted_at < c.ends_at
                OR n.posted_at < c.closed_at AND n.at < c.ends_at) THEN
            RAISE EXCEPTION 'the month is closed' USING ERRCODE = 'SKP04';
        END IF;
    END IF;
    RETURN NULL;
END $$;

-- What stood in a month is written down once.
CREATE FUNCTION points_closedmonth_counted_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_figures text[] := '{issued,used,expired,outstanding,liability,figures}';
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.liability IS NULL
            AND to_jsonb(NEW) - v_figures = to_jsonb(OLD) - v_figures
            OR NEW.closed_by_id IS NULL
            AND to_jsonb(NEW) - 'closed_by_id' = to_jsonb(OLD) - 'closed_by_id' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '23001';
END $$;
DROP TRIGGER closedmonth_append_only ON points_closedmonth;
CREATE TRIGGER closedmonth_append_only
BEFORE UPDATE OR DELETE ON points_closedmonth
FOR EACH ROW EXECUTE FUNCTION points_closedmonth_counted_once();
"""

BACKWARDS = """
DROP TRIGGER closedmonth_append_only ON points_closedmonth;
CREATE TRIGGER closedmonth_append_only
BEFORE UPDATE OR DELETE ON points_closedmonth
FOR EACH ROW EXECUTE FUNCTION points_only_forget_staff('closed_by_id');
DROP FUNCTION points_closedmonth_counted_once();
CREATE OR REPLACE FUNCTION points_refuse_closed_month() RETURNS trigger
LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    """The books of closed months never move; proofs are each club's own."""

    dependencies = [
        ("points", "0017_debts_and_notes"),
        ("stores", "0008_events_scope"),
    ]

    operations = [
        migrations.AlterField(
            model_name="closedmonth",
            name="issued",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="closedmonth",
            name="used",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="closedmonth",
            name="expired",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="closedmonth",
            name="outstanding",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="closedmonth",
            name="liability",
            field=models.DecimalField(decimal_places=2, max_digits=14, null=True),
        ),
        migrations.AddField(
            model_name="closedmonth",
            name="uses_until",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="closedmonth",
            name="figures",
            field=models.JSONField(null=True),
        ),
        migrations.AddConstraint(
            model_name="closedmonth",
            constraint=models.CheckConstraint(
                condition=models.Q(figures__isnull=True)
                | models.Q(liability__isnull=False),
                name="closedmonth_counted_as_a_whole",
            ),
        ),
        migrations.AlterField(
            model_name="proofrun",
            name="ended_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="proofrun",
            name="members",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="proofrun",
            name="entries",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="proofrun",
            name="points",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="proofrun",
            name="differences",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="proofrun",
            name="programme",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="stores.programme",
            ),
        ),
        migrations.RemoveIndex(model_name="proofrun", name="proofrun_latest"),
        migrations.AddIndex(
            model_name="proofrun",
            index=models.Index(
                fields=["programme", "-started_at"], name="proofrun_latest_of_club"
            ),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=django.contrib.postgres.indexes.BrinIndex(
                fields=["posted_at", "at"],
                autosummarize=True,
                pages_per_range=32,
                name="entry_by_time",
            ),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
