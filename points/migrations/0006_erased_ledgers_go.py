from django.db import migrations

# The least that any country's accounting law asks for is five years: before that the
# database lets no entry go, whatever a programme above it says.
FORWARDS = """
DROP TRIGGER entry_append_only ON points_entry;
CREATE TRIGGER entry_append_only BEFORE UPDATE ON points_entry
FOR EACH ROW EXECUTE FUNCTION common_refuse_change();
CREATE TRIGGER entry_kept BEFORE DELETE ON points_entry
FOR EACH ROW WHEN (NOT consent_is_long_erased(OLD.member_id, '5 years'))
EXECUTE FUNCTION common_refuse_change();

DROP TRIGGER lotuse_append_only ON points_lotuse;
CREATE TRIGGER lotuse_append_only BEFORE UPDATE ON points_lotuse
FOR EACH ROW EXECUTE FUNCTION common_refuse_change();
CREATE TRIGGER lotuse_kept BEFORE DELETE ON points_lotuse
FOR EACH ROW WHEN (NOT consent_is_long_erased(OLD.member_id, '5 years'))
EXECUTE FUNCTION common_refuse_change();
"""

BACKWARDS = """
DROP TRIGGER lotuse_kept ON points_lotuse;
DROP TRIGGER lotuse_append_only ON points_lotuse;
CREATE TRIGGER lotuse_append_only BEFORE UPDATE OR DELETE ON points_lotuse
FOR EACH ROW EXECUTE FUNCTION common_refuse_change();
DROP TRIGGER entry_kept ON points_entry;
DROP TRIGGER entry_append_only ON points_entry;
CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE ON points_entry
FOR EACH ROW EXECUTE FUNCTION common_refuse_change();
"""


class Migration(migrations.Migration):
    """The accounts of members erased long ago leave the ledger as a whole."""

    dependencies = [
        ("points", "0005_closed_months_hold"),
        ("consent", "0012_runs_wait_for_a_person"),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
