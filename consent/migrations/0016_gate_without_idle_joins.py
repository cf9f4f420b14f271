from importlib import import_module

from django.db import migrations

_last = import_module("consent.migrations.0015_gate_for_a_million")


def _replaced(text: str, *changes: tuple[str, str]) -> str:
    for before, after in changes:
        if text.count(before) != 1:
            message = f"not once in the gate: {before}"
            raise ValueError(message)
        text = text.replace(before, after)
    return text


_before = _last.DECISION
_start = _before.index("    -- Found by a mark of 20 bits")
_end = _before.index("    WHERE m.programme_id = p_programme")
# The gate's one decision again. How an address is found on the block list depends on
# who asks, so that a whole club does not pay for a join that finds nobody.
DECISION = _replaced(
    _before[:_start] + "{blocked}" + _before[_end:],
    ("b.reach = 'ALL' OR p_is_unmarked AND u.reach = 'ALL'", "b.reach = 'ALL'"),
    (
        "b.reach IS NOT NULL OR p_is_unmarked AND u.reach IS NOT NULL\n"
        "                THEN",
        "b.reach IS NOT NULL THEN",
    ),
    (
        "        FROM consent_contact x\n        WHERE x.at <= p_now AND x.at > CASE",
        # Sorted, which the index is: added up one by one, without a table of members.
        "        FROM (SELECT i.member_id, i.at, i.kind FROM consent_contact i\n"
        "        WHERE i.at <= p_now AND i.at > CASE",
    ),
    (
        "            {contacts}\n        GROUP BY x.member_id",
        "            {contacts}\n        ORDER BY i.member_id) x\n"
        "        GROUP BY x.member_id",
    ),
)
_LISTED = """
    LEFT JOIN consent_suppression b ON b.programme_id = p_programme
        AND b.channel = p_channel AND b.lifted_at IS NULL
"""
# Found by a mark of 20 bits, which costs a hundredth of the hash; that decides. Not by
# `=`, or it would be worked out for everybody to join by it.
BY_MARK = f"""{_LISTED}
        AND b.mark = consent_mark({_last._ADDRESS}, p_seed)
        AND b.contact_index IS NOT DISTINCT FROM {_last._HASH}
"""
# For few, and for lists from before there were marks. Nothing is hashed while nobody
# is on the list.
BY_HASH = f"""{_LISTED}
        AND b.contact_index = CASE WHEN p_seed IS NOT NULL THEN {_last._HASH} END
"""
ARGUMENTS = _replaced(_last._ARGUMENTS, (" p_is_unmarked boolean,", ""))
TYPES = _replaced(_last._TYPES, ("bigint, boolean, bytea", "bigint, bytea"))

FORWARDS = f"""
DROP FUNCTION consent_gate_some({_last._TYPES.format(members="bigint[], ")});
DROP FUNCTION consent_gate({_last._TYPES.format(members="")});

CREATE FUNCTION consent_gate({ARGUMENTS.format(members="")})
RETURNS {_last._RESULT} LANGUAGE sql STABLE PARALLEL SAFE AS $$
{DECISION.format(members="", contacts="", wishes="", blocked=BY_MARK)}
$$;

CREATE FUNCTION consent_gate_unmarked({ARGUMENTS.format(members="")})
RETURNS {_last._RESULT} LANGUAGE sql STABLE PARALLEL SAFE AS $$
{DECISION.format(members="", contacts="", wishes="", blocked=BY_HASH)}
$$;

CREATE FUNCTION consent_gate_some({ARGUMENTS.format(members="p_members bigint[], ")})
RETURNS {_last._RESULT} LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY {
    DECISION.format(
        members="AND m.id = ANY (p_members)",
        contacts="AND i.member_id = ANY (p_members)",
        wishes="AND w.member_id = ANY (p_members)",
        blocked=BY_HASH,
    )
};
END $$;
"""

BACKWARDS = f"""
DROP FUNCTION consent_gate_some({TYPES.format(members="bigint[], ")});
DROP FUNCTION consent_gate_unmarked({TYPES.format(members="")});
DROP FUNCTION consent_gate({TYPES.format(members="")});
{_last.FORWARDS[_last.FORWARDS.index("CREATE FUNCTION consent_gate(") :]}
"""


class Migration(migrations.Migration):
    """A whole club is asked about without joins that find nobody."""

    dependencies = [("consent", "0015_gate_for_a_million")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
