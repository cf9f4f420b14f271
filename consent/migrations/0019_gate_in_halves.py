from importlib import import_module

from django.db import migrations

_last = import_module("consent.migrations.0018_gate_counts_less")
_gate = _last._last
_RESULT = _gate._last._RESULT
_SPAN = "BETWEEN p_first AND p_last"
# The gate's one decision, of the members from one number to another. The span is said
# of each table, for PostgreSQL does not carry it over from the members to the others.
_PART = _gate._replaced(
    _last.DECISION,
    (
        "d.channel = p_channel\n",
        f"d.channel = p_channel\n        AND d.member_id {_SPAN}\n",
    ),
    (
        "k.channel = 'ANY'\n",
        f"k.channel = 'ANY'\n        AND k.member_id {_SPAN}\n",
    ),
    (
        "o.action = 'OBJECTED'\n",
        f"o.action = 'OBJECTED'\n        AND o.member_id {_SPAN}\n",
    ),
    ("f ON f.member_id = m.id\n", f"f ON f.member_id = m.id AND f.member_id {_SPAN}\n"),
)
_ARGUMENTS = _gate.ARGUMENTS.format(members="p_first bigint, p_last bigint, ")
_TYPES = _gate.TYPES.format(members="bigint, bigint, ")


def _function(name: str, blocked: str) -> str:
    part = _PART.format(
        members=f"AND m.id {_SPAN}",
        contacts=f"AND i.member_id {_SPAN}",
        wishes=f"AND w.member_id {_SPAN}",
        blocked=blocked,
    )
    return f"""
CREATE FUNCTION {name}({_ARGUMENTS})
RETURNS {_RESULT} LANGUAGE sql STABLE PARALLEL SAFE AS $$
{part}
$$;
"""


FORWARDS = f"""
DROP FUNCTION consent_gate_unmarked({_gate.TYPES.format(members="")});
DROP FUNCTION consent_gate({_gate.TYPES.format(members="")});
{_function("consent_gate", _gate.BY_MARK)}
{_function("consent_gate_unmarked", _gate.BY_HASH)}
"""
BACKWARDS = f"""
DROP FUNCTION consent_gate_unmarked({_TYPES});
DROP FUNCTION consent_gate({_TYPES});
{_last._functions(_last.DECISION)}
"""


class Migration(migrations.Migration):
    """A whole club is asked about in halves, each by one process with its contacts."""

    dependencies = [("consent", "0018_gate_counts_less")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
