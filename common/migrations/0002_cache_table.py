from django.db import migrations


class Migration(migrations.Migration):
    """The table of Django's database cache (what `createcachetable` would make)."""

    dependencies = [("common", "0001_first_tables")]

    operations = [
        migrations.RunSQL(
            """
            CREATE TABLE common_cache (
                cache_key varchar(255) PRIMARY KEY,
                value text NOT NULL,
                expires timestamptz NOT NULL
            );
            CREATE INDEX common_cache_expires ON common_cache (expires);
            """,
            "DROP TABLE common_cache;",
        )
    ]
