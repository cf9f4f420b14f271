"""Retention runs that wait for a person, notices with their event, proof that goes."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

# Proof is let go years after its member was erased, and not before: the database
# itself looks at when that was. A year is the least that a club can choose.
FORWARDS = """
CREATE FUNCTION consent_is_long_erased(p_member bigint, p_ago interval)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM members_member m
        JOIN consent_erasure e ON e.member_id = m.public_id
        WHERE m.id = p_member AND m.status = 'ERASED' AND e.at < now() - p_ago);
$$;

CREATE FUNCTION consent_is_long_closed(p_request bigint, p_ago interval)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM consent_rightsrequest r
        WHERE r.id = p_request AND r.closed_at < now() - p_ago);
$$;

DROP TRIGGER consententry_append_only ON consent_consententry;
CREATE TRIGGER consententry_append_only BEFORE UPDATE ON consent_consententry
FOR EACH ROW EXECUTE FUNCTION members_hand_over_only();
CREATE TRIGGER consententry_kept BEFORE DELETE ON consent_consententry
FOR EACH ROW WHEN (NOT consent_is_long_erased(OLD.member_id, '1 year'))
EXECUTE FUNCTION common_refuse_change();

DROP TRIGGER termsacceptance_append_only ON consent_termsacceptance;
CREATE TRIGGER termsacceptance_append_only BEFORE UPDATE ON consent_termsacceptance
FOR EACH ROW EXECUTE FUNCTION members_hand_over_only();
CREATE TRIGGER termsacceptance_kept BEFORE DELETE ON consent_termsacceptance
FOR EACH ROW WHEN (NOT consent_is_long_erased(OLD.member_id, '1 year'))
EXECUTE FUNCTION common_refuse_change();

DROP TRIGGER rightsstep_append_only ON consent_rightsstep;
CREATE TRIGGER rightsstep_append_only BEFORE UPDATE ON consent_rightsstep
FOR EACH ROW EXECUTE FUNCTION consent_only_empty_note();
CREATE TRIGGER rightsstep_kept BEFORE DELETE ON consent_rightsstep
FOR EACH ROW WHEN (NOT consent_is_long_closed(OLD.request_id, '1 year'))
EXECUTE FUNCTION common_refuse_change();
"""

BACKWARDS = """
DROP TRIGGER rightsstep_kept ON consent_rightsstep;
DROP TRIGGER rightsstep_append_only ON consent_rightsstep;
CREATE TRIGGER rightsstep_append_only BEFORE UPDATE OR DELETE ON consent_rightsstep
FOR EACH ROW EXECUTE FUNCTION consent_only_empty_note();
DROP TRIGGER termsacceptance_kept ON consent_termsacceptance;
DROP TRIGGER termsacceptance_append_only ON consent_termsacceptance;
CREATE TRIGGER termsacceptance_append_only
BEFORE UPDATE OR DELETE ON consent_termsacceptance
FOR EACH ROW EXECUTE FUNCTION members_hand_over_only();
DROP TRIGGER consententry_kept ON consent_consententry;
DROP TRIGGER consententry_append_only ON consent_consententry;
CREATE TRIGGER consententry_append_only
BEFORE UPDATE OR DELETE ON consent_consententry
FOR EACH ROW EXECUTE FUNCTION members_hand_over_only();
DROP FUNCTION consent_is_long_closed(bigint, interval);
DROP FUNCTION consent_is_long_erased(bigint, interval);
"""


class Migration(migrations.Migration):
    """What the nightly letting go needs to know, and what it may let go."""

    dependencies = [
        ("consent", "0011_find_what_was_taken_back"),
        ("common", "0003_append_only"),
    ]

    operations = [
        migrations.AlterField(
            model_name="retentionrun",
            name="state",
            field=models.CharField(
                choices=[
                    ("RUNNING", "Running"),
                    ("DONE", "Done"),
                    ("HELD", "Waits for a person"),
                    ("FAILED", "Stopped"),
                ],
                max_length=7,
            ),
        ),
        migrations.AddField(
            model_name="retentionrun",
            name="forecast",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AddConstraint(
            model_name="retentionrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "RUNNING")),
                fields=("programme", "is_dry"),
                name="retentionrun_one_at_a_time",
            ),
        ),
        migrations.AddField(
            model_name="retentioncount",
            name="ended_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="retentioncount",
            name="is_held",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="retentioncount",
            name="confirmed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="retentioncount",
            name="confirmed_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RemoveConstraint(
            model_name="inactivitynotice", name="inactivitynotice_once_a_silence"
        ),
        migrations.RenameField(
            model_name="inactivitynotice", old_name="month", new_name="step"
        ),
        migrations.AddField(
            model_name="inactivitynotice",
            name="event_id",
            # Nobody has been told yet: there are no rows.
            field=models.UUIDField(
                default="00000000-0000-0000-0000-000000000000", unique=True
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="inactivitynotice",
            name="asked_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="inactivitynotice",
            name="told_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name="inactivitynotice",
            constraint=models.UniqueConstraint(
                fields=("member", "step"), name="inactivitynotice_once_a_silence"
            ),
        ),
        migrations.AddConstraint(
            model_name="inactivitynotice",
            constraint=models.CheckConstraint(
                condition=models.Q(("step__in", [1, 2, 3])),
                name="inactivitynotice_is_of_three",
            ),
        ),
        migrations.AddIndex(
            model_name="inactivitynotice",
            index=models.Index(
                condition=models.Q(("told_at__isnull", True)),
                fields=["asked_at"],
                name="inactivitynotice_not_told",
            ),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
