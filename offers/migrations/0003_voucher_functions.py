from importlib import import_module

from django.db import migrations

# Whatever a till does to vouchers happens in the statement that records its receipt, so
# it is written here; staff's and members' own acts call the same functions. All are
# PL/pgSQL, whose plans a connection keeps. Locks: the members' rows, as a merge and an
# erasure take them, before accounts, and accounts before vouchers; each in the order of
# their keys.
#
# Refusals, as SQLSTATE; the detail is the code as it was sent:
#   SKV01 unknown      SKV02 used already     SKV03 expired    SKV04 another member's
#   SKV05 needs goods that are bought         SKV06 reserved for another purchase
#   SKV07 withdrawn    SKV08 its goods are not on the receipt  SKV09 not valid yet
#   SKV10 held after a change of contact    SKV11 its membership is blocked or over
#   SKV12 in another currency
LOG = """
CREATE TRIGGER voucherevent_append_only BEFORE UPDATE ON offers_voucherevent
FOR EACH ROW EXECUTE FUNCTION members_hand_over_only();
CREATE TRIGGER voucherevent_kept BEFORE DELETE ON offers_voucherevent
FOR EACH ROW WHEN (NOT consent_is_long_erased(OLD.member_id, '5 years'))
EXECUTE FUNCTION common_refuse_change();
CREATE TRIGGER voucherevent_never_emptied BEFORE TRUNCATE ON offers_voucherevent
FOR EACH STATEMENT EXECUTE FUNCTION common_refuse_change();

-- Writes one line of a voucher's log, and what the member's timeline says of it.
CREATE FUNCTION offers_tell(
    p_voucher offers_voucher, p_kind text, p_value numeric, p_at timestamptz,
    p_now timestamptz, p_receipt uuid, p_store bigint, p_staff bigint, p_reason text
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO offers_voucherevent
        (voucher_id, member_id, kind, at, recorded_at, value, receipt, store_id,
         staff_id, reason)
    VALUES (p_voucher.id, p_voucher.member_id, p_kind, p_at, p_now, p_value, p_receipt,
        p_store, p_staff, p_reason);
    IF p_kind IN ('RESERVED', 'RELEASED') THEN RETURN; END IF;
    INSERT INTO members_event
        (public_id, member_id, kind, at, recorded_at, data, subject_type, subject_id)
    SELECT points_new_id(), p_voucher.member_id, 'offers.voucher_' || lower(p_kind),
        p_at, p_now, offers_event_data(p_voucher, p_value), 'voucher',
        p_voucher.public_id
    FROM members_member m WHERE m.id = p_voucher.member_id AND m.status <> 'ERASED';
END $$;
"""
BASICS = """
CREATE FUNCTION offers_event_data(p_voucher offers_voucher, p_value numeric)
RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN jsonb_build_object('value', p_value::text, 'currency', p_voucher.currency,
        'kind', p_voucher.kind, 'origin', p_voucher.origin, 'texts', p_voucher.texts,
        'points', p_voucher.points);
END $$;

-- Twelve signs of five bits, each from a byte of its own of a random UUID: six before
-- the signs that say its version, six after.
CREATE FUNCTION offers_new_code() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_bytes bytea := uuid_send(gen_random_uuid());
    v_code text := '';
BEGIN
    FOR place IN 0..11 LOOP
        v_code := v_code || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + (get_byte(
            v_bytes, CASE WHEN place < 6 THEN place ELSE place + 4 END) & 31), 1);
    END LOOP;
    RETURN v_code;
END $$;

-- A code as it is stored, however somebody wrote it.
CREATE FUNCTION offers_code(p_text text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN translate(upper(regexp_replace(p_text, '[^0-9A-Za-z]', '', 'g')),
        'OIL', '011');
END $$;

-- The first moment of the club's day that is so many days after the one of a moment.
CREATE FUNCTION offers_day(p_at timestamptz, p_days integer, p_zone text)
RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ((p_at AT TIME ZONE p_zone)::date + p_days)::timestamp AT TIME ZONE p_zone;
END $$;

-- When something of some kinds last happened to a voucher.
CREATE FUNCTION offers_last(p_voucher bigint, p_kinds text[]) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT max(e.at) FROM offers_voucherevent e
        WHERE e.voucher_id = p_voucher AND e.kind = ANY (p_kinds));
END $$;

-- Whether a return withdrew a voucher, and not staff.
CREATE FUNCTION offers_is_withdrawn(p_voucher offers_voucher) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN p_voucher.status = 'VOID' AND (SELECT e.kind FROM offers_voucherevent e
        WHERE e.voucher_id = p_voucher.id AND e.kind IN ('VOIDED', 'WITHDRAWN')
        ORDER BY e.id DESC LIMIT 1) = 'WITHDRAWN';
END $$;

-- Why a voucher cannot be used: null when it can. The one answer for tills, the web
-- shop, the portal and the desk. `p_at` is when the purchase is made, for a till may
-- have been offline: what happened after it does not count, so that no finished sale is
-- refused for it. What a night let lapse since was valid then.
CREATE FUNCTION offers_why_not(
    p_voucher offers_voucher, p_at timestamptz, p_now timestamptz
) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE
        WHEN p_voucher.status = 'VOID' AND (p_at < offers_last(
            p_voucher.id, '{VOIDED,WITHDRAWN}')) IS NOT TRUE THEN 'SKV07'
        WHEN p_voucher.status = 'USED' THEN 'SKV02'
        WHEN p_at >= p_voucher.grace_until THEN 'SKV03'
        WHEN p_at < p_voucher.valid_from THEN 'SKV09'
        WHEN p_voucher.status = 'RESERVED' AND p_voucher.reserved_until > p_now
            AND (p_at < offers_last(p_voucher.id, '{RESERVED}')) IS NOT TRUE
            THEN 'SKV06'
        ELSE (SELECT CASE
                WHEN m.status = 'BLOCKED'
                    OR m.status = 'LEFT' AND (p_at < m.left_at) IS NOT TRUE
                    THEN 'SKV11'
                WHEN m.held_until > p_now AND NOT EXISTS (
                    SELECT FROM members_event e WHERE e.member_id = m.id
                        AND e.kind = 'member.contact_changed' AND e.at > p_at)
                    THEN 'SKV10' END
            FROM members_member m WHERE m.id = p_voucher.member_id)
        END;
END $$;

-- Whether a line is of the goods; none named means all. As points.programme.engine.
CREATE FUNCTION offers_fits(p_goods jsonb, p_line jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN NOT (COALESCE(p_goods->'skus', '[]') <> '[]'
            OR COALESCE(p_goods->'groups', '[]') <> '[]'
            OR COALESCE(p_goods->'categories', '[]') <> '[]'
            OR COALESCE(p_goods->'brands', '[]') <> '[]')
        OR p_line->>'sku' <> '' AND p_goods->'skus' ? (p_line->>'sku') IS TRUE
        OR p_line->>'group' <> '' AND p_goods->'groups' ? (p_line->>'group') IS TRUE
        OR p_line->>'category' <> ''
            AND p_goods->'categories' ? (p_line->>'category') IS TRUE
        OR p_line->>'brand' <> '' AND p_goods->'brands' ? (p_line->>'brand') IS TRUE;
END $$;
"""
ISSUING = """
-- Gives a member a voucher and returns its key. `p_key` makes it once: a repeat returns
-- the first one's. Valid from the beginning of the club's day to the end of the day
-- `p_valid_days` after it.
CREATE FUNCTION offers_issue(
    p_member bigint, p_id uuid, p_kind text, p_value numeric, p_goods jsonb,
    p_texts jsonb, p_needs_purchase boolean, p_origin text, p_points integer,
    p_entry bigint, p_rule bigint, p_caused_by uuid, p_key text,
    p_valid_days integer, p_grace_days integer, p_now timestamptz,
    p_store bigint, p_staff bigint, p_reason text, p_card bigint DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_club stores_programme;
    v_voucher offers_voucher;
BEGIN
    SELECT p.* INTO v_club FROM stores_programme p
    JOIN members_member m ON m.programme_id = p.id WHERE m.id = p_member;
    LOOP
        INSERT INTO offers_voucher AS v
            (public_id, programme_id, member_id, code, kind, value, worth, currency,
             goods, texts, needs_purchase, origin, points, entry_id, rule_id, caused_by,
             key, status, issued_at, valid_from, expires_at, grace_days, grace_until,
             reactivations, reserved_key, stamp_card_id)
        VALUES (p_id, v_club.id, p_member, offers_new_code(), p_kind, p_value, p_value,
            v_club.currency, p_goods, p_texts, p_needs_purchase, p_origin, p_points,
            p_entry, p_rule, p_caused_by, p_key, 'ISSUED', p_now,
            offers_day(p_now, 0, v_club.time_zone),
            offers_day(p_now, p_valid_days + 1, v_club.time_zone), p_grace_days,
            offers_day(p_now, p_valid_days + p_grace_days + 1, v_club.time_zone), 0, '',
            p_card)
        ON CONFLICT DO NOTHING
        RETURNING * INTO v_voucher;
        EXIT WHEN FOUND;
        -- The key was used, or the code is one of sixty bits that is there already.
        SELECT * INTO v_voucher FROM offers_voucher v
        WHERE v.member_id = p_member AND v.key = p_key;
        IF FOUND THEN RETURN v_voucher.id; END IF;
    END LOOP;
    PERFORM offers_tell(v_voucher, 'ISSUED', p_value, p_now, p_now, p_caused_by,
        p_store, p_staff, p_reason);
    RETURN v_voucher.id;
END $$;

-- The steps of a version: its own reward where it names none.
CREATE FUNCTION offers_steps(
    p_rule points_earningrule,
    OUT points integer, OUT value numeric, OUT needs_purchase boolean
) RETURNS SETOF record LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_steps jsonb := COALESCE(p_rule.terms->'vouchers'->'steps', '[]');
BEGIN
    IF v_steps = '[]' THEN
        RETURN QUERY SELECT p_rule.reward_points,
            trunc(p_rule.reward_points * p_rule.point_value, 2), true;
        RETURN;
    END IF;
    RETURN QUERY SELECT (s->>'points')::integer, (s->>'value')::numeric,
        COALESCE((s->>'needs_purchase')::boolean, true)
    FROM jsonb_array_elements(v_steps) s;
END $$;

-- Turns a member's points into vouchers where the version in force asks nobody: the
-- largest step that the usable points reach, again and again. Returns how many.
CREATE FUNCTION offers_turn_points(
    p_member bigint, p_receipt uuid, p_store bigint, p_now timestamptz
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_rule points_earningrule;
    v_terms jsonb;
    v_step record;
    v_usable integer;
    v_made integer := 0;
    v_id uuid;
    v_posted record;
    v_is_settled boolean := false;
BEGIN
    PERFORM FROM members_member m WHERE m.id = p_member FOR KEY SHARE;
    SELECT r.* INTO v_rule FROM points_earningrule r
    JOIN members_member m ON m.programme_id = r.programme_id
    WHERE m.id = p_member AND m.status IN ('PENDING', 'ACTIVE')
        AND (m.held_until IS NULL OR m.held_until <= p_now)
        AND r.status = 'PUBLISHED' AND r.starts_at <= p_now
    ORDER BY r.starts_at DESC LIMIT 1;
    v_terms := v_rule.terms->'vouchers';
    IF v_terms->>'mode' IS DISTINCT FROM 'automatic' THEN RETURN 0; END IF;
    LOOP
        SELECT a.balance - a.pending - a.reserved INTO v_usable
        FROM points_account a WHERE a.member_id = p_member FOR UPDATE;
        SELECT s.* INTO v_step FROM offers_steps(v_rule) s
        WHERE s.points <= v_usable ORDER BY s.points DESC LIMIT 1;
        EXIT WHEN NOT FOUND;
        IF NOT v_is_settled THEN
            -- What has lapsed was counted: a smaller step may do without it.
            PERFORM points_settle(ARRAY[p_member], p_now);
            v_is_settled := true;
            CONTINUE;
        END IF;
        v_id := points_new_id();
        BEGIN
            SELECT * INTO v_posted FROM points_post(
                p_member, 'SPEND', -v_step.points, p_now, p_now, 'voucher:' || v_id,
                v_rule.id, 'voucher', v_id, '', points_new_id(), NULL, NULL);
        EXCEPTION WHEN SQLSTATE 'SKP01' OR SQLSTATE 'SKP02' OR SQLSTATE 'SKP03' THEN
            -- Whose points cannot be used stops neither a receipt nor a night.
            EXIT;
        END;
        PERFORM offers_issue(p_member, v_id, 'MONEY', v_step.value, '{}', '{}',
            v_step.needs_purchase, 'POINTS', v_step.points, v_posted.entry_id,
            v_rule.id, p_receipt, NULL, COALESCE((v_terms->>'valid_days')::integer, 90),
            COALESCE((v_terms->>'grace_days')::integer, 14), p_now, p_store, NULL, '');
        v_made := v_made + 1;
    END LOOP;
    RETURN v_made;
END $$;

-- The same for many, as when waiting points became usable. Returns how many vouchers.
CREATE FUNCTION offers_issue_due(p_members bigint[], p_now timestamptz)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_member bigint;
    v_made integer := 0;
BEGIN
    PERFORM FROM members_member m WHERE m.id = ANY (p_members)
    ORDER BY m.id FOR KEY SHARE;
    FOR v_member IN SELECT unnest(p_members) ORDER BY 1 LOOP
        v_made := v_made + offers_turn_points(v_member, NULL, NULL, p_now);
    END LOOP;
    RETURN v_made;
END $$;

-- Members after `p_after` whose points reach a step of an automatic version. One pass
-- over the accounts a night.
CREATE FUNCTION offers_members_due(
    p_after bigint, p_limit integer, p_now timestamptz
) RETURNS bigint[] LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN ARRAY(
        SELECT a.member_id FROM points_account a
        JOIN members_member m ON m.id = a.member_id
        JOIN (
            SELECT DISTINCT ON (r.programme_id) r.programme_id,
                r.terms->'vouchers'->>'mode' AS mode,
                (SELECT min(s.points) FROM offers_steps(r) s) AS least
            FROM points_earningrule r
            WHERE r.status = 'PUBLISHED' AND r.starts_at <= p_now
            ORDER BY r.programme_id, r.starts_at DESC
        ) f ON f.programme_id = m.programme_id AND f.mode = 'automatic'
        WHERE a.member_id > p_after
            AND a.balance - a.pending - a.reserved >= f.least
            AND m.status IN ('PENDING', 'ACTIVE')
            AND (m.held_until IS NULL OR m.held_until <= p_now)
        ORDER BY a.member_id LIMIT p_limit);
END $$;
"""
USING = """
-- Locks a voucher by its code, and before it its member, so that a merge or an erasure
-- either is seen here or waits. Null when there is none.
CREATE FUNCTION offers_hold(p_programme bigint, p_code text) RETURNS offers_voucher
LANGUAGE plpgsql AS $$
DECLARE
    v_voucher offers_voucher;
    v_member bigint;
BEGIN
    LOOP
        SELECT v.member_id INTO v_member FROM offers_voucher v
        WHERE v.programme_id = p_programme AND v.code = offers_code(p_code);
        IF NOT FOUND THEN RETURN NULL; END IF;
        PERFORM FROM members_member m WHERE m.id = v_member FOR KEY SHARE;
        SELECT * INTO v_voucher FROM offers_voucher v
        WHERE v.programme_id = p_programme AND v.code = offers_code(p_code)
            AND v.member_id = v_member FOR UPDATE;
        -- A merge may have moved it while this waited.
        IF FOUND THEN RETURN v_voucher; END IF;
    END LOOP;
END $$;

-- A voucher is used that a later return withdrew: what the return gave back for it is
-- taken again, points and stamps; what is used already is owed.
CREATE FUNCTION offers_take_again(
    p_voucher offers_voucher, p_key text, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_points integer;
BEGIN
    IF p_voucher.origin = 'STAMPS' THEN
        UPDATE offers_membercard c SET rewards = c.rewards + 1
        WHERE c.member_id = p_voucher.member_id
            AND c.card_id = p_voucher.stamp_card_id;
        RETURN;
    END IF;
    v_points := offers_points_in(p_voucher, p_voucher.worth);
    IF p_voucher.origin = 'POINTS' AND v_points > 0 THEN
        PERFORM points_reverse(p_voucher.member_id, v_points, p_now, p_now, p_key,
            p_voucher.rule_id, 'voucher', p_voucher.public_id, points_new_id(), NULL,
            'negative');
    END IF;
END $$;

-- Uses a voucher; returns its key. A repeat, by receipt or by key, changes nothing.
-- `p_lines` is null where they are not known: by API, before the receipt. The receipt
-- that comes then becomes that use's: the one that names its key, and without a key one
-- of the store where it was used. Whose it is matters only for a new use: whoever
-- showed the code to the web shop may have bought as somebody else. Null when it was of
-- a member who was erased since: nobody is left to use it.
CREATE FUNCTION offers_redeem(
    p_programme bigint, p_code text, p_member bigint, p_any_member boolean,
    p_receipt uuid, p_store bigint, p_key text, p_at timestamptz, p_now timestamptz,
    p_lines jsonb, p_currency text DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_voucher offers_voucher;
    v_used offers_redemption;
    v_owner members_member;
    v_why text;
    v_amount numeric;
    v_quantity numeric;
    v_paid jsonb;
    v_bought integer;
    v_fitting integer;
BEGIN
    v_voucher := offers_hold(p_programme, p_code);
    IF v_voucher.id IS NULL THEN
        RAISE EXCEPTION 'no voucher has this code'
        USING ERRCODE = 'SKV01', DETAIL = p_code;
    END IF;
    -- Goods are paid where they fit and cost nothing; where none is free, all that fit.
    WITH bought AS (
        SELECT (l->>'number')::integer AS number,
            abs((l->>'amount')::numeric) AS amount,
            abs((l->>'quantity')::numeric) AS quantity,
            offers_fits(v_voucher.goods, l) AS fits
        FROM jsonb_array_elements(COALESCE(p_lines, '[]')) l
        WHERE l->>'kind' = 'PURCHASE'
    ), paid AS (
        SELECT b.* FROM bought b WHERE v_voucher.kind = 'MONEY' OR b.fits
            AND (b.amount = 0 OR NOT EXISTS (
                SELECT FROM bought o WHERE o.fits AND o.amount = 0))
    )
    SELECT (SELECT count(*) FROM bought),
        (SELECT count(*) FROM bought b WHERE b.fits),
        COALESCE(sum(p.amount), 0), COALESCE(sum(p.quantity), 0),
        CASE v_voucher.kind WHEN 'GOODS' THEN COALESCE(jsonb_agg(p.number), '[]')
            ELSE '[]' END
    INTO v_bought, v_fitting, v_amount, v_quantity, v_paid
    FROM paid p;

    SELECT * INTO v_used FROM offers_redemption r
    WHERE r.voucher_id = v_voucher.id AND (
        r.receipt = p_receipt
        OR p_receipt IS NULL AND r.key = p_key
        OR p_receipt IS NOT NULL AND r.receipt IS NULL
            AND COALESCE(r.store_id = p_store, true)
            AND (r.key = p_key OR p_key = ''))
    ORDER BY r.receipt = p_receipt IS TRUE DESC, r.id DESC LIMIT 1;
    IF v_used.id IS NOT NULL AND (p_receipt IS NULL OR v_used.receipt = p_receipt) THEN
        RETURN v_voucher.id;
    END IF;
    IF v_voucher.kind = 'MONEY' AND p_currency <> v_voucher.currency THEN
        RAISE EXCEPTION 'the voucher is in another currency'
        USING ERRCODE = 'SKV12', DETAIL = p_code;
    END IF;
    IF v_used.id IS NOT NULL THEN
        UPDATE offers_redemption r SET receipt = p_receipt, store_id = p_store,
            amount = v_amount, quantity = v_quantity, lines = v_paid
        WHERE r.id = v_used.id;
        UPDATE offers_voucher v SET used_receipt = p_receipt, used_store_id = p_store
        WHERE v.id = v_voucher.id;
        RETURN v_voucher.id;
    END IF;

    IF NOT p_any_member AND v_voucher.member_id IS DISTINCT FROM p_member THEN
        SELECT * INTO v_owner FROM members_member m WHERE m.id = v_voucher.member_id;
        IF p_member IS NULL AND v_owner.status = 'ERASED'
            AND p_at < offers_last(v_voucher.id, '{VOIDED}') THEN
            RETURN NULL;
        END IF;
        -- Of who left after the purchase the receipt does not name the member.
        IF (p_member IS NULL AND v_owner.status = 'LEFT' AND p_at < v_owner.left_at)
            IS NOT TRUE THEN
            RAISE EXCEPTION 'the voucher is another member''s'
            USING ERRCODE = 'SKV04', DETAIL = p_code;
        END IF;
    END IF;
    IF v_voucher.status = 'RESERVED'
        AND COALESCE(v_voucher.reserved_store_id = p_store, true)
        AND (v_voucher.reserved_key = p_key OR p_receipt IS NOT NULL AND p_key = '')
    THEN
        -- It is reserved for this very purchase.
        v_voucher.status := 'ISSUED';
    END IF;
    v_why := offers_why_not(v_voucher, p_at, p_now);
    IF v_why IS NULL AND p_lines IS NOT NULL THEN
        v_why := CASE WHEN v_bought = 0 AND v_voucher.needs_purchase THEN 'SKV05'
            WHEN v_fitting = 0 AND v_voucher.kind = 'GOODS' THEN 'SKV08' END;
    END IF;
    IF v_why IS NOT NULL THEN
        RAISE EXCEPTION 'the voucher cannot be used'
        USING ERRCODE = v_why, DETAIL = p_code;
    END IF;
    IF offers_is_withdrawn(v_voucher) THEN
        PERFORM offers_take_again(v_voucher, 'used:' || v_voucher.public_id, p_now);
    END IF;
    INSERT INTO offers_redemption
        (public_id, voucher_id, member_id, receipt, store_id, key, at, recorded_at,
         value, amount, quantity, returned_amount, returned_quantity, given_back,
         is_undone, lines)
    VALUES (points_new_id(), v_voucher.id, v_voucher.member_id, p_receipt, p_store,
        p_key, p_at, p_now, v_voucher.worth, v_amount, v_quantity, 0, 0, 0, false,
        v_paid);
    UPDATE offers_voucher v SET status = 'USED', worth = 0, used_at = p_at,
        used_receipt = p_receipt, used_store_id = p_store, reserved_until = NULL,
        reserved_key = '', reserved_store_id = NULL
    WHERE v.id = v_voucher.id;
    PERFORM offers_tell(v_voucher, 'USED', v_voucher.worth, p_at, p_now, p_receipt,
        p_store, NULL, '');
    RETURN v_voucher.id;
END $$;

-- Goods came back that vouchers had paid for: the voucher is valid again for the share
-- of its value, at least fourteen days. All parts together give the whole value back,
-- in any order; in another currency pieces count. A voucher for goods comes back with
-- the last of them. Of one that a return withdrew, the share becomes the points that it
-- cost, as when it had come back before: any order of returns ends alike. What had
-- lapsed before stays lapsed, what staff withdrew stays withdrawn, and nobody gets what
-- an erased member had.
CREATE FUNCTION offers_give_back(
    p_original uuid, p_receipt uuid, p_store bigint, p_at timestamptz,
    p_now timestamptz, p_lines jsonb, p_currency text DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_use offers_redemption;
    v_voucher offers_voucher;
    v_zone text;
    v_amount numeric;
    v_quantity numeric;
    v_share numeric;
    v_back numeric;
    v_points integer;
    v_is_withdrawn boolean;
BEGIN
    FOR v_use IN SELECT r.* FROM offers_redemption r WHERE r.receipt = p_original
        ORDER BY r.voucher_id LOOP
        SELECT * INTO v_voucher FROM offers_voucher v
        WHERE v.id = v_use.voucher_id FOR UPDATE;
        -- Read again below the voucher's lock: another return may have come first.
        SELECT * INTO v_use FROM offers_redemption r WHERE r.id = v_use.id;
        v_is_withdrawn := offers_is_withdrawn(v_voucher);
        CONTINUE WHEN v_use.is_undone
            OR v_voucher.status = 'VOID' AND NOT v_is_withdrawn
            OR EXISTS (SELECT FROM members_member m
                WHERE m.id = v_voucher.member_id AND m.status = 'ERASED')
            OR EXISTS (SELECT FROM offers_voucherevent e
                WHERE e.voucher_id = v_voucher.id AND e.receipt = p_receipt
                    AND e.kind = 'GIVEN_BACK');
        SELECT COALESCE(sum(abs((l->>'amount')::numeric)), 0),
            COALESCE(sum(abs((l->>'quantity')::numeric)), 0)
        INTO v_amount, v_quantity
        FROM jsonb_array_elements(p_lines) l
        WHERE l->>'kind' = 'RETURN' AND (v_voucher.kind = 'MONEY' OR CASE
            WHEN l->>'original_number' IS NULL THEN offers_fits(v_voucher.goods, l)
                AND (v_use.amount > 0 OR (l->>'amount')::numeric = 0)
            ELSE v_use.lines @> (l->'original_number') END);
        IF p_currency <> v_voucher.currency AND v_use.quantity > 0 THEN
            v_amount := v_use.amount * v_quantity / v_use.quantity;
        END IF;
        v_use.returned_amount := v_use.returned_amount + v_amount;
        v_use.returned_quantity := v_use.returned_quantity + v_quantity;
        v_share := LEAST(CASE
            WHEN v_use.amount > 0 THEN v_use.returned_amount / v_use.amount
            WHEN v_use.quantity > 0 THEN v_use.returned_quantity / v_use.quantity
            ELSE 1 END, 1);
        IF v_voucher.kind = 'GOODS' THEN
            v_use.is_undone := v_use.returned_quantity >= v_use.quantity;
            v_share := CASE WHEN v_use.is_undone THEN 1 ELSE 0 END;
        ELSE
            v_use.is_undone := v_share = 1
                AND v_use.returned_quantity >= v_use.quantity;
        END IF;
        v_back := round(v_use.value * v_share, 2) - v_use.given_back;
        UPDATE offers_redemption r SET returned_amount = v_use.returned_amount,
            returned_quantity = v_use.returned_quantity,
            given_back = r.given_back + v_back, is_undone = v_use.is_undone
        WHERE r.id = v_use.id;
        CONTINUE WHEN v_back <= 0
            AND NOT (v_voucher.kind = 'GOODS' AND v_use.is_undone);
        IF v_is_withdrawn THEN
            v_points := offers_points_in(v_voucher, v_voucher.worth + v_back)
                - offers_points_in(v_voucher, v_voucher.worth);
            UPDATE offers_voucher v SET worth = v.worth + v_back
            WHERE v.id = v_voucher.id;
            PERFORM offers_tell(v_voucher, 'GIVEN_BACK', v_back, p_at, p_now, p_receipt,
                p_store, NULL, '');
            IF v_points > 0 THEN
                PERFORM points_restore(v_voucher.member_id, v_voucher.entry_id,
                    v_points, p_now, p_now,
                    'withdraw:' || v_voucher.public_id || ':' || p_receipt, 'voucher',
                    v_voucher.public_id, '', points_new_id());
            END IF;
            PERFORM offers_tell(v_voucher, 'WITHDRAWN', v_back, p_at, p_now, p_receipt,
                p_store, NULL, '');
            CONTINUE;
        END IF;
        SELECT p.time_zone INTO v_zone FROM stores_programme p
        WHERE p.id = v_voucher.programme_id;
        UPDATE offers_voucher v SET
            status = CASE WHEN v.status = 'RESERVED' THEN v.status ELSE 'ISSUED' END,
            worth = CASE WHEN v.status = 'LAPSED' THEN v_back ELSE v.worth + v_back END,
            reminded_at = NULL,
            expires_at = GREATEST(v.expires_at, offers_day(p_now, 15, v_zone)),
            grace_until = GREATEST(v.grace_until,
                offers_day(p_now, 15 + v.grace_days, v_zone))
        WHERE v.id = v_voucher.id;
        PERFORM offers_tell(v_voucher, 'GIVEN_BACK', v_back, p_at, p_now, p_receipt,
            p_store, NULL, '');
    END LOOP;
END $$;

-- The points that part of a voucher cost.
CREATE FUNCTION offers_points_in(p_voucher offers_voucher, p_worth numeric)
RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE WHEN p_voucher.origin = 'POINTS' AND p_voucher.entry_id IS NOT NULL
        THEN floor(p_voucher.points * p_worth / p_voucher.value) ELSE 0 END;
END $$;

-- Takes unused vouchers back until nothing is owed, or, with `p_least`, until a return
-- of the earning `p_entry` can take so many points without a debt: the newest first,
-- whole ones, and only as many as it needs; what is over stays as points. So any order
-- of returns ends with the same vouchers. A used one stays used: what it cost stays
-- owed, as far as the version's policy on returns lets the account owe. One that was
-- used although it had been withdrawn is not withdrawn again: its points came back.
CREATE FUNCTION offers_withdraw(
    p_member bigint, p_least integer, p_receipt uuid, p_store bigint,
    p_at timestamptz, p_now timestamptz, p_entry bigint DEFAULT NULL
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_voucher offers_voucher;
    v_account points_account;
    v_there integer;
    v_taken integer := 0;
BEGIN
    PERFORM FROM members_member m WHERE m.id = p_member FOR KEY SHARE;
    SELECT * INTO v_account FROM points_account a
    WHERE a.member_id = p_member FOR UPDATE;
    IF p_least IS NOT NULL OR v_account.owed > 0 THEN
        PERFORM points_settle(ARRAY[p_member], p_now, p_entry);
    END IF;
    LOOP
        SELECT * INTO v_account FROM points_account a
        WHERE a.member_id = p_member FOR UPDATE;
        EXIT WHEN NOT FOUND;
        IF p_least IS NULL THEN
            EXIT WHEN v_account.owed = 0;
        ELSE
            -- The very sum that the reversal then takes of.
            SELECT COALESCE(sum(l.remaining), 0) + v_account.balance + v_account.owed
                - v_account.pending - v_account.reserved
            INTO v_there
            FROM points_lot l
            WHERE l.member_id = p_member AND l.remaining > 0 AND l.is_pending
                AND (p_entry IN (l.entry_id, l.origin_id)) IS TRUE;
            EXIT WHEN v_there >= p_least;
        END IF;
        SELECT * INTO v_voucher FROM offers_voucher v
        WHERE v.member_id = p_member AND v.status = 'ISSUED' AND v.origin = 'POINTS'
            AND v.grace_until > p_now AND offers_points_in(v, v.worth) > 0
            AND offers_last(v.id, '{WITHDRAWN}') IS NULL
        ORDER BY v.id DESC LIMIT 1 FOR UPDATE;
        EXIT WHEN NOT FOUND;
        UPDATE offers_voucher v SET status = 'VOID' WHERE v.id = v_voucher.id;
        PERFORM points_restore(p_member, v_voucher.entry_id,
            offers_points_in(v_voucher, v_voucher.worth), p_now, p_now,
            'withdraw:' || v_voucher.public_id, 'voucher', v_voucher.public_id, '',
            points_new_id());
        PERFORM offers_tell(v_voucher, 'WITHDRAWN', v_voucher.worth, p_at, p_now,
            p_receipt, p_store, NULL, '');
        v_taken := v_taken + 1;
    END LOOP;
    RETURN v_taken;
END $$;

-- To be called before a return takes points under a policy that lets no debt arise:
-- what is tied up in unused vouchers is there to take, too. `p_entry` is the earning
-- that the return undoes: what waits of it is taken first, and no other's.
CREATE FUNCTION offers_before_reversal(
    p_member bigint, p_points integer, p_receipt uuid, p_store bigint,
    p_at timestamptz, p_now timestamptz, p_entry bigint DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM offers_withdraw(
        p_member, p_points, p_receipt, p_store, p_at, p_now, p_entry);
END $$;

-- Locks whomever a receipt may change vouchers of, before any account or voucher.
CREATE FUNCTION offers_lock_members(
    p_programme bigint, p_member bigint, p_original uuid, p_vouchers text[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM members_member m WHERE m.id = ANY (ARRAY(
        SELECT p_member
        UNION SELECT r.member_id FROM offers_redemption r WHERE r.receipt = p_original
        UNION SELECT v.member_id FROM unnest(p_vouchers) c
        JOIN offers_voucher v ON v.programme_id = p_programme
            AND v.code = offers_code(c)))
    ORDER BY m.id FOR KEY SHARE;
END $$;

-- `p_member` is whose purchase it is; of a return, whose points it took back.
CREATE OR REPLACE FUNCTION offers_after_receipt(
    p_programme bigint, p_member bigint, p_receipt uuid, p_original uuid,
    p_store bigint, p_at timestamptz, p_now timestamptz, p_lines jsonb,
    p_vouchers text[], p_purchase text DEFAULT '', p_currency text DEFAULT NULL
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_code text;
BEGIN
    PERFORM offers_lock_members(p_programme, p_member, p_original, p_vouchers);
    PERFORM FROM points_account a WHERE a.member_id = p_member FOR UPDATE;
    FOR v_code IN SELECT DISTINCT ON (offers_code(c)) c
        FROM unnest(COALESCE(p_vouchers, '{}')) c ORDER BY offers_code(c) LOOP
        PERFORM offers_redeem(p_programme, v_code, p_member, false, p_receipt, p_store,
            p_purchase, p_at, p_now, p_lines, p_currency);
    END LOOP;
    IF p_original IS NOT NULL THEN
        PERFORM offers_give_back(
            p_original, p_receipt, p_store, p_at, p_now, p_lines, p_currency);
    END IF;
    IF p_member IS NULL THEN RETURN; END IF;
    IF p_lines @> '[{"kind": "RETURN"}]' THEN
        PERFORM offers_withdraw(p_member, NULL, p_receipt, p_store, p_at, p_now);
    END IF;
    IF p_lines @> '[{"kind": "PURCHASE"}]' THEN
        PERFORM offers_turn_points(p_member, p_receipt, p_store, p_now);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION offers_follow_receipts(p_programme bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM points_earningrule r
            WHERE r.programme_id = p_programme AND r.status = 'PUBLISHED'
                AND r.terms->'vouchers'->>'mode' = 'automatic')
        OR EXISTS (SELECT FROM offers_voucher v WHERE v.programme_id = p_programme);
END $$;
"""
NIGHTS = """
-- The nightly run waits for nobody: whom a merge or an erasure has at this moment, it
-- comes by for the next time.

-- Lets vouchers lapse whose last moment has passed: one batch; returns how many. The
-- points they cost do not come back.
CREATE FUNCTION offers_lapse(p_now timestamptz, p_limit integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_done integer;
BEGIN
    WITH due AS (
        SELECT v.id FROM offers_voucher v JOIN members_member m ON m.id = v.member_id
        WHERE v.status IN ('ISSUED', 'RESERVED') AND v.grace_until <= p_now
            AND (v.reserved_until IS NULL OR v.reserved_until <= p_now)
        ORDER BY v.id LIMIT p_limit
        FOR UPDATE OF v SKIP LOCKED FOR KEY SHARE OF m SKIP LOCKED
    ), lapsed AS (
        UPDATE offers_voucher v SET status = 'LAPSED', reserved_until = NULL,
            reserved_key = '', reserved_store_id = NULL
        FROM due WHERE v.id = due.id
        RETURNING v.*
    ), logged AS (
        INSERT INTO offers_voucherevent
            (voucher_id, member_id, kind, at, recorded_at, value, reason)
        SELECT l.id, l.member_id, 'LAPSED', l.grace_until, p_now, l.worth, ''
        FROM lapsed l
    ), told AS (
        INSERT INTO members_event
            (public_id, member_id, kind, at, recorded_at, data, subject_type,
             subject_id)
        SELECT points_new_id(), l.member_id, 'offers.voucher_lapsed', l.expires_at,
            p_now, offers_event_data(l, l.worth), 'voucher', l.public_id
        FROM lapsed l JOIN members_member m ON m.id = l.member_id
        WHERE m.status <> 'ERASED'
    )
    SELECT count(*) INTO v_done FROM lapsed;
    RETURN v_done;
END $$;

-- Tells, once, whose voucher has at most `p_days` left; returns how many. By day, for
-- messages follow within minutes; of vouchers that end together, once.
CREATE FUNCTION offers_remind(p_now timestamptz, p_days integer, p_limit integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_done integer;
BEGIN
    WITH due AS (
        SELECT v.id FROM offers_voucher v JOIN members_member m ON m.id = v.member_id
        WHERE v.status = 'ISSUED' AND v.reminded_at IS NULL
            AND v.expires_at <= p_now + make_interval(days => p_days)
            AND v.expires_at > p_now
            AND v.programme_id IN (SELECT p.id FROM stores_programme p WHERE
                extract(hour FROM p_now AT TIME ZONE p.time_zone) BETWEEN 9 AND 19)
        ORDER BY v.id LIMIT p_limit
        FOR UPDATE OF v SKIP LOCKED FOR KEY SHARE OF m SKIP LOCKED
    ), reminded AS (
        UPDATE offers_voucher v SET reminded_at = p_now FROM due WHERE v.id = due.id
        RETURNING v.*
    ), told AS (
        INSERT INTO members_event
            (public_id, member_id, kind, at, recorded_at, data, subject_type,
             subject_id)
        SELECT DISTINCT ON (r.member_id, r.expires_at, r.kind, r.texts)
            points_new_id(), r.member_id, 'offers.voucher_expires_soon', p_now, p_now,
            offers_event_data(r, sum(r.worth) OVER together) || jsonb_build_object(
                'expires_at', r.expires_at, 'number', count(*) OVER together),
            'voucher', r.public_id
        FROM reminded r JOIN members_member m ON m.id = r.member_id
        WHERE m.status IN ('PENDING', 'ACTIVE')
        WINDOW together AS (PARTITION BY r.member_id, r.expires_at, r.kind, r.texts)
        ORDER BY r.member_id, r.expires_at, r.kind, r.texts, r.id
    )
    SELECT count(*) INTO v_done FROM reminded;
    RETURN v_done;
END $$;

-- Lets go what purchases reserved that were never finished; returns how many.
CREATE FUNCTION offers_let_go(p_now timestamptz, p_limit integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_done integer;
BEGIN
    WITH due AS (
        SELECT v.id FROM offers_voucher v JOIN members_member m ON m.id = v.member_id
        WHERE v.status = 'RESERVED' AND v.grace_until > p_now
            AND v.reserved_until <= p_now
        ORDER BY v.id LIMIT p_limit
        FOR UPDATE OF v SKIP LOCKED FOR KEY SHARE OF m SKIP LOCKED
    ), free AS (
        UPDATE offers_voucher v SET status = 'ISSUED', reserved_until = NULL,
            reserved_key = '', reserved_store_id = NULL
        FROM due WHERE v.id = due.id
        RETURNING v.id, v.member_id
    ), logged AS (
        INSERT INTO offers_voucherevent
            (voucher_id, member_id, kind, at, recorded_at, value, reason)
        SELECT f.id, f.member_id, 'RELEASED', p_now, p_now, 0, '' FROM free f
    )
    SELECT count(*) INTO v_done FROM free;
    RETURN v_done;
END $$;
"""
FORWARDS = BASICS + LOG + ISSUING + USING + NIGHTS

# The two functions that are called from above do nothing again.
_STUBS = import_module("offers.migrations.0001_vouchers").FORWARDS.replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)
BACKWARDS = (
    _STUBS
    + """
DROP FUNCTION offers_let_go(timestamptz, integer);
DROP FUNCTION offers_remind(timestamptz, integer, integer);
DROP FUNCTION offers_lapse(timestamptz, integer);
DROP FUNCTION offers_lock_members(bigint, bigint, uuid, text[]);
DROP FUNCTION offers_before_reversal(
    bigint, integer, uuid, bigint, timestamptz, timestamptz, bigint);
DROP FUNCTION offers_withdraw(
    bigint, integer, uuid, bigint, timestamptz, timestamptz, bigint);
DROP FUNCTION offers_points_in(offers_voucher, numeric);
DROP FUNCTION offers_give_back(
    uuid, uuid, bigint, timestamptz, timestamptz, jsonb, text);
DROP FUNCTION offers_redeem(
    bigint, text, bigint, boolean, uuid, bigint, text, timestamptz, timestamptz,
    jsonb, text);
DROP FUNCTION offers_take_again(offers_voucher, text, timestamptz);
DROP FUNCTION offers_hold(bigint, text);
DROP FUNCTION offers_members_due(bigint, integer, timestamptz);
DROP FUNCTION offers_issue_due(bigint[], timestamptz);
DROP FUNCTION offers_turn_points(bigint, uuid, bigint, timestamptz);
DROP FUNCTION offers_steps(points_earningrule);
DROP FUNCTION offers_issue(
    bigint, uuid, text, numeric, jsonb, jsonb, boolean, text, integer, bigint, bigint,
    uuid, text, integer, integer, timestamptz, bigint, bigint, text, bigint);
DROP FUNCTION offers_tell(
    offers_voucher, text, numeric, timestamptz, timestamptz, uuid, bigint, bigint,
    text);
DROP TRIGGER voucherevent_never_emptied ON offers_voucherevent;
DROP TRIGGER voucherevent_kept ON offers_voucherevent;
DROP TRIGGER voucherevent_append_only ON offers_voucherevent;
DROP FUNCTION offers_fits(jsonb, jsonb);
DROP FUNCTION offers_why_not(offers_voucher, timestamptz, timestamptz);
DROP FUNCTION offers_is_withdrawn(offers_voucher);
DROP FUNCTION offers_last(bigint, text[]);
DROP FUNCTION offers_day(timestamptz, integer, text);
DROP FUNCTION offers_code(text);
DROP FUNCTION offers_new_code();
DROP FUNCTION offers_event_data(offers_voucher, numeric);
"""
)


class Migration(migrations.Migration):
    """What happens to vouchers: issued, used, given back, withdrawn, lapsed."""

    dependencies = [
        ("offers", "0002_stamp_cards"),
        ("members", "0005_identifiers_follow"),
        ("consent", "0012_runs_wait_for_a_person"),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
