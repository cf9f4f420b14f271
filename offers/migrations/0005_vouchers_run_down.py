from importlib import import_module

from django.db import migrations

# Points become vouchers by the version in force as it holds at the moment: while worse
# terms run down, by the better of it and of the one before it.
_ISSUING = import_module("offers.migrations.0003_voucher_functions").ISSUING


def _function(name: str) -> str:
    """Return a function as it was made before, to be put back."""
    start = _ISSUING.index(f"CREATE FUNCTION {name}(")
    end = _ISSUING.index("END $$;", start) + len("END $$;\n")
    return _ISSUING[start:end].replace("CREATE", "CREATE OR REPLACE", 1)


def _replaced(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        message = f"not once: {old}"
        raise ValueError(message)
    return text.replace(old, new)


STEPS = """
CREATE OR REPLACE FUNCTION offers_steps(
    p_rule points_earningrule,
    OUT points integer, OUT value numeric, OUT needs_purchase boolean
) RETURNS SETOF record LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY SELECT s.* FROM points_steps(p_rule) s;
END $$;
"""
TURN = _replaced(
    _function("offers_turn_points"),
    """    SELECT r.* INTO v_rule FROM points_earningrule r
    JOIN members_member m ON m.programme_id = r.programme_id
    WHERE m.id = p_member AND m.status IN ('PENDING', 'ACTIVE')
        AND (m.held_until IS NULL OR m.held_until <= p_now)
        AND r.status = 'PUBLISHED' AND r.starts_at <= p_now
    ORDER BY r.starts_at DESC LIMIT 1;
""",
    """    SELECT r.* INTO v_rule FROM members_member m
    CROSS JOIN LATERAL points_rule_at(m.programme_id, p_now) r
    WHERE m.id = p_member AND m.status IN ('PENDING', 'ACTIVE')
        AND (m.held_until IS NULL OR m.held_until <= p_now);
""",
)
DUE = _replaced(
    _function("offers_members_due"),
    """            SELECT DISTINCT ON (r.programme_id) r.programme_id,
                r.terms->'vouchers'->>'mode' AS mode,
                (SELECT min(s.points) FROM offers_steps(r) s) AS least
            FROM points_earningrule r
            WHERE r.status = 'PUBLISHED' AND r.starts_at <= p_now
            ORDER BY r.programme_id, r.starts_at DESC
""",
    """            SELECT r.programme_id, r.terms->'vouchers'->>'mode' AS mode,
                (SELECT min(s.points) FROM offers_steps(r) s) AS least
            FROM stores_programme p
            CROSS JOIN LATERAL points_rule_at(p.id, p_now) r
""",
)
FORWARDS = STEPS + TURN + DUE
BACKWARDS = "".join(
    _function(name)
    for name in ("offers_members_due", "offers_turn_points", "offers_steps")
)


class Migration(migrations.Migration):
    """Vouchers follow the better terms while worse ones run down."""

    dependencies = [
        ("offers", "0004_stamp_functions"),
        ("points", "0015_terms_run_down"),
    ]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
