import re
from importlib import import_module

from django.db import migrations

# The function as before, with the ids of other systems among what finds a member.
FORWARDS = """
CREATE OR REPLACE FUNCTION purchases_context(
    p_programme bigint, p_scope text, p_key text, p_unique_id text, p_store text,
    p_contact_kind text, p_contact text, p_at timestamptz, p_original text,
    OUT answer_hash bytea, OUT answer_operation text, OUT answer_status smallint,
    OUT answer text, OUT store_id bigint, OUT store_name text,
    OUT member_id bigint, OUT member_status text, OUT rule text, OUT original text,
    OUT has_early_returns boolean
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_rule points_earningrule;
BEGIN
    SELECT i.body_hash, i.operation, i.status, i.answer::text
    INTO answer_hash, answer_operation, answer_status, answer
    FROM common_idempotencyrecord i WHERE i.scope = p_scope AND i.key = p_key;
    IF FOUND THEN RETURN; END IF;

    SELECT s.id, s.name INTO store_id, store_name FROM stores_store s
    WHERE s.programme_id = p_programme AND s.code = p_store;

    IF p_contact_kind = 'phone' THEN
        SELECT m.id, m.status INTO member_id, member_status FROM members_member m
        WHERE m.programme_id = p_programme AND m.phone = p_contact AND m.phone <> ''
            AND m.status <> 'ERASED';
    ELSIF p_contact_kind = 'email' THEN
        SELECT m.id, m.status INTO member_id, member_status FROM members_member m
        WHERE m.programme_id = p_programme AND lower(m.email) = p_contact
            AND m.email <> '' AND m.status <> 'ERASED';
    ELSIF p_contact_kind = 'number' THEN
        SELECT m.id, m.status INTO member_id, member_status FROM members_member m
        WHERE m.programme_id = p_programme AND m.number = p_contact
            AND m.status <> 'ERASED';
    ELSIF p_contact_kind = 'id' THEN
        SELECT m.id, m.status INTO member_id, member_status FROM members_member m
        WHERE m.programme_id = p_programme AND m.public_id = p_contact::uuid
            AND m.status <> 'ERASED';
    END IF;
    IF member_id IS NULL AND p_contact_kind IN (
        'phone', 'email', 'number', 'card', 'external') THEN
        -- A further one counts when it is proven: its owner has answered from there.
        SELECT m.id, m.status INTO member_id, member_status
        FROM members_identifier i JOIN members_member m ON m.id = i.member_id
        WHERE i.programme_id = p_programme
            AND i.kind = CASE p_contact_kind WHEN 'phone' THEN 'PHONE'
                WHEN 'email' THEN 'EMAIL' WHEN 'external' THEN 'EXTERNAL'
                ELSE 'CARD' END
            -- Another system's id comes as the system, a tab, and the id.
            AND i.system = CASE p_contact_kind
                WHEN 'external' THEN split_part(p_contact, E'\\t', 1) ELSE '' END
            AND i.value = CASE p_contact_kind
                WHEN 'card' THEN upper(regexp_replace(p_contact, '\\s', '', 'g'))
                WHEN 'external' THEN split_part(p_contact, E'\\t', 2)
                ELSE p_contact END
            AND i.ended_at IS NULL AND i.proven_at IS NOT NULL
            AND m.status <> 'ERASED';
    ELSIF member_status = 'MERGED' THEN
        -- An old card, or an old id, of somebody whose memberships were made one.
        SELECT k.id, k.status INTO member_id, member_status
        FROM members_member m JOIN members_member k ON k.id = m.merged_into_id
        WHERE m.id = purchases_context.member_id AND k.status <> 'ERASED';
    END IF;

    SELECT * INTO v_rule FROM points_earningrule e
    WHERE e.programme_id = p_programme AND e.status = 'PUBLISHED'
        AND e.starts_at <= p_at
    ORDER BY e.starts_at DESC LIMIT 1;
    rule := purchases_rule(v_rule)::text;

    IF p_original <> '' THEN
        original := purchases_original(p_programme, p_original)::text;
    END IF;
    has_early_returns := EXISTS (
        SELECT FROM purchases_receipt r
        WHERE r.programme_id = p_programme AND r.original_unique_id = p_unique_id
            AND r.original_unique_id <> '' AND r.original_id IS NULL);
END $$;
"""


def _as_before() -> str:
    """Return the function as it was."""
    before = import_module("purchases.migrations.0003_merging").FORWARDS
    found = re.search(
        r"CREATE OR REPLACE FUNCTION purchases_context\(.*?END \$\$;",
        before,
        re.DOTALL,
    )
    return found[0] if found else ""


class Migration(migrations.Migration):
    """Receipts find members by the ids that other systems know them by."""

    dependencies = [("purchases", "0004_sums_after_receipts")]

    operations = [migrations.RunSQL(FORWARDS, _as_before())]
