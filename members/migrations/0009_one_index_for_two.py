from django.db import migrations, models

# Each import of a member wrote the number and the addresses into two indexes: one that
# keeps them unique, and one by which a beginning is found. One that begins with the
# value and compares by pattern does both.
COLUMNS = {
    "number": ("number", "number", ""),
    "phone": ("phone", "phone", " WHERE NOT (phone = '')"),
    "email": ("email", "lower(email)", " WHERE NOT (email = '')"),
}


def _unique(name: str, columns: str, condition: str) -> str:
    return (
        f"CREATE UNIQUE INDEX member_{name}_once_per_programme"
        f" ON members_member ({columns}){condition};"
    )


FORWARDS = "\n".join(
    [
        "ALTER TABLE members_member DROP CONSTRAINT member_number_once_per_programme;",
        "DROP INDEX member_phone_once_per_programme;",
        "DROP INDEX member_email_once_per_programme;",
        *(
            _unique(name, f"{value} text_pattern_ops, programme_id", condition)
            for name, value, condition in COLUMNS.values()
        ),
        *(f"DROP INDEX member_{name}_starts;" for name in COLUMNS),
    ]
)
BACKWARDS = "\n".join(
    [
        *(
            f"CREATE INDEX member_{name}_starts"
            f" ON members_member ({value} text_pattern_ops);"
            for name, value, _condition in COLUMNS.values()
        ),
        *(f"DROP INDEX member_{name}_once_per_programme;" for name in COLUMNS),
        "ALTER TABLE members_member ADD CONSTRAINT member_number_once_per_programme"
        " UNIQUE (programme_id, number);",
        _unique("phone", "programme_id, phone", COLUMNS["phone"][2]),
        _unique("email", "programme_id, lower(email)", COLUMNS["email"][2]),
    ]
)


class Migration(migrations.Migration):
    """Keep and find a number or an address by one index; the state stays as it is."""

    dependencies = [("members", "0008_cheaper_indexes")]

    operations = [
        migrations.RunSQL(FORWARDS, BACKWARDS),
        migrations.RemoveIndex(model_name="member", name="member_status_newest_first"),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(
                condition=models.Q(("status", "ACTIVE"), _negated=True),
                fields=["status", "programme", "-registered_at", "-id"],
                name="member_status_newest_first",
            ),
        ),
    ]
