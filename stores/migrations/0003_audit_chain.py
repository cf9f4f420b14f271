from django.db import migrations

FORWARDS = """
-- What an entry's hash covers: everything it says, its place and the hash before it.
-- jsonb writes one value in one way, whatever order or spacing it was given in.
CREATE FUNCTION stores_audit_digest(e stores_auditentry) RETURNS bytea
LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(jsonb_build_array(
        e.lane, e.number, e.programme_id,
        to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
        e.actor_kind, e.actor_id, e.action, e.member_id, e.subject, e.reason, e.data,
        encode(e.previous_hash, 'hex'))::text, 'UTF8'));
$$;

-- In the database and not in Python, so that no entry comes in beside the chain. The
-- head's row lock, held until commit, gives the entries of a lane their order.
CREATE FUNCTION stores_audit_append() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO stores_auditlane AS head (lane, entries, last_hash)
    VALUES (NEW.lane, 1, ''::bytea)
    ON CONFLICT (lane) DO UPDATE SET entries = head.entries + 1
    RETURNING entries, last_hash INTO NEW.number, NEW.previous_hash;
    NEW.hash := stores_audit_digest(NEW);
    UPDATE stores_auditlane SET last_hash = NEW.hash WHERE lane = NEW.lane;
    RETURN NEW;
END $$;

CREATE TRIGGER auditentry_append BEFORE INSERT ON stores_auditentry
    FOR EACH ROW EXECUTE FUNCTION stores_audit_append();
CREATE TRIGGER auditentry_append_only BEFORE UPDATE OR DELETE ON stores_auditentry
    FOR EACH ROW EXECUTE FUNCTION common_refuse_change();

CREATE FUNCTION stores_audit_only_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.lane = OLD.lane AND NEW.entries >= OLD.entries THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the head of an audit chain only moves forward'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER auditlane_only_forward BEFORE UPDATE OR DELETE ON stores_auditlane
    FOR EACH ROW EXECUTE FUNCTION stores_audit_only_forward();
"""

BACKWARDS = """
DROP TRIGGER auditlane_only_forward ON stores_auditlane;
DROP FUNCTION stores_audit_only_forward();
DROP TRIGGER auditentry_append_only ON stores_auditentry;
DROP TRIGGER auditentry_append ON stores_auditentry;
DROP FUNCTION stores_audit_append();
DROP FUNCTION stores_audit_digest(stores_auditentry);
"""


class Migration(migrations.Migration):
    """The audit trail chains and protects itself."""

    dependencies = [
        ("stores", "0002_audit_lanes"),
        ("common", "0003_append_only"),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
