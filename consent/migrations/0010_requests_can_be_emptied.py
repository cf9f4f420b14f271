"""The log of a request can be emptied, once and for good, when its member is erased."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION consent_only_empty_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
        AND (NEW.staff_id IS NULL OR NEW.staff_id = OLD.staff_id)
        AND (NEW.note = '' OR NEW.note = OLD.note)
        AND to_jsonb(NEW) - 'staff_id' - 'note' = to_jsonb(OLD) - 'staff_id' - 'note'
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '23001';
END $$;

DROP TRIGGER rightsstep_append_only ON consent_rightsstep;
CREATE TRIGGER rightsstep_append_only BEFORE UPDATE OR DELETE ON consent_rightsstep
FOR EACH ROW EXECUTE FUNCTION consent_only_empty_note();
"""

BACKWARDS = """
DROP TRIGGER rightsstep_append_only ON consent_rightsstep;
CREATE TRIGGER rightsstep_append_only BEFORE UPDATE OR DELETE ON consent_rightsstep
FOR EACH ROW EXECUTE FUNCTION consent_only_forget_staff();
DROP FUNCTION consent_only_empty_note();
"""


class Migration(migrations.Migration):
    """What was written may name people; that it was done stays on record."""

    dependencies = [("consent", "0009_kept_by_triggers")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
