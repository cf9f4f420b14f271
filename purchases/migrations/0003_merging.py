import re
from importlib import import_module

from django.db import migrations

_CHANGED = (
    "purchases_original",
    "purchases_expired",
    "purchases_context",
    "purchases_record",
)

# See decision 0011. The functions as before, with what merges have brought: a receipt's
# points may be a lot of another membership's, contacts find by further identifiers too,
# and nothing is written for a member who was merged a moment ago.
FORWARDS = """
CREATE OR REPLACE FUNCTION purchases_original(p_programme bigint, p_unique_id text)
RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_receipt purchases_receipt;
    v_rule points_earningrule;
    v_entry bigint;
BEGIN
    SELECT * INTO v_receipt FROM purchases_receipt r
    WHERE r.programme_id = p_programme AND r.unique_receipt_id = p_unique_id;
    IF NOT FOUND THEN RETURN NULL; END IF;
    SELECT * INTO v_rule FROM points_earningrule e WHERE e.id = v_receipt.rule_id;
    -- Posted to the member, or to a membership that was merged into theirs since.
    SELECT e.id INTO v_entry FROM points_entry e
    WHERE e.key = 'receipt:' || v_receipt.public_id AND e.member_id IN (
        SELECT v_receipt.member_id
        UNION ALL SELECT m.id FROM members_member m
        WHERE m.merged_into_id = v_receipt.member_id);
    RETURN jsonb_build_object(
        'id', v_receipt.id,
        'member_id', v_receipt.member_id,
        'member_status', (SELECT m.status FROM members_member m
            WHERE m.id = v_receipt.member_id),
        'rule', purchases_rule(v_rule),
        'entry_id', v_entry,
        'eligible', v_receipt.eligible::text,
        'points', v_receipt.points,
        'returned_eligible', v_receipt.returned_eligible::text,
        'returned_points', v_receipt.returned_points,
        'expired', purchases_expired(v_entry),
        'lines_without_points', (
            SELECT COALESCE(jsonb_agg(l.number), '[]') FROM purchases_receiptline l
            WHERE l.receipt_id = v_receipt.id AND NOT l.is_eligible));
END $$;

CREATE OR REPLACE FUNCTION purchases_expired(p_entry bigint) RETURNS integer
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN COALESCE((
        SELECT sum(u.points) FROM points_lotuse u
        JOIN points_entry e ON e.id = u.entry_id
        WHERE e.kind = 'EXPIRE' AND u.lot_id IN (
            SELECT p_entry
            UNION ALL SELECT l.entry_id FROM points_lot l
            WHERE l.origin_id = p_entry AND l.origin_id IS NOT NULL)), 0);
END $$;

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
    IF member_id IS NULL AND p_contact_kind IN ('phone', 'email', 'number', 'card') THEN
        -- A further one counts when it is proven: its owner has answered from there.
        SELECT m.id, m.status INTO member_id, member_status
        FROM members_identifier i JOIN members_member m ON m.id = i.member_id
        WHERE i.programme_id = p_programme
            AND i.kind = CASE p_contact_kind WHEN 'phone' THEN 'PHONE'
                WHEN 'email' THEN 'EMAIL' ELSE 'CARD' END
            AND i.system = ''
            AND i.value = CASE p_contact_kind
                WHEN 'card' THEN upper(regexp_replace(p_contact, '\\s', '', 'g'))
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

CREATE OR REPLACE FUNCTION purchases_record(
    p_scope text, p_key text, p_operation text, p_body_hash bytea, p_now timestamptz,
    p_receipt jsonb, p_lines jsonb, p_points jsonb,
    OUT outcome text, OUT status smallint, OUT answer text, OUT receipt_id bigint
) LANGUAGE plpgsql AS $$
DECLARE
    v_new purchases_receipt;
    v_old purchases_receipt;
    v_done common_idempotencyrecord;
    v_answer jsonb;
    v_posted record;
    v_status text;
    v_reverse_member bigint := (p_points->>'reverse_member')::bigint;
    v_reverse_entry bigint := (p_points->>'reverse_entry')::bigint;
BEGIN
    status := 201;
    outcome := 'recorded';
    v_new := jsonb_populate_record(NULL::purchases_receipt, p_receipt);
    -- Repeats of one receipt queue here, whatever idempotency key they carry.
    PERFORM pg_advisory_xact_lock(hashtextextended(
        v_new.programme_id || ':' || v_new.unique_receipt_id, 7301));
    SELECT * INTO v_old FROM purchases_receipt r
    WHERE r.programme_id = v_new.programme_id
        AND r.unique_receipt_id = v_new.unique_receipt_id;
    IF FOUND THEN
        receipt_id := v_old.id;
        IF v_old.content_hash <> v_new.content_hash
            AND NOT (p_points->>'is_same')::boolean THEN
            outcome := 'exists';
            RETURN;
        END IF;
        v_new := v_old;
    ELSE
        -- Read again when the members were merged meanwhile; whoever merges them now
        -- waits for us. Before any other row, as a merge locks them.
        FOR v_status IN
            SELECT m.status FROM members_member m
            WHERE m.id IN (v_new.member_id, v_reverse_member)
            ORDER BY m.id FOR KEY SHARE
        LOOP
            IF v_status = 'MERGED' THEN
                RAISE EXCEPTION 'merged meanwhile' USING ERRCODE = 'SKR01';
            END IF;
        END LOOP;
        IF v_new.original_id IS NOT NULL THEN
            UPDATE purchases_receipt r SET
                returned_eligible = (p_points->>'original_eligible_after')::numeric,
                returned_points = (p_points->>'original_points_after')::integer
            WHERE r.id = v_new.original_id
                AND (v_reverse_member IS NULL OR r.member_id = v_reverse_member)
                AND r.returned_eligible
                    = (p_points->>'original_eligible_before')::numeric
                AND r.returned_points
                    = (p_points->>'original_points_before')::integer
                AND r.points = (p_points->>'original_points')::integer;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'it was returned or merged meanwhile' USING ERRCODE = 'SKR01';
            END IF;
        ELSIF v_new.original_unique_id <> '' THEN
            -- The purchase may be on its way in another connection: it and this
            -- early return must not both miss each other.
            PERFORM pg_advisory_xact_lock(hashtextextended(
                v_new.programme_id || ':' || v_new.original_unique_id, 7301));
            IF EXISTS (SELECT FROM purchases_receipt r
                WHERE r.programme_id = v_new.programme_id
                    AND r.unique_receipt_id = v_new.original_unique_id) THEN
                RAISE EXCEPTION 'the purchase came first' USING ERRCODE = 'SKR01';
            END IF;
        END IF;
        IF (p_points->>'has_early_returns')::boolean IS DISTINCT FROM EXISTS (
            SELECT FROM purchases_receipt r
            WHERE r.programme_id = v_new.programme_id
                AND r.original_unique_id = v_new.unique_receipt_id
                AND r.original_unique_id <> '' AND r.original_id IS NULL) THEN
            RAISE EXCEPTION 'a return came first' USING ERRCODE = 'SKR01';
        END IF;
        v_new.id := nextval('purchases_receipt_id_seq');
        receipt_id := v_new.id;
        IF v_new.points > 0 THEN
            SELECT * INTO v_posted FROM points_post(
                v_new.member_id, 'EARN', v_new.points, v_new.purchased_at, p_now,
                'receipt:' || v_new.public_id, v_new.rule_id, 'receipt',
                v_new.public_id, '', (p_points->>'earn_id')::uuid,
                (p_points->>'expires_at')::timestamptz, NULL);
            v_new.balance_after := v_posted.balance_after;
        END IF;
        IF v_new.reversed_points > 0 THEN
            -- Expiry takes the account's lock too: what it took stays as it was read.
            PERFORM FROM points_account a
            WHERE a.member_id = v_reverse_member FOR UPDATE;
            IF v_reverse_entry IS NOT NULL AND purchases_expired(v_reverse_entry)
                <> (p_points->>'original_expired')::integer THEN
                RAISE EXCEPTION 'points expired meanwhile' USING ERRCODE = 'SKR01';
            END IF;
            SELECT * INTO v_posted FROM points_post(
                v_reverse_member, 'REVERSE', -v_new.reversed_points,
                v_new.purchased_at, p_now, 'return:' || v_new.public_id,
                (p_points->>'reverse_rule')::bigint, 'receipt', v_new.public_id, '',
                (p_points->>'reverse_id')::uuid, NULL, v_reverse_entry);
            IF v_reverse_member = v_new.member_id THEN
                v_new.balance_after := v_posted.balance_after;
            END IF;
        END IF;
        IF v_new.balance_after IS NULL AND v_new.member_id IS NOT NULL THEN
            SELECT COALESCE(max(a.balance), 0) INTO v_new.balance_after
            FROM points_account a WHERE a.member_id = v_new.member_id;
        END IF;
        INSERT INTO purchases_receipt SELECT v_new.*;
        INSERT INTO purchases_receiptline
            (receipt_id, member_id, number, kind, sku, article_number, article_name,
             article_group, quantity, gross_paid, tax_amount, tax_percent, discounts,
             awards_bonus, is_eligible, points, original_number)
        SELECT v_new.id, v_new.member_id, l.number, l.kind, l.sku, l.article_number,
            l.article_name, l.article_group, l.quantity, l.gross_paid, l.tax_amount,
            l.tax_percent, l.discounts, l.awards_bonus, l.is_eligible, l.points,
            l.original_number
        FROM jsonb_populate_recordset(NULL::purchases_receiptline, p_lines) l;
        INSERT INTO members_event
            (public_id, member_id, kind, at, recorded_at, data, subject_type,
             subject_id)
        SELECT e.id, e.member, e.kind, v_new.purchased_at, p_now, e.data, 'receipt',
            v_new.public_id
        FROM jsonb_to_recordset(p_points->'events')
            AS e(id uuid, member bigint, kind text, data jsonb);
    END IF;
    v_answer := purchases_answer(v_new);
    INSERT INTO common_idempotencyrecord
        (scope, key, operation, body_hash, status, answer, recorded_at)
    VALUES (p_scope, p_key, p_operation, p_body_hash, 201, v_answer, p_now)
    ON CONFLICT (scope, key) DO NOTHING;
    IF NOT FOUND THEN
        SELECT * INTO v_done FROM common_idempotencyrecord i
        WHERE i.scope = p_scope AND i.key = p_key;
        IF v_done.body_hash <> p_body_hash OR v_done.operation <> p_operation THEN
            -- Two bodies raced with one key: this one is undone as a whole.
            RAISE EXCEPTION 'idempotency key reused' USING ERRCODE = 'SKI01';
        END IF;
        outcome := 'replayed';
        status := v_done.status;
        v_answer := v_done.answer;
    END IF;
    answer := v_answer::text;
END $$;
"""


def _as_before() -> str:
    """Return the functions as they were."""
    first = import_module("purchases.migrations.0002_record_functions").FORWARDS
    found = [
        re.search(rf"CREATE (FUNCTION {name}\(.*?END \$\$;)", first, re.DOTALL)
        for name in _CHANGED
    ]
    return "\n".join(f"CREATE OR REPLACE {match[1]}" for match in found if match)


class Migration(migrations.Migration):
    """Receipts find members by all their identifiers, and survive a merge."""

    dependencies = [
        ("purchases", "0002_record_functions"),
        ("points", "0003_merging"),
        ("members", "0005_identifiers_follow"),
    ]

    operations = [migrations.RunSQL(FORWARDS, _as_before())]
