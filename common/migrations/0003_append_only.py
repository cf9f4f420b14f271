from django.db import migrations


class Migration(migrations.Migration):
    """The trigger function that append-only tables of every room use."""

    dependencies = [("common", "0002_cache_table")]

    operations = [
        migrations.RunSQL(
            """
            CREATE FUNCTION common_refuse_change() RETURNS trigger
            LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '% is append-only: % is refused',
                    TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
            END $$;
            """,
            "DROP FUNCTION common_refuse_change();",
        )
    ]
