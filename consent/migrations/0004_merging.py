from django.db import migrations, models


class Migration(migrations.Migration):
    """The record is handed on when members are merged; it stays append-only."""

    dependencies = [
        ("consent", "0003_import_and_merge"),
        ("members", "0005_identifiers_follow"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="consententry",
            name="consententry_given_names_its_text",
        ),
        migrations.AddConstraint(
            model_name="consententry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("action", "GIVEN"), _negated=True),
                    ("text__isnull", False),
                    ("source__in", ["IMPORT", "MERGE"]),
                    _connector="OR",
                ),
                name="consententry_given_names_its_text",
            ),
        ),
        migrations.RunSQL(
            """
            CREATE OR REPLACE TRIGGER consententry_append_only
            BEFORE UPDATE OR DELETE ON consent_consententry
            FOR EACH ROW EXECUTE FUNCTION members_hand_over_only();

            CREATE OR REPLACE TRIGGER termsacceptance_append_only
            BEFORE UPDATE OR DELETE ON consent_termsacceptance
            FOR EACH ROW EXECUTE FUNCTION members_hand_over_only();
            """,
            """
            CREATE OR REPLACE TRIGGER consententry_append_only
            BEFORE UPDATE OR DELETE ON consent_consententry
            FOR EACH ROW EXECUTE FUNCTION common_refuse_change();

            CREATE OR REPLACE TRIGGER termsacceptance_append_only
            BEFORE UPDATE OR DELETE ON consent_termsacceptance
            FOR EACH ROW EXECUTE FUNCTION common_refuse_change();
            """,
        ),
    ]
