from django.db import migrations

# What staff write of a voucher goes when its member is erased; the line of the log
# stays, and says what was done, when and by whom. Else as `members_hand_over_only`.
FORWARDS = """
CREATE FUNCTION offers_log_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.reason IN ('', OLD.reason)
        AND (NEW.member_id = OLD.member_id
            OR COALESCE(current_setting('stamkund.merging', true), '') = 'on')
        AND to_jsonb(NEW) - 'member_id' - 'reason'
            = to_jsonb(OLD) - 'member_id' - 'reason' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'offers_voucherevent is append-only: UPDATE is refused'
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER voucherevent_append_only BEFORE UPDATE ON offers_voucherevent
FOR EACH ROW EXECUTE FUNCTION offers_log_stays();

-- Of members who were erased before.
UPDATE offers_voucherevent e SET reason = ''
FROM members_member m
WHERE m.id = e.member_id AND m.status = 'ERASED' AND e.reason <> '';
"""
BACKWARDS = """
CREATE OR REPLACE TRIGGER voucherevent_append_only BEFORE UPDATE ON offers_voucherevent
FOR EACH ROW EXECUTE FUNCTION members_hand_over_only();
DROP FUNCTION offers_log_stays();
"""


class Migration(migrations.Migration):
    """Erasing a member empties the reasons in the log of their vouchers."""

    dependencies = [("offers", "0005_vouchers_run_down")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
