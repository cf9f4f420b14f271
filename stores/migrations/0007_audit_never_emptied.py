from django.db import migrations

FORWARDS = """
CREATE TRIGGER auditentry_never_emptied BEFORE TRUNCATE ON stores_auditentry
FOR EACH STATEMENT EXECUTE FUNCTION common_refuse_change();
"""
BACKWARDS = "DROP TRIGGER auditentry_never_emptied ON stores_auditentry;"


class Migration(migrations.Migration):
    """TRUNCATE is no way around the audit trail."""

    dependencies = [
        ("stores", "0006_adjust_points_scope"),
        ("common", "0003_append_only"),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
