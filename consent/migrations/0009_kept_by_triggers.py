import django.db.models.deletion
from django.db import migrations, models

FORWARDS = """
CREATE TRIGGER edition_published_never_changes
BEFORE UPDATE OR DELETE ON consent_edition
FOR EACH ROW WHEN (OLD.state = 'PUBLISHED') EXECUTE FUNCTION common_refuse_change();

-- The log of a request and of a breach is only ever added to. Staff who are deleted
-- leave their lines behind.
CREATE FUNCTION consent_only_forget_staff() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
        AND NEW.staff_id IS NULL
        AND to_jsonb(NEW) - 'staff_id' = to_jsonb(OLD) - 'staff_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '23001';
END $$;

CREATE TRIGGER rightsstep_append_only BEFORE UPDATE OR DELETE ON consent_rightsstep
FOR EACH ROW EXECUTE FUNCTION consent_only_forget_staff();

CREATE TRIGGER breachentry_append_only BEFORE UPDATE OR DELETE ON consent_breachentry
FOR EACH ROW EXECUTE FUNCTION consent_only_forget_staff();

-- What held when: a row for each change of the bounds and of a member's wishes.
CREATE FUNCTION consent_keep_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO consent_contactpolicychange (programme_id, valid_from, bounds)
    VALUES (NEW.programme_id, NEW.changed_at,
        to_jsonb(NEW) - 'programme_id' - 'changed_at' - 'changed_by_id');
    RETURN NULL;
END $$;

CREATE TRIGGER contactpolicy_kept AFTER INSERT OR UPDATE ON consent_contactpolicy
FOR EACH ROW EXECUTE FUNCTION consent_keep_policy();

CREATE FUNCTION consent_keep_preference() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'changed_at' = to_jsonb(OLD) - 'changed_at'
    THEN
        RETURN NULL;
    END IF;
    INSERT INTO consent_contactpreferencechange (member_id, valid_from, wishes)
    VALUES (NEW.member_id, NEW.changed_at,
        to_jsonb(NEW) - 'member_id' - 'changed_at');
    RETURN NULL;
END $$;

CREATE TRIGGER contactpreference_kept
AFTER INSERT OR UPDATE ON consent_contactpreference
FOR EACH ROW EXECUTE FUNCTION consent_keep_preference();

INSERT INTO consent_contactpolicychange (programme_id, valid_from, bounds)
SELECT p.programme_id, p.changed_at,
    to_jsonb(p) - 'programme_id' - 'changed_at' - 'changed_by_id'
FROM consent_contactpolicy p;
INSERT INTO consent_contactpreferencechange (member_id, valid_from, wishes)
SELECT p.member_id, p.changed_at, to_jsonb(p) - 'member_id' - 'changed_at'
FROM consent_contactpreference p;

-- A wish has the kind of its topic, and a topic keeps its kind.
CREATE FUNCTION consent_take_kind() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT t.kind INTO NEW.kind FROM consent_topic t WHERE t.id = NEW.topic_id;
    RETURN NEW;
END $$;

CREATE TRIGGER topicwish_takes_its_kind BEFORE INSERT OR UPDATE ON consent_topicwish
FOR EACH ROW EXECUTE FUNCTION consent_take_kind();

CREATE TRIGGER topic_keeps_its_kind BEFORE UPDATE ON consent_topic
FOR EACH ROW WHEN (OLD.kind IS DISTINCT FROM NEW.kind)
EXECUTE FUNCTION common_refuse_change();
"""

BACKWARDS = """
DROP TRIGGER topic_keeps_its_kind ON consent_topic;
DROP TRIGGER topicwish_takes_its_kind ON consent_topicwish;
DROP FUNCTION consent_take_kind();
DROP TRIGGER contactpreference_kept ON consent_contactpreference;
DROP FUNCTION consent_keep_preference();
DROP TRIGGER contactpolicy_kept ON consent_contactpolicy;
DROP FUNCTION consent_keep_policy();
DROP TRIGGER breachentry_append_only ON consent_breachentry;
DROP TRIGGER rightsstep_append_only ON consent_rightsstep;
DROP FUNCTION consent_only_forget_staff();
DROP TRIGGER edition_published_never_changes ON consent_edition;
"""


class Migration(migrations.Migration):
    """Editions are frozen, logs only grow, and what held when is remembered."""

    dependencies = [
        ("consent", "0008_editions_follow"),
        ("common", "0003_append_only"),
    ]

    operations = [
        migrations.AlterField(
            model_name="text",
            name="edition",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="texts",
                to="consent.edition",
            ),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
