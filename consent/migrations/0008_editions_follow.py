from django.db import migrations

FORWARDS = """
-- So that the table can be altered in the same transaction.
SET CONSTRAINTS ALL IMMEDIATE;
-- What was published so far becomes editions: one a version, all its languages.
ALTER TABLE consent_text DISABLE TRIGGER text_published_never_changes;
INSERT INTO consent_edition (public_id, programme_id, kind, purpose, channel, number,
    state, is_material, changes, written_at, returned_because, published_at)
SELECT gen_random_uuid(), t.programme_id, t.kind, t.purpose, t.channel, t.version,
    CASE WHEN min(t.published_at) IS NULL THEN 'DISCARDED' ELSE 'PUBLISHED' END,
    false, '{}', coalesce(min(t.published_at), now()), '', min(t.published_at)
FROM consent_text t
GROUP BY t.programme_id, t.kind, t.purpose, t.channel, t.version;
UPDATE consent_text t SET edition_id = e.id
FROM consent_edition e
WHERE (e.programme_id, e.kind, e.purpose, e.channel, e.number)
    = (t.programme_id, t.kind, t.purpose, t.channel, t.version);
ALTER TABLE consent_text ENABLE TRIGGER text_published_never_changes;
"""

BACKWARDS = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE consent_text DISABLE TRIGGER text_published_never_changes;
UPDATE consent_text SET edition_id = NULL;
ALTER TABLE consent_text ENABLE TRIGGER text_published_never_changes;
DELETE FROM consent_edition;
"""


class Migration(migrations.Migration):
    """Every text belongs to an edition."""

    dependencies = [("consent", "0007_editions_rights_retention")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
