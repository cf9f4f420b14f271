from django.db import migrations

TABLES = ["consententry", "termsacceptance", "rightsstep", "breachentry"]

FORWARDS = "\n".join(
    f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON consent_{table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION common_refuse_change();"
    for table in TABLES
)
BACKWARDS = "\n".join(
    f"DROP TRIGGER {table}_never_emptied ON consent_{table};" for table in TABLES
)


class Migration(migrations.Migration):
    """TRUNCATE is no way around a table that only grows."""

    dependencies = [
        ("consent", "0013_gate_of_objections_and_topics"),
        ("common", "0003_append_only"),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
