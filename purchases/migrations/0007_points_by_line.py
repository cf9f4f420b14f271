import re
from importlib import import_module

from django.db import migrations, models

# See decision 0014. Receipts are read for and written with the rates of their lines,
# with what the version in force asks about, and with what follows from them.
FORWARDS = """
-- As before, with everything else that the version says, as the text of its JSON.
CREATE OR REPLACE FUNCTION purchases_rule(p_rule points_earningrule) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE WHEN p_rule.id IS NOT NULL THEN jsonb_build_object(
        'id', p_rule.id, 'version', p_rule.version,
        'points_per_unit', p_rule.points_per_unit::text,
        'excluded_groups', p_rule.excluded_groups,
        'expires_after_months', p_rule.expires_after_months,
        'point_value', p_rule.point_value::text,
        'reward_points', p_rule.reward_points,
        'terms', p_rule.terms::text) END;
END $$;

-- As points.terms.Terms.asks_for_catalogue.
CREATE FUNCTION purchases_asks_for_catalogue(p_terms jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN p_terms @? '$.excluded.categories[0]' OR p_terms @? '$.excluded.brands[0]'
        OR p_terms @? '$.multipliers[*].when.goods.categories[0]'
        OR p_terms @? '$.multipliers[*].when.goods.brands[0]';
END $$;

-- Whether a member has bought nothing yet: no receipt, and no sums of earlier ones.
CREATE FUNCTION purchases_is_first(p_member bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    -- Ordered, so that the member's index is read and nothing else.
    RETURN (SELECT r.id FROM purchases_receipt r
            WHERE r.member_id = p_member AND r.eligible > 0
            ORDER BY r.purchased_at DESC LIMIT 1) IS NULL
        AND NOT EXISTS (SELECT FROM purchases_monthsum s
            WHERE s.member_id = p_member);
END $$;

-- What the version asks about who buys; nothing is looked up that it does not ask.
CREATE FUNCTION purchases_buyer(
    p_member bigint, p_at timestamptz, p_rule points_earningrule,
    OUT tier text, OUT is_first boolean, OUT born_on date
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_member IS NULL OR p_rule.id IS NULL THEN RETURN; END IF;
    IF p_rule.terms @? '$.ladder.tiers[0]' THEN
        tier := points_tier_key(p_member, p_at);
    END IF;
    IF p_rule.terms @? '$.multipliers[*].when.first_purchase ? (@ == true)' THEN
        is_first := purchases_is_first(p_member);
    END IF;
    IF p_rule.terms @? '$.multipliers[*].when.birthday ? (@ != null)' THEN
        SELECT m.birthday_on INTO born_on FROM members_member m
        WHERE m.id = p_member;
    END IF;
END $$;

-- Points of an earning that lapsed, less what came back because something was bought in
-- time after all.
CREATE OR REPLACE FUNCTION purchases_expired(p_entry bigint) RETURNS integer
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN COALESCE((
        SELECT sum(u.points) FROM points_lotuse u
        JOIN points_entry e ON e.id = u.entry_id
        WHERE (e.kind = 'EXPIRE' OR e.kind = 'RESTORE' AND EXISTS (
                SELECT FROM points_entry x
                WHERE x.id = e.reverses_id AND x.kind = 'EXPIRE'))
            AND u.lot_id IN (
                SELECT p_entry
                UNION ALL SELECT l.entry_id FROM points_lot l
                WHERE l.origin_id = p_entry AND l.origin_id IS NOT NULL)), 0);
END $$;

-- Gives back what lapsed between two moments, to the very lots, until a day. The caller
-- holds the account's lock. Returns how many points.
CREATE FUNCTION purchases_revive(
    p_member bigint, p_after timestamptz, p_expires timestamptz, p_receipt uuid,
    p_now timestamptz
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_lapsed points_entry;
    v_account points_account;
    v_paid integer;
    v_balance integer;
    v_entry bigint;
    v_points integer := 0;
BEGIN
    FOR v_lapsed IN SELECT e.* FROM points_entry e
        WHERE e.member_id = p_member AND e.kind = 'EXPIRE' AND e.at > p_after
            AND e.at < p_expires AND NOT EXISTS (
                SELECT FROM points_entry r WHERE r.member_id = p_member
                    AND r.reverses_id = e.id AND r.kind = 'RESTORE')
        ORDER BY e.id LOOP
        SELECT * INTO v_account FROM points_account a WHERE a.member_id = p_member;
        v_paid := LEAST(v_account.owed, -v_lapsed.points);
        UPDATE points_account a SET balance = a.balance - v_lapsed.points,
            owed = a.owed - v_paid, entries = a.entries + 1,
            changed_at = GREATEST(a.changed_at, p_now)
        WHERE a.member_id = p_member RETURNING a.balance INTO v_balance;
        INSERT INTO points_entry
            (public_id, member_id, kind, points, balance_after, at, posted_at, key,
             reverses_id, source_type, source_id, reason)
        VALUES (points_new_id(), p_member, 'RESTORE', -v_lapsed.points, v_balance,
            p_now, p_now, 'revive:' || v_lapsed.id, v_lapsed.id, 'receipt', p_receipt,
            '')
        RETURNING id INTO v_entry;
        UPDATE points_lot l SET remaining = l.remaining + u.points,
            expires_at = GREATEST(l.expires_at, p_expires)
        FROM points_lotuse u
        WHERE u.entry_id = v_lapsed.id AND l.entry_id = u.lot_id;
        INSERT INTO points_lotuse (member_id, entry_id, lot_id, points)
        SELECT u.member_id, v_entry, u.lot_id, -u.points FROM points_lotuse u
        WHERE u.entry_id = v_lapsed.id;
        IF v_paid > 0 THEN
            PERFORM points_pay_from_lots(p_member, v_paid, v_account.reserved);
        END IF;
        INSERT INTO members_event
            (public_id, member_id, kind, at, recorded_at, data, subject_type,
             subject_id)
        VALUES (points_new_id(), p_member, 'points.restored', p_now, p_now,
            jsonb_build_object('points', -v_lapsed.points), 'receipt', p_receipt);
        v_points := v_points - v_lapsed.points;
    END LOOP;
    RETURN v_points;
END $$;

-- Where points lapse when nothing is bought: a purchase moves the day of what is open
-- at its moment. What had lapsed by then stays so, also where no night came by since;
-- what lapsed after it, for the receipt was on its way, comes back. Purchases after it
-- move the day further, as far as each came in time. Returns how many points came back.
CREATE FUNCTION purchases_keep_alive(
    p_member bigint, p_at timestamptz, p_months integer, p_zone text, p_receipt uuid,
    p_now timestamptz
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_last timestamptz := p_at;
    v_next timestamptz;
    v_expires timestamptz;
BEGIN
    PERFORM FROM points_account a WHERE a.member_id = p_member FOR UPDATE;
    IF NOT FOUND THEN RETURN 0; END IF;
    LOOP
        v_expires := (date_trunc('month', v_last AT TIME ZONE p_zone)
            + (p_months + 1) * interval '1 month') AT TIME ZONE p_zone;
        SELECT r.purchased_at INTO v_next FROM purchases_receipt r
        WHERE r.member_id = p_member AND r.purchased_at > v_last
            AND r.purchased_at < v_expires AND EXISTS (
                SELECT FROM purchases_receiptline l
                WHERE l.receipt_id = r.id AND l.kind = 'PURCHASE')
        ORDER BY r.purchased_at DESC LIMIT 1;
        EXIT WHEN NOT FOUND;
        v_last := v_next;
    END LOOP;
    UPDATE points_lot l SET expires_at = v_expires
    WHERE l.member_id = p_member AND l.remaining > 0 AND l.expires_at < v_expires
        AND l.expires_at > p_at;
    -- Points lapse with the end of a day.
    IF (p_at AT TIME ZONE p_zone)::date >= (p_now AT TIME ZONE p_zone)::date THEN
        RETURN 0;
    END IF;
    RETURN purchases_revive(p_member, p_at, v_expires, p_receipt, p_now);
END $$;

-- What a linked return needs to know of the purchase it undoes: its lines with their
-- rates, and all that has come back of them.
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
        'public_id', v_receipt.public_id,
        'member_id', v_receipt.member_id,
        'member_status', (SELECT m.status FROM members_member m
            WHERE m.id = v_receipt.member_id),
        'rule', purchases_rule(v_rule),
        'entry_id', v_entry,
        'currency', v_receipt.currency,
        'purchased_at', v_receipt.purchased_at,
        'eligible', v_receipt.eligible::text,
        'exact', v_receipt.exact::text,
        'points', v_receipt.points,
        'returned_eligible', v_receipt.returned_eligible::text,
        'returned_exact', v_receipt.returned_exact::text,
        'returned_points', v_receipt.returned_points,
        'expired', purchases_expired(v_entry),
        'is_counted', v_receipt.no_points_reason <> 'member_blocked',
        'returns', (SELECT count(*) FROM purchases_receipt b
            WHERE b.original_id = v_receipt.id),
        'lines', purchases_bought(v_receipt.id),
        'came_back', purchases_came_back(v_receipt.id, v_receipt.currency));
END $$;

CREATE FUNCTION purchases_bought(p_receipt bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT COALESCE(jsonb_agg(jsonb_build_object(
            'number', l.number, 'sku', l.sku, 'quantity', l.quantity::text,
            'paid', l.gross_paid::text, 'tax', l.tax_amount::text,
            'tax_percent', l.tax_percent::text, 'is_eligible', l.is_eligible,
            'rate', l.rate::text,
            'discount', (SELECT COALESCE(sum(abs((d->>'value')::numeric)), 0)::text
                FROM jsonb_array_elements(l.discounts) d)) ORDER BY l.number), '[]')
        FROM purchases_receiptline l
        WHERE l.receipt_id = p_receipt AND l.kind = 'PURCHASE');
END $$;

-- Money counts in the purchase's currency; where another was given back, pieces do.
CREATE FUNCTION purchases_came_back(p_receipt bigint, p_currency text) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT COALESCE(jsonb_agg(jsonb_build_object(
            'original_number', l.original_number, 'sku', l.sku,
            'quantity', abs(l.quantity)::text,
            'paid', CASE WHEN b.currency = p_currency THEN l.gross_paid::text END)),
            '[]')
        FROM purchases_receipt b JOIN purchases_receiptline l ON l.receipt_id = b.id
        WHERE b.original_id = p_receipt AND l.kind = 'RETURN');
END $$;

DROP FUNCTION purchases_context(
    bigint, text, text, text, text, text, text, timestamptz, text);

CREATE FUNCTION purchases_context(
    p_programme bigint, p_scope text, p_key text, p_unique_id text, p_store text,
    p_contact_kind text, p_contact text, p_at timestamptz, p_original text,
    p_skus text[], p_has_vouchers boolean,
    OUT answer_hash bytea, OUT answer_operation text, OUT answer_status smallint,
    OUT answer text, OUT store_id bigint, OUT store_name text, OUT channel text,
    OUT member_id bigint, OUT member_status text, OUT tier text, OUT is_first boolean,
    OUT born_on date, OUT rule text, OUT original text, OUT has_early_returns boolean,
    OUT has_offers boolean, OUT articles text
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_rule points_earningrule;
BEGIN
    SELECT i.body_hash, i.operation, i.status, i.answer::text
    INTO answer_hash, answer_operation, answer_status, answer
    FROM common_idempotencyrecord i WHERE i.scope = p_scope AND i.key = p_key;
    IF FOUND THEN RETURN; END IF;

    SELECT s.id, s.name, s.kind INTO store_id, store_name, channel
    FROM stores_store s
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
    SELECT b.tier, b.is_first, b.born_on INTO tier, is_first, born_on
    FROM purchases_buyer(member_id, p_at, v_rule) b;

    has_offers := p_has_vouchers OR offers_follow_receipts(p_programme);
    IF has_offers OR purchases_asks_for_catalogue(v_rule.terms) THEN
        SELECT jsonb_object_agg(p.sku, jsonb_build_array(p.category, p.brand))::text
        INTO articles FROM purchases_product p
        WHERE p.programme_id = p_programme AND p.sku = ANY (p_skus);
    END IF;

    IF p_original <> '' THEN
        original := purchases_original(p_programme, p_original)::text;
    END IF;
    has_early_returns := EXISTS (
        SELECT FROM purchases_receipt r
        WHERE r.programme_id = p_programme AND r.original_unique_id = p_unique_id
            AND r.original_unique_id <> '' AND r.original_id IS NULL);
END $$;

-- As before; points are worth what the version says in the receipt's currency.
CREATE OR REPLACE FUNCTION purchases_answer(p_receipt purchases_receipt) RETURNS jsonb
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
        SELECT CASE WHEN g.currency = p_receipt.currency THEN e.point_value
            ELSE (e.terms->'currencies'->p_receipt.currency->>'point_value')::numeric
            END INTO v_value
        FROM points_earningrule e JOIN stores_programme g ON g.id = e.programme_id
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
    v_taken integer := 0;
    v_offers jsonb := p_points->'offers';
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
                returned_exact = (p_points->>'original_exact_after')::numeric,
                returned_points = (p_points->>'original_points_after')::integer
            WHERE r.id = v_new.original_id
                AND (v_reverse_member IS NULL OR r.member_id = v_reverse_member)
                AND r.returned_eligible
                    = (p_points->>'original_eligible_before')::numeric
                AND r.returned_points
                    = (p_points->>'original_points_before')::integer
                AND r.points = (p_points->>'original_points')::integer;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'it was returned or merged meanwhile'
                    USING ERRCODE = 'SKR01';
            END IF;
            -- Also one that took nothing: what it brought back counts.
            IF (p_points->>'original_returns')::integer <> (
                SELECT count(*) FROM purchases_receipt r
                WHERE r.original_id = v_new.original_id) THEN
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
        IF (p_points->>'is_first')::boolean THEN
            -- Two first purchases at once: one of them is the first.
            PERFORM pg_advisory_xact_lock(
                hashtextextended(v_new.member_id::text, 7302));
            IF NOT purchases_is_first(v_new.member_id) THEN
                RAISE EXCEPTION 'it is not the first' USING ERRCODE = 'SKR01';
            END IF;
        END IF;
        v_new.id := nextval('purchases_receipt_id_seq');
        receipt_id := v_new.id;
        IF v_new.points > 0 THEN
            SELECT * INTO v_posted FROM points_post(
                v_new.member_id, 'EARN', v_new.points, v_new.purchased_at, p_now,
                'receipt:' || v_new.public_id, v_new.rule_id, 'receipt',
                v_new.public_id, '', (p_points->>'earn_id')::uuid,
                (p_points->>'expires_at')::timestamptz, NULL,
                (p_points->>'active_from')::timestamptz);
            v_new.balance_after := v_posted.balance_after;
        END IF;
        IF p_points ? 'idle_months' AND purchases_keep_alive(v_new.member_id,
                v_new.purchased_at, (p_points->>'idle_months')::integer,
                p_points->>'zone', v_new.public_id, p_now) > 0 THEN
            v_new.balance_after := NULL;
        END IF;
        IF v_new.reversed_points > 0 THEN
            -- Expiry takes the account's lock too: what it took stays as it was read.
            PERFORM FROM points_account a
            WHERE a.member_id = v_reverse_member FOR UPDATE;
            IF v_reverse_entry IS NOT NULL AND purchases_expired(v_reverse_entry)
                <> (p_points->>'original_expired')::integer THEN
                RAISE EXCEPTION 'points expired meanwhile' USING ERRCODE = 'SKR01';
            END IF;
            IF p_points->>'reverse_policy' = 'balance' THEN
                -- What is tied up in unused vouchers is there to take, too.
                PERFORM offers_before_reversal(v_reverse_member, v_new.reversed_points,
                    v_new.public_id, v_new.store_id, v_new.purchased_at, p_now,
                    v_reverse_entry);
            END IF;
            SELECT * INTO v_posted FROM points_reverse(
                v_reverse_member, v_new.reversed_points, v_new.purchased_at, p_now,
                'return:' || v_new.public_id, (p_points->>'reverse_rule')::bigint,
                'receipt', v_new.public_id, (p_points->>'reverse_id')::uuid,
                v_reverse_entry, p_points->>'reverse_policy');
            v_taken := v_posted.taken;
            IF v_reverse_member = v_new.member_id THEN
                v_new.balance_after := v_posted.balance_after;
            END IF;
        END IF;
        PERFORM points_after_receipt(c.member, c.day, c.spend, c.visits, c.points,
            v_new.purchased_at, p_now)
        FROM jsonb_to_recordset(p_points->'counts') AS c(
            member bigint, day date, spend numeric, visits integer, points integer);
        IF v_offers IS NOT NULL THEN
            IF v_reverse_member IS DISTINCT FROM v_new.member_id THEN
                -- Somebody else brought the goods back: it is the buyer who owes.
                PERFORM offers_withdraw(v_reverse_member, NULL, v_new.public_id,
                    v_new.store_id, v_new.purchased_at, p_now);
            END IF;
            PERFORM offers_after_receipt(v_new.programme_id, v_new.member_id,
                v_new.public_id, (v_offers->>'original')::uuid, v_new.store_id,
                v_new.purchased_at, p_now, v_offers->'lines',
                ARRAY(SELECT jsonb_array_elements_text(v_offers->'vouchers')),
                COALESCE(v_offers->>'purchase', ''), v_new.currency);
            -- Points may have become a voucher.
            v_new.balance_after := NULL;
        END IF;
        IF v_new.balance_after IS NULL AND v_new.member_id IS NOT NULL THEN
            SELECT COALESCE(max(a.balance), 0) INTO v_new.balance_after
            FROM points_account a WHERE a.member_id = v_new.member_id;
        END IF;
        -- The policy may have let some of it go: then it was not taken from the lines
        -- either, the last ones first, nor told.
        INSERT INTO purchases_receiptline
            (receipt_id, member_id, number, kind, sku, article_number, article_name,
             article_group, quantity, gross_paid, tax_amount, tax_percent, discounts,
             awards_bonus, is_eligible, points, rate, multipliers, original_number)
        SELECT v_new.id, v_new.member_id, l.number, l.kind, l.sku, l.article_number,
            l.article_name, l.article_group, l.quantity, l.gross_paid, l.tax_amount,
            l.tax_percent, l.discounts, l.awards_bonus, l.is_eligible,
            CASE WHEN v_taken = v_new.reversed_points OR l.points >= 0 THEN l.points
                ELSE -GREATEST(LEAST(-l.points, v_taken - (
                    sum(-l.points) FILTER (WHERE l.points < 0)
                        OVER (ORDER BY l.number) + l.points)), 0) END,
            l.rate, l.multipliers, l.original_number
        FROM jsonb_populate_recordset(NULL::purchases_receiptline, p_lines) l;
        INSERT INTO members_event
            (public_id, member_id, kind, at, recorded_at, data, subject_type,
             subject_id)
        SELECT e.id, e.member, e.kind, v_new.purchased_at, p_now,
            CASE WHEN e.takes IS NULL THEN e.data
                ELSE jsonb_set(e.data, ARRAY[e.takes], to_jsonb(v_taken)) END,
            'receipt', v_new.public_id
        FROM jsonb_to_recordset(p_points->'events')
            AS e(id uuid, member bigint, kind text, data jsonb, takes text)
        WHERE e.kind <> 'points.reversed' OR v_taken > 0;
        v_new.reversed_points := v_taken;
        INSERT INTO purchases_receipt SELECT v_new.*;
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

# What was recorded before earned the same for every krona.
FILL = """
UPDATE purchases_receipt r SET exact = r.eligible * e.points_per_unit,
    returned_exact = r.returned_eligible * e.points_per_unit
FROM points_earningrule e WHERE e.id = r.rule_id AND r.eligible > 0;
UPDATE purchases_receiptline l SET rate = e.points_per_unit
FROM purchases_receipt r JOIN points_earningrule e ON e.id = r.rule_id
WHERE r.id = l.receipt_id AND l.kind = 'PURCHASE' AND l.is_eligible AND r.eligible > 0;
"""

_DROPPED = """
DROP FUNCTION purchases_context(
    bigint, text, text, text, text, text, text, timestamptz, text, text[], boolean);
DROP FUNCTION purchases_came_back(bigint, text);
DROP FUNCTION purchases_bought(bigint);
DROP FUNCTION purchases_keep_alive(
    bigint, timestamptz, integer, text, uuid, timestamptz);
DROP FUNCTION purchases_revive(bigint, timestamptz, timestamptz, uuid, timestamptz);
DROP FUNCTION purchases_buyer(bigint, timestamptz, points_earningrule);
DROP FUNCTION purchases_is_first(bigint);
DROP FUNCTION purchases_asks_for_catalogue(jsonb);
"""
_CHANGED = {
    "0002_record_functions": ("purchases_rule", "purchases_answer"),
    "0003_merging": (
        "purchases_original",
        "purchases_expired",
        "purchases_record",
    ),
    "0005_external_ids_find": ("purchases_context",),
}


def _as_before() -> str:
    """Return the functions as they were."""
    parts = [_DROPPED]
    for migration, names in _CHANGED.items():
        text = import_module(f"purchases.migrations.{migration}").FORWARDS
        for name in names:
            found = re.search(
                rf"CREATE (?:OR REPLACE )?(FUNCTION {name}\(.*?END \$\$;)",
                text,
                re.DOTALL,
            )
            parts.append(f"CREATE OR REPLACE {found[1]}" if found else "")
    return "\n".join(parts)


class Migration(migrations.Migration):
    """Receipts are recorded with the rate of each line."""

    dependencies = [
        ("purchases", "0006_lines_keep_their_rate"),
        ("points", "0012_tiers"),
        ("offers", "0001_vouchers"),
    ]

    operations = [
        migrations.AlterField(
            model_name="receipt",
            name="no_points_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("no_contact", "No member was named"),
                    ("member_unknown", "Nobody in the club was found"),
                    ("member_left", "The member has left the club"),
                    ("member_blocked", "The member is blocked"),
                    ("no_rule", "No earning rule was in force"),
                    (
                        "other_currency",
                        "Purchases in this currency earn no points",
                    ),
                    ("nothing_earns", "Nothing on the receipt earns points"),
                ],
                db_default="",
                max_length=16,
            ),
        ),
        migrations.RunSQL(FORWARDS, _as_before()),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
