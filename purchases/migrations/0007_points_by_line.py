import re
from importlib import import_module

from django.db import migrations

_CHANGED = ("purchases_rule",)

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
    """Receipts are recorded with the rate of each line."""

    dependencies = [
        ("purchases", "0006_lines_keep_their_rate"),
        ("points", "0012_tiers"),
        ("offers", "0001_vouchers"),
    ]

    operations = [migrations.RunSQL(FORWARDS, _as_before())]
