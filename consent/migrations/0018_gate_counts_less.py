from importlib import import_module

from django.db import migrations

_last = import_module("consent.migrations.0016_gate_without_idle_joins")
_gate = _last._last
# The gate's one decision again. Of marketing only the month is read of the past: all
# that is read is of the month, and need not be asked each time whether it is.
DECISION = _last._replaced(
    _last.DECISION,
    (
        "            count(*) FILTER (WHERE x.at > p_month_from) AS of_month,",
        "            CASE WHEN p_class = 'SURVEY'\n"
        "                THEN count(*) FILTER (WHERE x.at > p_month_from)\n"
        "                ELSE count(*) END AS of_month,",
    ),
)


def _functions(decision: str) -> str:
    arguments = _last.ARGUMENTS
    many = decision.format(members="", contacts="", wishes="", blocked="{blocked}")
    some = decision.format(
        members="AND m.id = ANY (p_members)",
        contacts="AND i.member_id = ANY (p_members)",
        wishes="AND w.member_id = ANY (p_members)",
        blocked=_last.BY_HASH,
    )
    return f"""
CREATE OR REPLACE FUNCTION consent_gate({arguments.format(members="")})
RETURNS {_gate._RESULT} LANGUAGE sql STABLE PARALLEL SAFE AS $$
{many.replace("{blocked}", _last.BY_MARK)}
$$;

CREATE OR REPLACE FUNCTION consent_gate_unmarked({arguments.format(members="")})
RETURNS {_gate._RESULT} LANGUAGE sql STABLE PARALLEL SAFE AS $$
{many.replace("{blocked}", _last.BY_HASH)}
$$;

CREATE OR REPLACE FUNCTION consent_gate_some({arguments.format(members="p_members bigint[], ")})
RETURNS {_gate._RESULT} LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY {some};
END $$;
"""


class Migration(migrations.Migration):
    """The gate asks less of each contact of the past."""

    dependencies = [("consent", "0017_fewer_indexes_of_entries")]

    operations = [
        migrations.RunSQL(
            _functions(DECISION),
            _functions(_last.DECISION),
        )
    ]
