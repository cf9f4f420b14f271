from importlib import import_module

from django.db import migrations

# Stamps are worked out from what is left of each purchase: as many as its goods give
# together, at most the card's limit. So any order of returns ends the same. Locks: the
# member's row of each card, in the order of the cards, before vouchers.
CARDS = """
CREATE FUNCTION offers_stampcard_ends_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status = 'PUBLISHED' AND NEW.status = 'ENDED'
        AND to_jsonb(NEW) - '{status,ends_on,ended_at}'::text[]
            = to_jsonb(OLD) - '{status,ends_on,ended_at}'::text[] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a published stamp card never changes: % is refused', TG_OP
    USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER stampcard_published_never_changes
BEFORE UPDATE OR DELETE ON offers_stampcard
FOR EACH ROW WHEN (OLD.status <> 'DRAFT')
EXECUTE FUNCTION offers_stampcard_ends_only();

CREATE TRIGGER stamp_append_only BEFORE UPDATE ON offers_stamp
FOR EACH ROW EXECUTE FUNCTION members_hand_over_only();
CREATE TRIGGER stamp_kept BEFORE DELETE ON offers_stamp
FOR EACH ROW WHEN (NOT consent_is_long_erased(OLD.member_id, '1 year'))
EXECUTE FUNCTION common_refuse_change();
CREATE TRIGGER stamp_never_emptied BEFORE TRUNCATE ON offers_stamp
FOR EACH STATEMENT EXECUTE FUNCTION common_refuse_change();

CREATE FUNCTION offers_tell_stamps(
    p_member bigint, p_card offers_stampcard, p_kind text, p_number integer,
    p_at timestamptz, p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO members_event
        (public_id, member_id, kind, at, recorded_at, data, subject_type, subject_id)
    SELECT points_new_id(), p_member, p_kind, p_at, p_now, jsonb_build_object(
            'number', p_number, 'names', p_card.names, 'needed', p_card.needed,
            'collected', c.stamps - c.rewards * p_card.needed),
        'stamp_card', p_card.public_id
    FROM members_member m
    JOIN offers_membercard c ON c.member_id = m.id AND c.card_id = p_card.id
    WHERE m.id = p_member AND m.status <> 'ERASED';
END $$;

-- How many stamps goods give: whole pieces, what is weighed counts as begun; at most
-- the card's limit, and one where purchases are counted.
CREATE FUNCTION offers_stamps_for(p_card offers_stampcard, p_quantity numeric)
RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN LEAST(ceil(GREATEST(p_quantity, 0)), CASE
        WHEN p_card.counts = 'VISITS' THEN 1 ELSE p_card.most_per_purchase END);
END $$;

-- Lets stamps lapse whose day has passed and that no reward has used; the earliest are
-- used first. Worked out from the whole, so that running it again, and after returns,
-- puts right what lapsed too much. The caller holds the lock of the member's row.
CREATE FUNCTION offers_lapse_stamps(
    p_member bigint, p_card bigint, p_now timestamptz
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_card offers_stampcard;
    v_old integer;
    v_lapsed integer;
    v_next timestamptz;
    v_step integer;
BEGIN
    SELECT * INTO v_card FROM offers_stampcard c WHERE c.id = p_card;
    SELECT COALESCE(sum(s.number) FILTER (
            WHERE s.kind <> 'LAPSE' AND s.expires_at <= p_now), 0),
        -COALESCE(sum(s.number) FILTER (WHERE s.kind = 'LAPSE'), 0),
        min(s.expires_at) FILTER (WHERE s.kind = 'STAMP' AND s.expires_at > p_now)
    INTO v_old, v_lapsed, v_next
    FROM offers_stamp s WHERE s.member_id = p_member AND s.card_id = p_card;
    SELECT GREATEST(v_old - c.rewards * v_card.needed, 0) - v_lapsed INTO v_step
    FROM offers_membercard c WHERE c.member_id = p_member AND c.card_id = p_card;
    UPDATE offers_membercard c SET stamps = c.stamps - v_step, lapses_at = v_next,
        changed_at = GREATEST(c.changed_at, p_now)
    WHERE c.member_id = p_member AND c.card_id = p_card;
    IF v_step <> 0 THEN
        INSERT INTO offers_stamp (member_id, card_id, kind, number, quantity,
            line_number, at, recorded_at)
        VALUES (p_member, p_card, 'LAPSE', -v_step, 0, 0, p_now, p_now);
    END IF;
    IF v_step > 0 THEN
        PERFORM offers_tell_stamps(p_member, v_card, 'offers.stamps_lapsed', -v_step,
            p_now, p_now);
    END IF;
    RETURN v_step;
END $$;

-- Makes the rewards those that the stamps are worth: issues what is missing, and takes
-- back unused ones that are too many, the newest first. What was used stays used; the
-- next stamps pay for it. The caller holds the lock of the member's row.
CREATE FUNCTION offers_settle_card(
    p_member bigint, p_card bigint, p_receipt uuid, p_store bigint, p_at timestamptz,
    p_now timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_card offers_stampcard;
    v_mine offers_membercard;
    v_due integer;
    v_voucher offers_voucher;
BEGIN
    SELECT * INTO v_card FROM offers_stampcard c WHERE c.id = p_card;
    SELECT * INTO v_mine FROM offers_membercard c
    WHERE c.member_id = p_member AND c.card_id = p_card;
    v_due := floor(GREATEST(v_mine.stamps, 0) / v_card.needed);
    FOR each IN 1..v_due - v_mine.rewards LOOP
        PERFORM offers_issue(p_member, points_new_id(), v_card.reward_kind,
            v_card.reward_value, v_card.reward_fits, v_card.reward_texts,
            v_card.reward_needs_purchase, 'STAMPS', 0, NULL, NULL, p_receipt, NULL,
            v_card.reward_valid_days, v_card.reward_grace_days, p_now, p_store, NULL,
            '', p_card);
        v_mine.rewards := v_mine.rewards + 1;
    END LOOP;
    WHILE v_mine.rewards > v_due LOOP
        SELECT * INTO v_voucher FROM offers_voucher v
        WHERE v.member_id = p_member AND v.stamp_card_id = p_card
            AND v.status = 'ISSUED' AND v.worth = v.value AND v.grace_until > p_now
        ORDER BY v.id DESC LIMIT 1 FOR UPDATE;
        EXIT WHEN NOT FOUND;
        UPDATE offers_voucher v SET status = 'VOID' WHERE v.id = v_voucher.id;
        PERFORM offers_tell(v_voucher, 'WITHDRAWN', v_voucher.worth, p_at, p_now,
            p_receipt, p_store, NULL, '');
        v_mine.rewards := v_mine.rewards - 1;
    END LOOP;
    UPDATE offers_membercard c SET rewards = v_mine.rewards
    WHERE c.id = v_mine.id AND c.rewards <> v_mine.rewards;
END $$;
"""
STAMPING = """
-- Stamps the cards that a purchase fits. Goods that cost nothing give no stamp: the
-- free coffee is no coffee that was bought.
CREATE FUNCTION offers_stamp_purchase(
    p_programme bigint, p_member bigint, p_receipt uuid, p_store bigint,
    p_at timestamptz, p_now timestamptz, p_lines jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_zone text;
    v_day date;
    v_card offers_stampcard;
    v_lapses_at timestamptz;
    v_expires_at timestamptz;
    v_number integer;
BEGIN
    SELECT p.time_zone INTO v_zone FROM stores_programme p WHERE p.id = p_programme;
    v_day := (p_at AT TIME ZONE v_zone)::date;
    FOR v_card IN SELECT * FROM offers_stampcard c
        WHERE c.programme_id = p_programme AND c.status <> 'DRAFT'
            AND c.starts_on <= v_day AND (c.ends_on IS NULL OR c.ends_on >= v_day)
        ORDER BY c.id LOOP
        CONTINUE WHEN NOT EXISTS (
            SELECT FROM jsonb_array_elements(p_lines) l WHERE offers_stamps(v_card, l));
        INSERT INTO offers_membercard AS c
            (member_id, card_id, stamps, rewards, changed_at)
        VALUES (p_member, v_card.id, 0, 0, p_now)
        ON CONFLICT (member_id, card_id) DO UPDATE SET
            changed_at = GREATEST(c.changed_at, p_now)
        RETURNING c.lapses_at INTO v_lapses_at;
        CONTINUE WHEN EXISTS (SELECT FROM offers_stamp s
            WHERE s.receipt = p_receipt AND s.card_id = v_card.id AND s.kind = 'STAMP');
        IF v_lapses_at <= p_now THEN
            PERFORM offers_lapse_stamps(p_member, v_card.id, p_now);
        END IF;
        v_expires_at := offers_day(p_at, v_card.valid_days + 1, v_zone);
        WITH counted AS (
            SELECT (l->>'number')::integer AS line, (l->>'quantity')::numeric AS quantity,
                sum((l->>'quantity')::numeric) OVER (ORDER BY (l->>'number')::integer)
                    AS so_far
            FROM jsonb_array_elements(p_lines) l WHERE offers_stamps(v_card, l)
        ), stamped AS (
            INSERT INTO offers_stamp
                (member_id, card_id, kind, number, quantity, receipt, line_number,
                 purchase, at, recorded_at, expires_at)
            SELECT p_member, v_card.id, 'STAMP', offers_stamps_for(v_card, c.so_far)
                    - offers_stamps_for(v_card, c.so_far - c.quantity), c.quantity,
                p_receipt, c.line, p_receipt, p_at, p_now, v_expires_at
            FROM counted c
            RETURNING number
        )
        SELECT sum(s.number) INTO v_number FROM stamped s;
        UPDATE offers_membercard c SET stamps = c.stamps + v_number,
            lapses_at = LEAST(c.lapses_at, v_expires_at)
        WHERE c.member_id = p_member AND c.card_id = v_card.id;
        PERFORM offers_settle_card(
            p_member, v_card.id, p_receipt, p_store, p_at, p_now);
        PERFORM offers_tell_stamps(p_member, v_card, 'offers.stamped', v_number, p_at,
            p_now);
        IF v_expires_at <= p_now THEN
            -- A receipt so late that its stamps are over already.
            PERFORM offers_lapse_stamps(p_member, v_card.id, p_now);
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION offers_stamps(p_card offers_stampcard, p_line jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN p_line->>'kind' = 'PURCHASE' AND (p_line->>'quantity')::numeric > 0
        AND (p_line->>'amount')::numeric > 0 AND offers_fits(p_card.fits, p_line);
END $$;

-- Takes back the stamps of goods that come back: of the lines that the return names,
-- and of those that fit where it names none.
CREATE FUNCTION offers_stamp_return(
    p_original uuid, p_receipt uuid, p_store bigint, p_at timestamptz,
    p_now timestamptz, p_lines jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_given record;
    v_mine offers_membercard;
    v_card offers_stampcard;
    v_left numeric;
    v_kept integer;
    v_line record;
    v_step integer;
    v_taken integer;
BEGIN
    FOR v_given IN SELECT s.card_id, min(s.member_id) AS member_id,
            array_agg(s.line_number) AS lines, max(s.expires_at) AS expires_at
        FROM offers_stamp s WHERE s.purchase = p_original AND s.kind = 'STAMP'
        GROUP BY s.card_id ORDER BY s.card_id LOOP
        SELECT * INTO v_mine FROM offers_membercard c
        WHERE c.member_id = v_given.member_id AND c.card_id = v_given.card_id
        FOR UPDATE;
        SELECT * INTO v_card FROM offers_stampcard c WHERE c.id = v_given.card_id;
        CONTINUE WHEN EXISTS (SELECT FROM offers_stamp s
            WHERE s.receipt = p_receipt AND s.card_id = v_card.id
                AND s.kind = 'RETURN');
        SELECT sum(s.quantity), sum(s.number) INTO v_left, v_kept FROM offers_stamp s
        WHERE s.purchase = p_original AND s.card_id = v_card.id;
        v_taken := 0;
        FOR v_line IN SELECT (l->>'number')::integer AS number,
                abs((l->>'quantity')::numeric) AS quantity
            FROM jsonb_array_elements(p_lines) l
            WHERE l->>'kind' = 'RETURN' AND (l->>'quantity')::numeric <> 0
                AND CASE WHEN l->>'original_number' IS NULL
                    THEN offers_fits(v_card.fits, l)
                    ELSE (l->>'original_number')::integer = ANY (v_given.lines) END
            ORDER BY 1 LOOP
            v_left := v_left - v_line.quantity;
            v_step := offers_stamps_for(v_card, v_left) - v_kept;
            v_kept := v_kept + v_step;
            v_taken := v_taken + v_step;
            INSERT INTO offers_stamp (member_id, card_id, kind, number, quantity,
                receipt, line_number, purchase, at, recorded_at, expires_at)
            VALUES (v_given.member_id, v_card.id, 'RETURN', v_step, -v_line.quantity,
                p_receipt, v_line.number, p_original, p_at, p_now, v_given.expires_at);
        END LOOP;
        CONTINUE WHEN v_taken = 0;
        UPDATE offers_membercard c SET stamps = c.stamps + v_taken,
            changed_at = GREATEST(c.changed_at, p_now) WHERE c.id = v_mine.id;
        IF v_given.expires_at <= p_now THEN
            PERFORM offers_lapse_stamps(v_given.member_id, v_card.id, p_now);
        END IF;
        PERFORM offers_settle_card(
            v_given.member_id, v_card.id, p_receipt, p_store, p_at, p_now);
        PERFORM offers_tell_stamps(v_given.member_id, v_card, 'offers.stamps_taken_back',
            v_taken, p_at, p_now);
    END LOOP;
    -- A reward that was used came back valid: it may be owed.
    FOR v_mine IN SELECT c.* FROM offers_membercard c
        JOIN offers_voucher v ON v.stamp_card_id = c.card_id
            AND v.member_id = c.member_id AND v.status = 'ISSUED'
        JOIN offers_redemption r ON r.voucher_id = v.id AND r.receipt = p_original
        ORDER BY c.card_id FOR UPDATE OF c LOOP
        PERFORM offers_settle_card(
            v_mine.member_id, v_mine.card_id, p_receipt, p_store, p_at, p_now);
    END LOOP;
END $$;

-- Works a member's cards out again from stamps and vouchers, as after a merge.
CREATE FUNCTION offers_recount(p_member bigint, p_now timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_card bigint;
BEGIN
    INSERT INTO offers_membercard (member_id, card_id, stamps, rewards, changed_at)
    SELECT DISTINCT s.member_id, s.card_id, 0, 0, p_now FROM offers_stamp s
    WHERE s.member_id = p_member
    ON CONFLICT (member_id, card_id) DO NOTHING;
    PERFORM FROM offers_membercard c WHERE c.member_id = p_member
    ORDER BY c.card_id FOR UPDATE;
    UPDATE offers_membercard c SET changed_at = GREATEST(c.changed_at, p_now),
        stamps = COALESCE((SELECT sum(s.number) FROM offers_stamp s
            WHERE s.member_id = p_member AND s.card_id = c.card_id), 0),
        rewards = (SELECT count(*) FROM offers_voucher v
            WHERE v.member_id = p_member AND v.stamp_card_id = c.card_id
                AND NOT EXISTS (SELECT FROM offers_voucherevent e
                    WHERE e.voucher_id = v.id AND e.kind = 'WITHDRAWN'))
    WHERE c.member_id = p_member;
    FOR v_card IN SELECT c.card_id FROM offers_membercard c
        WHERE c.member_id = p_member ORDER BY c.card_id LOOP
        PERFORM offers_lapse_stamps(p_member, v_card, p_now);
        PERFORM offers_settle_card(p_member, v_card, NULL, NULL, p_now, p_now);
    END LOOP;
END $$;

-- One batch of the nightly run; returns how many cards it looked at.
CREATE FUNCTION offers_lapse_cards(p_now timestamptz, p_limit integer)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_mine offers_membercard;
    v_done integer := 0;
BEGIN
    FOR v_mine IN SELECT * FROM offers_membercard c WHERE c.lapses_at <= p_now
        ORDER BY c.member_id, c.card_id LIMIT p_limit FOR UPDATE SKIP LOCKED LOOP
        PERFORM offers_lapse_stamps(v_mine.member_id, v_mine.card_id, p_now);
        v_done := v_done + 1;
    END LOOP;
    RETURN v_done;
END $$;

-- `p_member` is whose purchase it is; of a return, whose points it took back. Without
-- the purchase it undoes, nobody knows which stamps or vouchers were its.
CREATE OR REPLACE FUNCTION offers_after_receipt(
    p_programme bigint, p_member bigint, p_receipt uuid, p_original uuid,
    p_store bigint, p_at timestamptz, p_now timestamptz, p_lines jsonb,
    p_vouchers text[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_code text;
BEGIN
    PERFORM FROM points_account a WHERE a.member_id = p_member FOR UPDATE;
    FOR v_code IN SELECT DISTINCT ON (offers_code(c)) c
        FROM unnest(COALESCE(p_vouchers, '{}')) c ORDER BY offers_code(c) LOOP
        PERFORM offers_redeem(p_programme, v_code, p_member, false, p_receipt, p_store,
            '', p_at, p_now, p_lines);
    END LOOP;
    IF p_original IS NOT NULL THEN
        PERFORM offers_give_back(p_original, p_receipt, p_store, p_at, p_now, p_lines);
        PERFORM offers_stamp_return(
            p_original, p_receipt, p_store, p_at, p_now, p_lines);
    END IF;
    IF p_member IS NULL THEN RETURN; END IF;
    IF p_lines @> '[{"kind": "RETURN"}]' THEN
        PERFORM offers_withdraw(p_member, NULL, p_receipt, p_store, p_at, p_now);
    END IF;
    IF p_lines @> '[{"kind": "PURCHASE"}]' THEN
        PERFORM offers_turn_points(p_member, p_receipt, p_store, p_now);
        PERFORM offers_stamp_purchase(
            p_programme, p_member, p_receipt, p_store, p_at, p_now, p_lines);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION offers_follow_receipts(p_programme bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM points_earningrule r
            WHERE r.programme_id = p_programme AND r.status = 'PUBLISHED'
                AND r.terms->'vouchers'->>'mode' = 'automatic')
        OR EXISTS (SELECT FROM offers_voucher v WHERE v.programme_id = p_programme)
        OR EXISTS (SELECT FROM offers_stampcard c
            WHERE c.programme_id = p_programme AND c.status <> 'DRAFT');
END $$;
"""
FORWARDS = CARDS + STAMPING

_USING = import_module("offers.migrations.0003_voucher_functions").USING
_AS_BEFORE = _USING[
    _USING.index("CREATE OR REPLACE FUNCTION offers_after_receipt") :
]
BACKWARDS = (
    _AS_BEFORE
    + """
DROP FUNCTION offers_lapse_cards(timestamptz, integer);
DROP FUNCTION offers_recount(bigint, timestamptz);
DROP FUNCTION offers_stamp_return(
    uuid, uuid, bigint, timestamptz, timestamptz, jsonb);
DROP FUNCTION offers_stamps(offers_stampcard, jsonb);
DROP FUNCTION offers_stamp_purchase(
    bigint, bigint, uuid, bigint, timestamptz, timestamptz, jsonb);
DROP FUNCTION offers_settle_card(
    bigint, bigint, uuid, bigint, timestamptz, timestamptz);
DROP FUNCTION offers_lapse_stamps(bigint, bigint, timestamptz);
DROP FUNCTION offers_stamps_for(offers_stampcard, numeric);
DROP FUNCTION offers_tell_stamps(
    bigint, offers_stampcard, text, integer, timestamptz, timestamptz);
DROP TRIGGER stamp_never_emptied ON offers_stamp;
DROP TRIGGER stamp_kept ON offers_stamp;
DROP TRIGGER stamp_append_only ON offers_stamp;
DROP TRIGGER stampcard_published_never_changes ON offers_stampcard;
DROP FUNCTION offers_stampcard_ends_only();
"""
)


class Migration(migrations.Migration):
    """Cards are stamped, and stamps taken back, where receipts are recorded."""

    dependencies = [("offers", "0003_voucher_functions")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
