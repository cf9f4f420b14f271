"""The oldest entries of the audit trail go after their time; the chains stay whole."""

from django.db import migrations, models

FORWARDS = """
-- A chain forgets its beginning and nothing else, and none of it before a year: the
-- head says up to where, and keeps the hash that the next entry follows.
CREATE OR REPLACE FUNCTION stores_audit_only_forward() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.lane = OLD.lane AND NEW.entries >= OLD.entries
        AND (NEW.let_go = OLD.let_go AND NEW.let_go_hash = OLD.let_go_hash
            OR NEW.let_go > OLD.let_go AND NEW.let_go <= NEW.entries
            AND NOT EXISTS (SELECT FROM stores_auditentry e
                WHERE e.lane = NEW.lane AND e.number > OLD.let_go
                AND e.number <= NEW.let_go AND e.at >= now() - interval '1 year')
            AND EXISTS (SELECT FROM stores_auditentry e
                WHERE e.lane = NEW.lane AND e.number = NEW.let_go
                AND e.hash = NEW.let_go_hash))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the head of an audit chain only moves forward'
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION stores_audit_is_let_go(p_lane smallint, p_number bigint)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM stores_auditlane head
        WHERE head.lane = p_lane AND head.let_go >= p_number);
$$;

DROP TRIGGER auditentry_append_only ON stores_auditentry;
CREATE TRIGGER auditentry_append_only BEFORE UPDATE ON stores_auditentry
FOR EACH ROW EXECUTE FUNCTION common_refuse_change();
CREATE TRIGGER auditentry_kept BEFORE DELETE ON stores_auditentry
FOR EACH ROW WHEN (NOT stores_audit_is_let_go(OLD.lane, OLD.number))
EXECUTE FUNCTION common_refuse_change();
"""

BACKWARDS = """
DROP TRIGGER auditentry_kept ON stores_auditentry;
DROP TRIGGER auditentry_append_only ON stores_auditentry;
CREATE TRIGGER auditentry_append_only BEFORE UPDATE OR DELETE ON stores_auditentry
FOR EACH ROW EXECUTE FUNCTION common_refuse_change();
DROP FUNCTION stores_audit_is_let_go(smallint, bigint);
CREATE OR REPLACE FUNCTION stores_audit_only_forward() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.lane = OLD.lane AND NEW.entries >= OLD.entries THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the head of an audit chain only moves forward'
        USING ERRCODE = 'restrict_violation';
END $$;
"""


class Migration(migrations.Migration):
    """Where each chain begins now."""

    dependencies = [("stores", "0004_device_codes_unique")]

    operations = [
        migrations.AddField(
            model_name="auditlane",
            name="let_go",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="auditlane",
            name="let_go_hash",
            field=models.BinaryField(db_default=b"", default=b"", max_length=32),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
