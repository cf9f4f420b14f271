from importlib import import_module

from django.db import migrations

_CARDS = import_module("offers.migrations.0004_stamp_functions").CARDS
_AS_BEFORE = _CARDS[_CARDS.index("-- Makes the rewards those that") :].replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)
_DUE = "v_due := v_due + 1;\n"
_CHANGES = (
    (
        "anything else. The caller holds",
        """anything else. What is kept unused is kept for the stamps that are worth it
-- now, not for those that came back: so it makes no difference which is used. The
-- caller holds""",
    ),
    (
        "    v_rewards integer;\n",
        """    v_rewards integer;
    v_due_at timestamptz[] := '{}';
    v_due_by uuid[] := '{}';
    v_left_over integer[] := '{}';
""",
    ),
    ("0 AS reward\n", "0 AS reward, NULL::uuid AS purchase\n"),
    (
        "FILTER (WHERE s.kind = 'STAMP'), 0\n",
        "FILTER (WHERE s.kind = 'STAMP'), 0,\n                s.purchase\n",
    ),
    (
        "SELECT NULL, g.at, 0, 0, NULL, g.place::integer\n",
        "SELECT NULL, g.at, 0, 0, NULL, g.place::integer, NULL\n",
    ),
    (
        f"{_DUE}            v_owed := v_owed",
        f"""{_DUE}            v_due_at[v_due] := v_next.at;
            v_due_by[v_due] := NULL;
            v_owed := v_owed""",
    ),
    (
        f"{_DUE}                v_owed := v_card",
        f"""{_DUE}                v_due_at[v_due] := v_next.at;
                v_due_by[v_due] := v_next.purchase;
                v_owed := v_card""",
    ),
    (
        "    -- The sum of all rows is what counts",
        """    IF p_whole THEN
        -- Each that cannot be taken back has the latest that was due when it was given;
        -- the others have what is left, and are none the earlier for it.
        v_head := 0;
        FOR v_step IN 1..cardinality(v_given) LOOP
            WHILE v_head < v_due AND v_due_at[v_head + 1] <= v_given[v_step] LOOP
                v_head := v_head + 1;
                v_left_over := v_left_over || v_head;
            END LOOP;
            v_left_over := trim_array(v_left_over, 1);
        END LOOP;
        WHILE v_head < v_due LOOP
            v_head := v_head + 1;
            v_left_over := v_left_over || v_head;
        END LOOP;
        UPDATE offers_voucher v SET caused_by = d.purchase
        FROM (
            SELECT v.id, g.at, row_number() OVER (ORDER BY g.at, v.id) AS place
            FROM offers_voucher v
            CROSS JOIN LATERAL (SELECT COALESCE(min(s.at), v.issued_at) AS at
                FROM offers_stamp s
                WHERE s.purchase = v.caused_by AND s.card_id = p_card
                    AND s.kind = 'STAMP') g
            WHERE v.member_id = p_member AND v.stamp_card_id = p_card
                AND v.status = 'ISSUED' AND v.worth = v.value AND v.grace_until > p_now
                AND NOT EXISTS (SELECT FROM offers_voucherevent e
                    WHERE e.voucher_id = v.id AND e.kind = 'WITHDRAWN')) u
        JOIN (
            SELECT v_due_at[d.due] AS at, v_due_by[d.due] AS purchase, d.place
            FROM unnest(v_left_over) WITH ORDINALITY AS d (due, place)) d USING (place)
        WHERE v.id = u.id AND u.at < d.at AND d.purchase IS NOT NULL;
    END IF;

    -- The sum of all rows is what counts""",
    ),
)


def _changed() -> str:
    text = _AS_BEFORE
    for before, after in _CHANGES:
        if text.count(before) != 1:
            message = f"not once: {before}"
            raise ValueError(message)
        text = text.replace(before, after)
    return text


class Migration(migrations.Migration):
    """A reward that is kept is kept for stamps that are there, whichever is used."""

    dependencies = [("offers", "0008_log_by_time")]

    operations = [migrations.RunSQL(_changed(), _AS_BEFORE)]
