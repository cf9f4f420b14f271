import django.contrib.postgres.search
import django.db.models.functions.comparison
import django.db.models.functions.text
from django.db import migrations, models

import members.models

# By the beginning and, turned round, by the end. Pattern operators, because LIKE uses
# no other btree where the database sorts by a language. In SQL, because Django writes
# such indexes only with django.contrib.postgres installed.
COLUMNS = {
    "member_email_starts": "lower(email)",
    "member_phone_starts": "phone",
    "member_phone_ends": "reverse(phone)",
    "member_number_starts": "number",
    "member_number_ends": "reverse(number)",
}
FORWARDS = "\n".join(
    f"CREATE INDEX {name} ON members_member ({column} text_pattern_ops);"
    for name, column in COLUMNS.items()
)
BACKWARDS = "\n".join(f"DROP INDEX {name};" for name in COLUMNS)


class Migration(migrations.Migration):
    """Find members by the beginning of any name and the ends of any number."""

    dependencies = [
        ("stores", "0001_first_tables"),
        ("members", "0002_event_written_once"),
    ]

    operations = [
        migrations.AddField(
            model_name="member",
            name="words",
            field=models.GeneratedField(
                db_persist=True,
                expression=members.models.NameWords(),
                output_field=django.contrib.postgres.search.SearchVectorField(),
            ),
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(
                fields=["status", "programme", "-registered_at", "-id"],
                name="member_status_newest_first",
            ),
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(
                fields=["home_store", "-registered_at", "-id"],
                name="member_store_newest_first",
            ),
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(
                models.F("programme"),
                django.db.models.functions.comparison.NullIf(
                    django.db.models.functions.text.Lower("last_name"), models.Value("")
                ),
                django.db.models.functions.text.Lower("first_name"),
                models.F("id"),
                name="member_by_name",
            ),
        ),
        migrations.RunSQL(
            # fastupdate keeps new members in a list that every search has to walk.
            "CREATE INDEX member_words ON members_member USING gin (words) "
            "WITH (fastupdate = off);",
            "DROP INDEX member_words;",
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
