from importlib import import_module

from django.db import migrations

# Stamps are worked out from what is left of each purchase: as many as its goods give
# together, at most the card's limit. So any order of returns ends the same. Rewards
# take stamps that are valid, the oldest first; `remaining` says what no reward has
# taken and what has not lapsed, and stands on the first row of a purchase. Locks: the
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

-- Written once, but for the hand-over when members are merged, and for what leads to a
-- receipt that is nobody's any more. `remaining` is a projection.
CREATE FUNCTION offers_stamp_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    v_free text[] := CASE
        WHEN current_setting('stamkund.merging', true) = 'on' THEN '{member_id}'
        WHEN current_setting('stamkund.cutting_loose', true) = 'on'
            THEN '{receipt,purchase}' END;
BEGIN
    IF to_jsonb(NEW) - v_free = to_jsonb(OLD) - v_free THEN RETURN NEW; END IF;
    RAISE EXCEPTION '% is append-only: % is refused',
        TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER stamp_append_only BEFORE UPDATE OF id, member_id, card_id, kind, number,
    quantity, receipt, line_number, purchase, at, recorded_at, expires_at
ON offers_stamp FOR EACH ROW EXECUTE FUNCTION offers_stamp_stays();
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
-- the card's limit, and one where purchases are counted. Nobody collects more than a
-- thousand by one purchase: see docs/limits.md.
CREATE FUNCTION offers_stamps_for(p_card offers_stampcard, p_quantity numeric)
RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN LEAST(ceil(GREATEST(p_quantity, 0)), 1000, CASE
        WHEN p_card.counts = 'VISITS' THEN 1 ELSE p_card.most_per_purchase END);
END $$;

-- Makes the rewards those that the stamps are worth, and lets lapse what is over by
-- `p_until`. Stamps are gone through in the order of their purchases: each reward takes
-- the oldest of those that are valid at that moment. So a receipt that was on its way
-- for weeks counts as on its day, and every order of receipts, returns and merges ends
-- the same.
--
-- `p_whole` goes through all that the member ever collected on the card: needed when
-- something changes that is not the last. Otherwise what remains is gone through, which
-- is never more than one reward needs and what was bought now.
--
-- Rewards that are too many and unused are taken back, the newest first. What was used
-- stays used: stamps that are valid after it was given pay for it, before they give
-- anything else. The caller holds the lock of the member's row.
CREATE FUNCTION offers_settle_card(
    p_member bigint, p_card bigint, p_receipt uuid, p_store bigint, p_at timestamptz,
    p_now timestamptz, p_until timestamptz, p_whole boolean
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_card offers_stampcard;
    v_mine offers_membercard;
    v_until timestamptz;
    v_given timestamptz[] := '{}';
    v_rewards integer;
    v_due integer := 0;
    v_owed integer := 0;
    v_pool integer := 0;
    v_lapsed integer := 0;
    v_step integer;
    v_ids bigint[] := '{}';
    v_left integer[] := '{}';
    v_were integer[] := '{}';
    v_ends timestamptz[] := '{}';
    v_size integer := 0;
    v_head integer := 1;
    v_next record;
    v_voucher offers_voucher;
BEGIN
    SELECT * INTO v_card FROM offers_stampcard c WHERE c.id = p_card;
    SELECT * INTO v_mine FROM offers_membercard c
    WHERE c.member_id = p_member AND c.card_id = p_card;
    -- What a night has let lapse stays so.
    v_until := GREATEST(v_mine.settled_until, p_until);
    IF p_whole THEN
        PERFORM FROM offers_voucher v
        WHERE v.member_id = p_member AND v.stamp_card_id = p_card
        ORDER BY v.id FOR UPDATE;
        -- When those were given that cannot be taken back: with the purchase that
        -- brought them, whenever it came in.
        SELECT count(*), COALESCE(array_agg(g.at ORDER BY g.at) FILTER (WHERE NOT (
            v.status = 'ISSUED' AND v.worth = v.value AND v.grace_until > p_now)), '{}')
        INTO v_rewards, v_given
        FROM offers_voucher v
        CROSS JOIN LATERAL (SELECT COALESCE(min(s.at), v.issued_at) AS at
            FROM offers_stamp s
            WHERE s.purchase = v.caused_by AND s.card_id = p_card
                AND s.kind = 'STAMP') g
        WHERE v.member_id = p_member AND v.stamp_card_id = p_card
            AND NOT EXISTS (SELECT FROM offers_voucherevent e
                WHERE e.voucher_id = v.id AND e.kind = 'WITHDRAWN');
    ELSE
        v_rewards := v_mine.rewards;
        v_due := v_mine.rewards;
        v_owed := GREATEST(v_due * v_card.needed - v_mine.stamps, 0);
    END IF;

    FOR v_next IN
        SELECT e.* FROM (
            SELECT s.id, s.at, s.remaining AS number, s.remaining, s.expires_at,
                0 AS reward
            FROM offers_stamp s
            WHERE NOT p_whole AND s.member_id = p_member AND s.card_id = p_card
                AND s.remaining > 0
            UNION ALL
            SELECT min(s.id) FILTER (WHERE s.kind = 'STAMP'),
                min(s.at) FILTER (WHERE s.kind = 'STAMP'), sum(s.number)::integer,
                max(s.remaining), min(s.expires_at) FILTER (WHERE s.kind = 'STAMP'), 0
            FROM offers_stamp s
            WHERE p_whole AND s.member_id = p_member AND s.card_id = p_card
                AND s.kind <> 'LAPSE'
            GROUP BY s.purchase HAVING bool_or(s.kind = 'STAMP')
            UNION ALL
            SELECT NULL, g.at, 0, 0, NULL, g.place::integer
            FROM unnest(v_given) WITH ORDINALITY AS g (at, place)
        ) e ORDER BY e.at, e.reward, e.id
    LOOP
        WHILE v_head <= v_size AND v_ends[v_head] <= v_next.at LOOP
            v_pool := v_pool - v_left[v_head];
            v_lapsed := v_lapsed + v_left[v_head];
            v_left[v_head] := 0;
            v_head := v_head + 1;
        END LOOP;
        IF v_next.reward = 0 THEN
            v_size := v_size + 1;
            v_ids[v_size] := v_next.id;
            v_left[v_size] := v_next.number;
            v_were[v_size] := v_next.remaining;
            v_ends[v_size] := COALESCE(v_next.expires_at, 'infinity');
            v_pool := v_pool + v_next.number;
        ELSIF v_next.reward > v_due THEN
            -- It was given for goods that came back.
            v_due := v_due + 1;
            v_owed := v_owed + v_card.needed;
        END IF;
        LOOP
            IF v_owed = 0 THEN
                EXIT WHEN v_pool < v_card.needed;
                v_due := v_due + 1;
                v_owed := v_card.needed;
            END IF;
            EXIT WHEN v_pool = 0;
            v_step := LEAST(v_owed, v_left[v_head]);
            v_left[v_head] := v_left[v_head] - v_step;
            v_owed := v_owed - v_step;
            v_pool := v_pool - v_step;
            IF v_left[v_head] = 0 THEN v_head := v_head + 1; END IF;
        END LOOP;
    END LOOP;
    WHILE v_head <= v_size AND v_ends[v_head] <= v_until LOOP
        v_pool := v_pool - v_left[v_head];
        v_lapsed := v_lapsed + v_left[v_head];
        v_left[v_head] := 0;
        v_head := v_head + 1;
    END LOOP;
    UPDATE offers_stamp s SET remaining = f.number
    FROM unnest(v_ids, v_left, v_were) AS f (id, number, was)
    WHERE s.id = f.id AND f.number <> f.was;

    FOR each IN 1..v_due - v_rewards LOOP
        PERFORM offers_issue(p_member, points_new_id(), v_card.reward_kind,
            v_card.reward_value, v_card.reward_fits, v_card.reward_texts,
            v_card.reward_needs_purchase, 'STAMPS', 0, NULL, NULL, p_receipt, NULL,
            v_card.reward_valid_days, v_card.reward_grace_days, p_now, p_store, NULL,
            '', p_card);
    END LOOP;
    FOR v_voucher IN SELECT * FROM offers_voucher v
        WHERE v.member_id = p_member AND v.stamp_card_id = p_card
            AND v.status = 'ISSUED' AND v.worth = v.value AND v.grace_until > p_now
        ORDER BY v.id DESC LIMIT GREATEST(v_rewards - v_due, 0) FOR UPDATE LOOP
        UPDATE offers_voucher v SET status = 'VOID' WHERE v.id = v_voucher.id;
        PERFORM offers_tell(v_voucher, 'WITHDRAWN', v_voucher.worth, p_at, p_now,
            p_receipt, p_store, NULL, '');
    END LOOP;

    -- The sum of all rows is what counts: the log says what lapsed, and what did not
    -- lapse after all.
    v_step := v_due * v_card.needed + v_pool - v_owed;
    IF p_whole THEN
        SELECT sum(s.number) - v_step INTO v_lapsed FROM offers_stamp s
        WHERE s.member_id = p_member AND s.card_id = p_card;
    END IF;
    IF v_lapsed <> 0 THEN
        INSERT INTO offers_stamp (member_id, card_id, kind, number, quantity,
            line_number, at, recorded_at, remaining)
        VALUES (p_member, p_card, 'LAPSE', -v_lapsed, 0, 0, v_until, p_now, 0);
    END IF;
    UPDATE offers_membercard c SET stamps = v_step, rewards = v_due,
        lapses_at = NULLIF((SELECT min(f.ends)
            FROM unnest(v_left, v_ends) AS f (number, ends) WHERE f.number > 0),
            'infinity'),
        settled_until = v_until, changed_at = GREATEST(c.changed_at, p_now)
    WHERE c.id = v_mine.id;
    IF v_lapsed > 0 THEN
        PERFORM offers_tell_stamps(p_member, v_card, 'offers.stamps_lapsed', -v_lapsed,
            v_until, p_now);
    END IF;
END $$;
"""
STAMPING = """
-- Stamps the cards that a purchase fits. Goods that cost nothing give no stamp: the
-- free coffee is no coffee that was bought. Nor does who is blocked collect any.
CREATE FUNCTION offers_stamp_purchase(
    p_programme bigint, p_member bigint, p_receipt uuid, p_store bigint,
    p_at timestamptz, p_now timestamptz, p_lines jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_zone text;
    v_day date;
    v_card offers_stampcard;
    v_mine offers_membercard;
    v_number integer;
BEGIN
    SELECT p.time_zone INTO v_zone FROM members_member m
    JOIN stores_programme p ON p.id = m.programme_id
    WHERE m.id = p_member AND m.status IN ('PENDING', 'ACTIVE');
    IF NOT FOUND THEN RETURN; END IF;
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
        RETURNING * INTO v_mine;
        CONTINUE WHEN EXISTS (SELECT FROM offers_stamp s
            WHERE s.receipt = p_receipt AND s.card_id = v_card.id AND s.kind = 'STAMP');
        WITH counted AS (
            SELECT (l->>'number')::integer AS line, (l->>'quantity')::numeric AS quantity,
                sum((l->>'quantity')::numeric) OVER (ORDER BY (l->>'number')::integer)
                    AS so_far
            FROM jsonb_array_elements(p_lines) l WHERE offers_stamps(v_card, l)
        ), given AS (
            SELECT c.line, c.quantity, offers_stamps_for(v_card, c.so_far)
                - offers_stamps_for(v_card, c.so_far - c.quantity) AS number
            FROM counted c
        ), stamped AS (
            INSERT INTO offers_stamp
                (member_id, card_id, kind, number, quantity, receipt, line_number,
                 purchase, at, recorded_at, expires_at, remaining)
            SELECT p_member, v_card.id, 'STAMP', g.number, g.quantity, p_receipt,
                g.line, p_receipt, p_at, p_now,
                offers_day(p_at, v_card.valid_days + 1, v_zone),
                CASE WHEN row_number() OVER by_line = 1
                    THEN sum(g.number) OVER () ELSE 0 END
            FROM given g WINDOW by_line AS (ORDER BY g.line) ORDER BY g.line
            RETURNING number
        )
        SELECT sum(s.number) INTO v_number FROM stamped s;
        -- One that comes late changes what followed it, and so does one while a reward
        -- is owed that may have become valid again.
        PERFORM offers_settle_card(p_member, v_card.id, p_receipt, p_store, p_at, p_now,
            p_at, COALESCE(p_at < v_mine.settled_until, false)
                OR v_mine.stamps < v_mine.rewards * v_card.needed);
        PERFORM offers_tell_stamps(p_member, v_card, 'offers.stamped', v_number, p_at,
            p_now);
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
                receipt, line_number, purchase, at, recorded_at, expires_at, remaining)
            VALUES (v_given.member_id, v_card.id, 'RETURN', v_step, -v_line.quantity,
                p_receipt, v_line.number, p_original, p_at, p_now, v_given.expires_at,
                0);
        END LOOP;
        CONTINUE WHEN v_taken = 0;
        PERFORM offers_settle_card(v_given.member_id, v_card.id, p_receipt, p_store,
            p_at, p_now, p_at, true);
        PERFORM offers_tell_stamps(v_given.member_id, v_card, 'offers.stamps_taken_back',
            v_taken, p_at, p_now);
    END LOOP;
    -- A reward that was used came back valid: it may be owed.
    FOR v_mine IN SELECT c.* FROM offers_membercard c
        JOIN offers_voucher v ON v.stamp_card_id = c.card_id
            AND v.member_id = c.member_id AND v.status = 'ISSUED'
        JOIN offers_redemption r ON r.voucher_id = v.id AND r.receipt = p_original
        ORDER BY c.card_id FOR UPDATE OF c LOOP
        PERFORM offers_settle_card(v_mine.member_id, v_mine.card_id, p_receipt, p_store,
            p_at, p_now, p_at, true);
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
    FOR v_card IN SELECT c.card_id FROM offers_membercard c
        WHERE c.member_id = p_member ORDER BY c.card_id LOOP
        PERFORM offers_settle_card(
            p_member, v_card, NULL, NULL, p_now, p_now, p_now, true);
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
        PERFORM offers_settle_card(v_mine.member_id, v_mine.card_id, NULL, NULL, p_now,
            p_now, p_now, false);
        v_done := v_done + 1;
    END LOOP;
    RETURN v_done;
END $$;

-- `p_member` is whose purchase it is; of a return, whose points it took back. Without
-- the purchase it undoes, nobody knows which stamps or vouchers were its.
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
_AS_BEFORE = _USING[_USING.index("CREATE OR REPLACE FUNCTION offers_after_receipt") :]
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
    bigint, bigint, uuid, bigint, timestamptz, timestamptz, timestamptz, boolean);
DROP FUNCTION offers_stamps_for(offers_stampcard, numeric);
DROP FUNCTION offers_tell_stamps(
    bigint, offers_stampcard, text, integer, timestamptz, timestamptz);
DROP TRIGGER stamp_never_emptied ON offers_stamp;
DROP TRIGGER stamp_kept ON offers_stamp;
DROP TRIGGER stamp_append_only ON offers_stamp;
DROP FUNCTION offers_stamp_stays();
DROP TRIGGER stampcard_published_never_changes ON offers_stampcard;
DROP FUNCTION offers_stampcard_ends_only();
"""
)


class Migration(migrations.Migration):
    """Cards are stamped, and stamps taken back, where receipts are recorded."""

    dependencies = [("offers", "0003_voucher_functions")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
