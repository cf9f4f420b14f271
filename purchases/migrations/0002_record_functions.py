from django.db import migrations

# Two statements per receipt: purchases_context reads all that the rule needs to know,
# purchases_record writes everything. Measured against one ORM call per row in
# `make bench`; see decision 0004.
FORWARDS = """
CREATE FUNCTION purchases_context(
    p_programme bigint, p_scope text, p_key text, p_unique_id text, p_store text,
    p_phone text, p_email text, p_number text, p_member_public_id uuid,
    p_at timestamptz, p_original_unique_id text
) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'answer', (
            SELECT jsonb_build_object('hash', encode(i.body_hash, 'hex'),
                'operation', i.operation, 'status', i.status, 'body', i.answer)
            FROM common_idempotencyrecord i
            WHERE i.scope = p_scope AND i.key = p_key),
        'existing', (
            SELECT jsonb_build_object('id', r.id,
                'hash', encode(r.content_hash, 'hex'))
            FROM purchases_receipt r
            WHERE r.programme_id = p_programme AND r.unique_receipt_id = p_unique_id),
        'store', (
            SELECT jsonb_build_object('id', s.id, 'is_active', s.is_active)
            FROM stores_store s
            WHERE s.programme_id = p_programme AND s.code = p_store),
        'member', (
            SELECT jsonb_build_object('id', m.id, 'status', m.status)
            FROM members_member m
            WHERE m.programme_id = p_programme AND m.status <> 'ERASED' AND (
                (p_phone <> '' AND m.phone = p_phone)
                OR (p_email <> '' AND m.email <> '' AND lower(m.email) = p_email)
                OR (p_number <> '' AND m.number = p_number)
                OR m.public_id = p_member_public_id)),
        'rule', (
            SELECT to_jsonb(e) FROM points_earningrule e
            WHERE e.programme_id = p_programme AND e.status = 'PUBLISHED'
                AND e.starts_at <= p_at
            ORDER BY e.starts_at DESC LIMIT 1),
        'original', (
            SELECT jsonb_build_object('id', o.id, 'member_id', o.member_id,
                'public_id', o.public_id, 'eligible', o.eligible::text,
                'points', o.points, 'returned_eligible', o.returned_eligible::text,
                'returned_points', o.returned_points,
                'rule', (SELECT to_jsonb(e) FROM points_earningrule e
                    WHERE e.id = o.rule_id),
                'entry', (SELECT e.id FROM points_entry e
                    WHERE e.member_id = o.member_id
                        AND e.key = 'receipt:' || o.public_id))
            FROM purchases_receipt o
            WHERE p_original_unique_id <> '' AND o.programme_id = p_programme
                AND o.unique_receipt_id = p_original_unique_id),
        'has_early_returns', EXISTS (
            SELECT FROM purchases_receipt r
            WHERE r.programme_id = p_programme
                AND r.original_unique_id = p_unique_id AND r.original_id IS NULL)
    );
$$;

-- The one answer to a receipt, made from what is stored: the same today and in a year.
CREATE FUNCTION purchases_answer(p_receipt purchases_receipt) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', p_receipt.public_id,
        'uniqueReceiptId', p_receipt.unique_receipt_id,
        'memberId', (SELECT m.public_id FROM members_member m
            WHERE m.id = p_receipt.member_id AND p_receipt.claimed_at IS NULL),
        'isAnonymous', p_receipt.member_id IS NULL
            OR p_receipt.claimed_at IS NOT NULL,
        'pointsEarned', p_receipt.points,
        'pointsReversed', p_receipt.reversed_points,
        'pointsBalance', p_receipt.balance_after,
        'lines', (SELECT COALESCE(jsonb_agg(
                jsonb_build_object('number', l.number, 'points', l.points)
                ORDER BY l.number), '[]')
            FROM purchases_receiptline l WHERE l.receipt_id = p_receipt.id)
    );
$$;

CREATE FUNCTION purchases_record(
    p_scope text, p_key text, p_operation text, p_body_hash bytea, p_now timestamptz,
    p_receipt jsonb, p_lines jsonb, p_points jsonb
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_new purchases_receipt;
    v_old purchases_receipt;
    v_done common_idempotencyrecord;
    v_answer jsonb;
    v_status smallint := 201;
    v_posted record;
BEGIN
    v_new := jsonb_populate_record(NULL::purchases_receipt, p_receipt);
    -- Repeats of one receipt queue here, whatever idempotency key they carry.
    PERFORM pg_advisory_xact_lock(hashtextextended(
        v_new.programme_id || ':' || v_new.unique_receipt_id, 7301));
    SELECT * INTO v_old FROM purchases_receipt r
    WHERE r.programme_id = v_new.programme_id
        AND r.unique_receipt_id = v_new.unique_receipt_id;
    IF FOUND THEN
        IF v_old.content_hash <> v_new.content_hash THEN
            RETURN jsonb_build_object('outcome', 'conflict', 'receipt', v_old.id);
        END IF;
        v_status := 200;
        v_new := v_old;
    ELSE
        IF v_new.original_id IS NOT NULL THEN
            UPDATE purchases_receipt SET
                returned_eligible = (p_points->>'original_eligible_after')::numeric,
                returned_points = (p_points->>'original_points_after')::integer
            WHERE id = v_new.original_id
                AND returned_eligible
                    = (p_points->>'original_eligible_before')::numeric;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'another return came first' USING ERRCODE = 'SKR01';
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
        v_new.id := nextval(pg_get_serial_sequence('purchases_receipt', 'id'));
        IF v_new.points > 0 THEN
            SELECT * INTO v_posted FROM points_post(
                v_new.member_id, 'EARN', v_new.points, v_new.purchased_at, p_now,
                'receipt:' || v_new.public_id, v_new.rule_id, 'receipt',
                v_new.public_id, '', (p_points->>'earn_id')::uuid,
                (p_points->>'expires_at')::timestamptz, NULL);
            v_new.balance_after := v_posted.balance_after;
        END IF;
        IF v_new.reversed_points > 0 THEN
            SELECT * INTO v_posted FROM points_post(
                (p_points->>'reverse_member')::bigint, 'REVERSE',
                -v_new.reversed_points, v_new.purchased_at, p_now,
                'return:' || v_new.public_id, (p_points->>'reverse_rule')::bigint,
                'receipt', v_new.public_id, '', (p_points->>'reverse_id')::uuid, NULL,
                (p_points->>'reverse_entry')::bigint);
            IF (p_points->>'reverse_member')::bigint = v_new.member_id THEN
                v_new.balance_after := v_posted.balance_after;
            END IF;
        END IF;
        IF v_new.balance_after IS NULL AND v_new.member_id IS NOT NULL THEN
            SELECT COALESCE(max(balance), 0) INTO v_new.balance_after
            FROM points_account WHERE member_id = v_new.member_id;
        END IF;
        INSERT INTO purchases_receipt SELECT v_new.*;
        INSERT INTO purchases_receiptline
            (receipt_id, member_id, number, kind, sku, article_number, article_name,
             article_group, quantity, gross_paid, tax_amount, tax_percent, discounts,
             is_eligible, points, original_number)
        SELECT v_new.id, v_new.member_id, l.number, l.kind, l.sku, l.article_number,
            l.article_name, l.article_group, l.quantity, l.gross_paid, l.tax_amount,
            l.tax_percent, l.discounts, l.is_eligible, l.points, l.original_number
        FROM jsonb_populate_recordset(NULL::purchases_receiptline, p_lines) l;
        IF v_new.member_id IS NOT NULL THEN
            INSERT INTO members_event
                (public_id, member_id, kind, at, recorded_at, data, subject_type,
                 subject_id)
            VALUES ((p_points->>'event_id')::uuid, v_new.member_id,
                p_points->>'event_kind', v_new.purchased_at, p_now,
                p_points->'event_data', 'receipt', v_new.public_id);
        END IF;
    END IF;
    v_answer := purchases_answer(v_new);
    INSERT INTO common_idempotencyrecord
        (scope, key, operation, body_hash, status, answer, recorded_at)
    VALUES (p_scope, p_key, p_operation, p_body_hash, v_status, v_answer, p_now)
    ON CONFLICT (scope, key) DO NOTHING;
    IF NOT FOUND THEN
        SELECT * INTO v_done FROM common_idempotencyrecord i
        WHERE i.scope = p_scope AND i.key = p_key;
        IF v_done.body_hash <> p_body_hash OR v_done.operation <> p_operation THEN
            -- Two bodies raced with one key: this one is undone as a whole.
            RAISE EXCEPTION 'idempotency key reused' USING ERRCODE = 'SKI01';
        END IF;
        RETURN jsonb_build_object('outcome', 'replayed', 'status', v_done.status,
            'answer', v_done.answer);
    END IF;
    RETURN jsonb_build_object('outcome', 'recorded', 'status', v_status,
        'answer', v_answer, 'receipt', v_new.id);
END $$;
"""

BACKWARDS = """
DROP FUNCTION purchases_record(
    text, text, text, bytea, timestamptz, jsonb, jsonb, jsonb);
DROP FUNCTION purchases_answer(purchases_receipt);
DROP FUNCTION purchases_context(
    bigint, text, text, text, text, text, text, text, uuid, timestamptz, text);
"""


class Migration(migrations.Migration):
    """How a receipt is read for and written: one statement each."""

    dependencies = [
        ("purchases", "0001_first_tables"),
        ("points", "0002_ledger_functions"),
        ("members", "0002_event_written_once"),
        ("common", "0003_append_only"),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
