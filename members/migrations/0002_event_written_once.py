from django.db import migrations


class Migration(migrations.Migration):
    """Events are written once; they go only with their member."""

    dependencies = [
        ("members", "0001_first_tables"),
        ("common", "0003_append_only"),
    ]

    operations = [
        migrations.RunSQL(
            """
            CREATE TRIGGER event_written_once BEFORE UPDATE ON members_event
            FOR EACH ROW EXECUTE FUNCTION common_refuse_change();
            """,
            "DROP TRIGGER event_written_once ON members_event;",
        )
    ]
