from django.db import migrations

TABLES = ["entry", "lotuse"]

FORWARDS = "\n".join(
    f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON points_{table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION common_refuse_change();"
    for table in TABLES
)
BACKWARDS = "\n".join(
    f"DROP TRIGGER {table}_never_emptied ON points_{table};" for table in TABLES
)


class Migration(migrations.Migration):
    """TRUNCATE is no way around the ledger of points."""

    dependencies = [
        ("points", "0008_closed_months_hold_for_loads"),
        ("common", "0003_append_only"),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
