from django.db import migrations

FORWARDS = """
-- A member's number and address are always among the member's identifiers, whose
-- uniqueness holds over all of them. Once for a whole statement, because imports write
-- a hundred thousand members with one.
CREATE FUNCTION members_identify_new() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO members_identifier
        (public_id, programme_id, member_id, kind, value, added_at, proven_at,
         last_proven_at)
    SELECT gen_random_uuid(), n.programme_id, n.id, c.kind, c.value, n.registered_at,
        c.proven_at, c.proven_at
    FROM new_rows n
    CROSS JOIN LATERAL (VALUES
        ('PHONE', n.phone, n.phone_verified_at),
        ('EMAIL', lower(n.email), n.email_verified_at)
    ) AS c (kind, value, proven_at)
    WHERE c.value <> '';
    IF EXISTS (
        SELECT FROM members_identifier i
        JOIN new_rows n ON n.programme_id = i.programme_id AND n.number = i.value
        WHERE i.kind = 'CARD' AND (i.member_id <> n.id OR i.ended_at IS NOT NULL)) THEN
        RAISE EXCEPTION 'the number is on a card already'
            USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER member_identified AFTER INSERT ON members_member
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION members_identify_new();

CREATE FUNCTION members_identify_one(
    p_member members_member, p_kind text, p_value text, p_proven_at timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_value = '' THEN RETURN; END IF;
    INSERT INTO members_identifier AS i
        (public_id, programme_id, member_id, kind, value, added_at, proven_at,
         last_proven_at)
    VALUES (gen_random_uuid(), p_member.programme_id, p_member.id, p_kind, p_value,
        COALESCE(p_proven_at, now()), p_proven_at, p_proven_at)
    ON CONFLICT (programme_id, kind, system, value) WHERE ended_at IS NULL
    DO UPDATE SET
        proven_at = COALESCE(i.proven_at, EXCLUDED.proven_at),
        last_proven_at = GREATEST(i.last_proven_at, EXCLUDED.proven_at)
    WHERE i.member_id = EXCLUDED.member_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the contact is another member''s'
            USING ERRCODE = 'unique_violation';
    END IF;
END $$;

CREATE FUNCTION members_identify_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM members_identify_one(NEW, 'PHONE', NEW.phone, NEW.phone_verified_at);
    PERFORM members_identify_one(
        NEW, 'EMAIL', lower(NEW.email), NEW.email_verified_at);
    IF NEW.number <> OLD.number AND EXISTS (
        SELECT FROM members_identifier i
        WHERE i.programme_id = NEW.programme_id AND i.value = NEW.number
            AND i.kind = 'CARD'
            AND (i.member_id <> NEW.id OR i.ended_at IS NOT NULL)) THEN
        RAISE EXCEPTION 'the number is on a card already'
            USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER member_identified_again
AFTER UPDATE OF phone, email, phone_verified_at, email_verified_at, number
ON members_member FOR EACH ROW
WHEN ((OLD.phone, OLD.email, OLD.phone_verified_at, OLD.email_verified_at, OLD.number)
    IS DISTINCT FROM
    (NEW.phone, NEW.email, NEW.phone_verified_at, NEW.email_verified_at, NEW.number))
EXECUTE FUNCTION members_identify_changed();

-- What we write to cannot be taken from the member behind the member's own row.
CREATE FUNCTION members_identifier_in_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM members_member m WHERE m.id = OLD.member_id AND (
            OLD.kind = 'PHONE' AND m.phone = OLD.value
            OR OLD.kind = 'EMAIL' AND lower(m.email) = OLD.value)) THEN
        RAISE EXCEPTION 'the identifier is the member''s current contact'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER identifier_in_use
BEFORE UPDATE OF member_id, kind, value, ended_at ON members_identifier FOR EACH ROW
WHEN (OLD.ended_at IS NULL AND (OLD.member_id, OLD.kind, OLD.value, OLD.ended_at)
    IS DISTINCT FROM (NEW.member_id, NEW.kind, NEW.value, NEW.ended_at))
EXECUTE FUNCTION members_identifier_in_use();

-- A card of ours may not carry what is another member's membership number.
CREATE FUNCTION members_card_is_free() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM members_member m
        WHERE m.programme_id = NEW.programme_id AND m.number = NEW.value
            AND m.id <> NEW.member_id AND m.merged_into_id IS DISTINCT FROM
                NEW.member_id) THEN
        RAISE EXCEPTION 'the card carries another member''s number'
            USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER identifier_card_is_free
BEFORE INSERT OR UPDATE OF value ON members_identifier FOR EACH ROW
WHEN (NEW.kind = 'CARD') EXECUTE FUNCTION members_card_is_free();

INSERT INTO members_identifier
    (public_id, programme_id, member_id, kind, value, added_at, proven_at,
     last_proven_at)
SELECT gen_random_uuid(), m.programme_id, m.id, c.kind, c.value, m.registered_at,
    c.proven_at, c.proven_at
FROM members_member m
CROSS JOIN LATERAL (VALUES
    ('PHONE', m.phone, m.phone_verified_at),
    ('EMAIL', lower(m.email), m.email_verified_at)
) AS c (kind, value, proven_at)
WHERE c.value <> '';

-- Written once, but for the hand-over when members are merged: then whose a row is may
-- change, and nothing else. For the append-only tables of every room above.
CREATE FUNCTION members_hand_over_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('stamkund.merging', true) = 'on'
        AND to_jsonb(NEW) - 'member_id' = to_jsonb(OLD) - 'member_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: % is refused',
        TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER event_written_once BEFORE UPDATE ON members_event
FOR EACH ROW EXECUTE FUNCTION members_hand_over_only();
"""
BACKWARDS = """
CREATE OR REPLACE TRIGGER event_written_once BEFORE UPDATE ON members_event
FOR EACH ROW EXECUTE FUNCTION common_refuse_change();
DROP FUNCTION members_hand_over_only();
DROP TRIGGER identifier_card_is_free ON members_identifier;
DROP FUNCTION members_card_is_free();
DROP TRIGGER identifier_in_use ON members_identifier;
DROP FUNCTION members_identifier_in_use();
DROP TRIGGER member_identified_again ON members_member;
DROP FUNCTION members_identify_changed();
DROP FUNCTION members_identify_one(members_member, text, text, timestamptz);
DROP TRIGGER member_identified ON members_member;
DROP FUNCTION members_identify_new();
"""


class Migration(migrations.Migration):
    """Keep identifiers beside the members' own contacts, and let events be handed on.

    Events are still written once; see decision 0011.
    """

    dependencies = [("members", "0004_identifiers_and_merges")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
