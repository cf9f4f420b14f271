from django.db import migrations

# Two statements per receipt: purchases_context reads all that the rule needs to know,
# purchases_record writes everything. See decision 0004. Both are PL/pgSQL, whose plans
# a connection keeps; conditions repeat those of the partial indexes, because a kept
# plan knows no values that would imply them.
FORWARDS = """
CREATE FUNCTION purchases_rule(p_rule points_earningrule) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE WHEN p_rule.id IS NOT NULL THEN jsonb_build_object(
        'id', p_rule.id, 'version', p_rule.version,
        'points_per_unit', p_rule.points_per_unit::text,
        'excluded_groups', p_rule.excluded_groups,
        'expires_after_months', p_rule.expires_after_months,
        'point_value', p_rule.point_value::text,
        'reward_points', p_rule.reward_points) END;
END $$;

-- What a linked return needs to know of the purchase it undoes.
CREATE FUNCTION purchases_original(p_programme bigint, p_unique_id text)
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
    SELECT e.id INTO v_entry FROM points_entry e
    WHERE e.member_id = v_receipt.member_id
        AND e.key = 'receipt:' || v_receipt.public_id;
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

-- How many of an earning's points have expired: those cannot be taken back again.
CREATE FUNCTION purchases_expired(p_entry bigint) RETURNS integer
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN COALESCE((
        SELECT sum(u.points) FROM points_lotuse u
        JOIN points_entry e ON e.id = u.entry_id
        WHERE u.lot_id = p_entry AND e.kind = 'EXPIRE'), 0);
END $$;

CREATE FUNCTION purchases_context(
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

-- The one answer to a receipt, made from what is stored: the same today and in a year.
-- A receipt that was claimed later still answers its till as on the day it came in.
CREATE FUNCTION purchases_answer(p_receipt purchases_receipt) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_anonymous boolean := p_receipt.member_id IS NULL
        OR p_receipt.claimed_at IS NOT NULL;
    v_member uuid;
    v_value numeric;
BEGIN
    IF NOT v_anonymous THEN
        SELECT m.public_id INTO v_member FROM members_member m
        WHERE m.id = p_receipt.member_id;
        SELECT e.point_value INTO v_value FROM points_earningrule e
        WHERE e.id = p_receipt.rule_id;
    END IF;
    RETURN jsonb_build_object(
        'id', p_receipt.public_id,
        'uniqueReceiptId', p_receipt.unique_receipt_id,
        'memberId', v_member,
        'isAnonymous', v_anonymous,
        'pointsEarned', CASE WHEN v_anonymous THEN 0 ELSE p_receipt.points END,
        'pointsReversed', p_receipt.reversed_points,
        'noPointsReason', NULLIF(p_receipt.no_points_reason, ''),
        'pointsBalance', CASE WHEN NOT v_anonymous THEN p_receipt.balance_after END,
        'pointsBalanceWorth', CASE WHEN NOT v_anonymous
            THEN trunc(p_receipt.balance_after * v_value, 2)::text END,
        'currency', p_receipt.currency,
        'lines', (SELECT COALESCE(jsonb_agg(
                jsonb_build_object('number', l.number, 'points',
                    CASE WHEN p_receipt.claimed_at IS NULL THEN l.points ELSE 0 END)
                ORDER BY l.number), '[]')
            FROM purchases_receiptline l WHERE l.receipt_id = p_receipt.id)
    );
END $$;

CREATE FUNCTION purchases_record(
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
        IF v_new.original_id IS NOT NULL THEN
            UPDATE purchases_receipt r SET
                returned_eligible = (p_points->>'original_eligible_after')::numeric,
                returned_points = (p_points->>'original_points_after')::integer
            WHERE r.id = v_new.original_id
                AND r.returned_eligible
                    = (p_points->>'original_eligible_before')::numeric
                AND r.returned_points
                    = (p_points->>'original_points_before')::integer
                AND r.points = (p_points->>'original_points')::integer;
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

BACKWARDS = """
DROP FUNCTION purchases_record(
    text, text, text, bytea, timestamptz, jsonb, jsonb, jsonb);
DROP FUNCTION purchases_answer(purchases_receipt);
DROP FUNCTION purchases_context(
    bigint, text, text, text, text, text, text, timestamptz, text);
DROP FUNCTION purchases_expired(bigint);
DROP FUNCTION purchases_original(bigint, text);
DROP FUNCTION purchases_rule(points_earningrule);
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
