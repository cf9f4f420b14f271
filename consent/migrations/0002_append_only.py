from django.db import migrations


class Migration(migrations.Migration):
    """Proof is append-only, and a published text never changes."""

    dependencies = [
        ("consent", "0001_first_tables"),
        ("common", "0003_append_only"),
    ]

    operations = [
        migrations.RunSQL(
            """
            CREATE TRIGGER consententry_append_only
            BEFORE UPDATE OR DELETE ON consent_consententry
            FOR EACH ROW EXECUTE FUNCTION common_refuse_change();

            CREATE TRIGGER termsacceptance_append_only
            BEFORE UPDATE OR DELETE ON consent_termsacceptance
            FOR EACH ROW EXECUTE FUNCTION common_refuse_change();

            CREATE TRIGGER text_published_never_changes
            BEFORE UPDATE OR DELETE ON consent_text
            FOR EACH ROW WHEN (OLD.published_at IS NOT NULL)
            EXECUTE FUNCTION common_refuse_change();
            """,
            """
            DROP TRIGGER consententry_append_only ON consent_consententry;
            DROP TRIGGER termsacceptance_append_only ON consent_termsacceptance;
            DROP TRIGGER text_published_never_changes ON consent_text;
            """,
        )
    ]
