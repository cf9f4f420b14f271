from importlib import import_module

from django.db import migrations, models

# What opens: whatever else the last word is, it is no yes.
_YES = "('GIVEN', 'CONFIRMED', 'IMPORTED')"
_NO = """CASE coalesce({word}.action, '')
                WHEN '' THEN 'never_asked'
                WHEN 'REFUSED' THEN 'refused'
                WHEN 'OBJECTED' THEN 'objected'
                WHEN 'EXPIRED' THEN 'expired'
                -- Also of an objection taken back, which gives no yes.
                ELSE 'withdrawn' END"""
# Said once for every way, and needed beside the yes to marketing on the way.
_SECOND = "p_purpose IN ('PROFILING', 'PARTNERS')"
_ADDRESS = "CASE p_channel WHEN 'EMAIL' THEN lower(m.email) ELSE m.phone END"
# The keyed hash of common.blind (HMAC, RFC 2104).
_HASH = f"""sha256(p_outer || sha256(p_inner || convert_to(
            CASE p_channel WHEN 'EMAIL' THEN 'email:' ELSE 'phone:' END
                || {_ADDRESS}, 'UTF8')))"""
_NTH = """interval '{days} days' + (SELECT x.at FROM consent_contact x
            WHERE x.member_id = judged.member_id AND x.at <= p_now{kind}
                AND {most} > 0
            ORDER BY x.at DESC OFFSET greatest({most}, 1) - 1 LIMIT 1)"""

# The gate's one decision, as a query over members. The set form reads it for a whole
# club; the single form is the same text in PL/pgSQL, whose plan a connection keeps.
DECISION = f"""
SELECT judged.member_id, judged.code, judged.entry_id,
    -- Which message has to grow old first is looked up for the few who are stopped.
    CASE judged.code
        WHEN 'snoozed' THEN judged.snoozed_until
        WHEN 'quiet_hours' THEN p_quiet_ends_at
        WHEN 'survey_budget' THEN {
    _NTH.format(days=365, kind=" AND x.kind = 'SURVEY'", most="p_surveys_per_year")
}
        WHEN 'own_budget' THEN {_NTH.format(days=7, kind="", most="judged.per_week")}
        WHEN 'week_budget' THEN {_NTH.format(days=7, kind="", most="p_per_week")}
        WHEN 'month_budget' THEN {_NTH.format(days=30, kind="", most="p_per_month")}
        WHEN 'gap' THEN judged.latest_at + (p_now - p_gap_from)
    END AS retry_at,
    judged.also_entry_id
FROM (
    SELECT m.id AS member_id, f.snoozed_until, f.per_week, c.latest_at,
        -- What decided: the objection, the missing key, or the yes.
        CASE WHEN o.entry_id IS NOT NULL THEN o.entry_id
            WHEN {_SECOND} AND d.action IN {_YES}
                AND coalesce(k.action, '') NOT IN {_YES} THEN k.entry_id
            ELSE d.entry_id END AS entry_id,
        CASE WHEN {_SECOND} AND o.entry_id IS NULL AND d.action IN {_YES}
                AND k.action IN {_YES} THEN k.entry_id END AS also_entry_id,
        CASE
            WHEN m.status IN ('ERASED', 'MERGED') THEN 'erased'
            WHEN b.reach = 'ALL' OR p_is_unmarked AND u.reach = 'ALL' THEN 'suppressed'
            -- We hold neither street nor device.
            WHEN p_channel NOT IN ('SMS', 'PHONE', 'EMAIL') THEN 'no_address'
            WHEN p_class = 'CODE' THEN 'code'
            WHEN p_class = 'SERVICE' THEN 'service'
            WHEN m.status <> 'ACTIVE' THEN 'not_active'
            WHEN (CASE p_channel WHEN 'EMAIL' THEN m.email ELSE m.phone END) = ''
                THEN 'no_address'
            WHEN b.reach IS NOT NULL OR p_is_unmarked AND u.reach IS NOT NULL
                THEN 'suppressed'
            WHEN f.restricted_at IS NOT NULL THEN 'restricted'
            WHEN m.birthday_on > p_born_by THEN 'too_young'
            WHEN o.entry_id IS NOT NULL THEN 'objected'
            WHEN coalesce(d.action, '') NOT IN {_YES} THEN {_NO.format(word="d")}
            WHEN {_SECOND} AND coalesce(k.action, '') NOT IN {_YES} THEN
                {_NO.format(word="k")}
            -- A customer relation is for own goods (ePrivacy art. 13(2)).
            WHEN p_purpose = 'PARTNERS' AND d.basis = 'SOFT_OPT_IN' THEN 'never_asked'
            WHEN cardinality(p_topics) > 0 AND t.member_id IS NOT NULL THEN 'topic_unwanted'
            WHEN f.snoozed_until > p_now THEN 'snoozed'
            WHEN p_quiet_ends_at IS NOT NULL THEN 'quiet_hours'
            WHEN p_class = 'SURVEY' AND (p_surveys_per_year = 0
                OR c.surveys >= p_surveys_per_year) THEN 'survey_budget'
            WHEN f.per_week = 0 OR c.of_week >= f.per_week THEN 'own_budget'
            WHEN p_per_week = 0 OR c.of_week >= p_per_week THEN 'week_budget'
            WHEN p_per_month = 0 OR c.of_month >= p_per_month THEN 'month_budget'
            WHEN c.latest_at > p_gap_from THEN 'gap'
            WHEN d.basis = 'SOFT_OPT_IN' THEN 'soft_opt_in'
            ELSE 'consent_given'
        END AS code
    FROM members_member m
    LEFT JOIN consent_permission d ON d.member_id = m.id AND d.channel = p_channel
        AND d.purpose = CASE WHEN {_SECOND} THEN 'MARKETING' ELSE p_purpose END
    -- This one and topics are not read at all where nothing above asks for them:
    -- PostgreSQL sees that they could add no row.
    LEFT JOIN consent_permission k ON k.member_id = m.id
        AND k.purpose = p_purpose AND k.channel = 'ANY'
    -- Absolute (GDPR art. 21(3)): whatever the ground, whatever the way.
    LEFT JOIN consent_permission o ON (p_class = 'MARKETING' OR {_SECOND})
        AND o.member_id = m.id AND o.purpose = 'MARKETING' AND o.channel = 'ANY'
        AND o.action = 'OBJECTED'
    LEFT JOIN (
        SELECT DISTINCT w.member_id FROM consent_topicwish w
        WHERE w.wish = 'UNWANTED' AND w.topic_id = ANY (p_topics) {{wishes}}
    ) t ON t.member_id = m.id
    LEFT JOIN consent_contactpreference f ON f.member_id = m.id
    LEFT JOIN (
        SELECT x.member_id, max(x.at) AS latest_at,
            count(*) FILTER (WHERE x.at > p_week_from) AS of_week,
            count(*) FILTER (WHERE x.at > p_month_from) AS of_month,
            CASE WHEN p_class = 'SURVEY'
                THEN count(*) FILTER (WHERE x.kind = 'SURVEY') END AS surveys
        FROM consent_contact x
        WHERE x.at <= p_now AND x.at > CASE p_class
            WHEN 'SURVEY' THEN p_year_from ELSE p_month_from END
            {{contacts}}
        GROUP BY x.member_id
        -- Who was written to less than any bound says is left out at once.
        HAVING p_class = 'SURVEY' OR max(x.at) > least(p_week_from, p_gap_from)
            OR count(*) >= p_per_month
    ) c ON c.member_id = m.id
    -- Found by a mark of 20 bits, which costs a hundredth of the hash; that decides.
    -- Not by `=`, or it would be worked out for everybody to join by it.
    LEFT JOIN consent_suppression b ON b.programme_id = p_programme
        AND b.channel = p_channel AND b.lifted_at IS NULL
        AND b.mark = consent_mark({_ADDRESS}, p_seed)
        AND b.contact_index IS NOT DISTINCT FROM {_HASH}
    -- From before there were marks.
    LEFT JOIN consent_suppression u ON p_is_unmarked AND u.programme_id = p_programme
        AND u.channel = p_channel AND u.lifted_at IS NULL AND u.mark IS NULL
        AND u.contact_index = {_HASH}
    WHERE m.programme_id = p_programme {{members}}
) judged
"""
_ARGUMENTS = (
    "p_programme bigint, {members}p_channel text, p_class text, p_purpose text,"
    " p_topics bigint[], p_now timestamptz, p_week_from timestamptz,"
    " p_month_from timestamptz, p_year_from timestamptz, p_gap_from timestamptz,"
    " p_quiet_ends_at timestamptz, p_born_by date, p_per_week integer,"
    " p_per_month integer, p_surveys_per_year integer, p_seed bigint,"
    " p_is_unmarked boolean, p_inner bytea, p_outer bytea"
)
_TYPES = (
    "bigint, {members}text, text, text, bigint[], timestamptz, timestamptz,"
    " timestamptz, timestamptz, timestamptz, timestamptz, date, integer, integer,"
    " integer, bigint, boolean, bytea, bytea"
)
_RESULT = (
    "TABLE (member_id bigint, code text, entry_id bigint, retry_at timestamptz,"
    " also_entry_id bigint)"
)
_BOUNDS = """
CREATE FUNCTION consent_mark(p_address text, p_seed bigint) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (hashtextextended(p_address, p_seed) & 1048575)::integer
$$;

-- What is the same for everybody in a club who is asked about at once.
CREATE FUNCTION consent_gate_bounds(p_programme bigint, p_channel text,
    p_purpose text, p_now timestamptz, p_least_years integer)
RETURNS TABLE (gap interval, quiet_ends_at timestamptz, born_by date,
    per_week integer, per_month integer, surveys_per_year integer,
    is_listed boolean, is_unmarked boolean)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT make_interval(hours => p.gap_hours),
        CASE WHEN CASE WHEN p.quiet_from < p.quiet_until
                THEN l.clock >= p.quiet_from AND l.clock < p.quiet_until
                ELSE l.clock >= p.quiet_from OR l.clock < p.quiet_until END
            THEN (l.day + p.quiet_until
                + CASE WHEN l.clock >= p.quiet_until THEN interval '1 day'
                    ELSE interval '0' END) AT TIME ZONE g.time_zone END,
        -- Born after this day, one is too young today.
        (l.day - make_interval(years => greatest(p_least_years,
            CASE p_purpose WHEN 'PROFILING' THEN p.profiling_from_years
                ELSE p.youngest_years END)))::date,
        p.per_week::integer, p.per_month::integer, p.surveys_per_year::integer,
        EXISTS (SELECT FROM consent_suppression s WHERE s.programme_id = g.id
            AND s.channel = p_channel AND s.lifted_at IS NULL),
        EXISTS (SELECT FROM consent_suppression s WHERE s.programme_id = g.id
            AND s.channel = p_channel AND s.lifted_at IS NULL AND s.mark IS NULL)
    FROM stores_programme g
    CROSS JOIN LATERAL (SELECT
        (p_now AT TIME ZONE g.time_zone)::date AS day,
        (p_now AT TIME ZONE g.time_zone)::time AS clock) l
    CROSS JOIN LATERAL (
        SELECT coalesce(max(q.quiet_from), '20:00') AS quiet_from,
            coalesce(max(q.quiet_until), '08:00') AS quiet_until,
            coalesce(max(q.per_week), 3) AS per_week,
            coalesce(max(q.per_month), 8) AS per_month,
            coalesce(max(q.gap_hours), 20)::integer AS gap_hours,
            coalesce(max(q.surveys_per_year), 4) AS surveys_per_year,
            coalesce(max(q.youngest_years), 16)::integer AS youngest_years,
            coalesce(max(q.profiling_from_years), 18)::integer
                AS profiling_from_years
        FROM consent_contactpolicy q WHERE q.programme_id = g.id) p
    WHERE g.id = p_programme;
END $$;
"""
_DROP_OLD = """
DROP FUNCTION consent_gate_some(bigint, bigint[], text, text, text, timestamptz,
    bigint[], integer, boolean, bytea, bytea);
DROP FUNCTION consent_gate(bigint, text, text, text, timestamptz,
    bigint[], integer, boolean, bytea, bytea);
"""

FORWARDS = f"""
{_DROP_OLD}
{_BOUNDS}
CREATE FUNCTION consent_gate({_ARGUMENTS.format(members="")})
RETURNS {_RESULT} LANGUAGE sql STABLE PARALLEL SAFE AS $$
{DECISION.format(members="", contacts="", wishes="")}
$$;

CREATE FUNCTION consent_gate_some({_ARGUMENTS.format(members="p_members bigint[], ")})
RETURNS {_RESULT} LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY {
    DECISION.format(
        members="AND m.id = ANY (p_members)",
        contacts="AND x.member_id = ANY (p_members)",
        wishes="AND w.member_id = ANY (p_members)",
    )
};
END $$;
"""

_before = import_module(
    "consent.migrations.0013_gate_of_objections_and_topics"
).FORWARDS

BACKWARDS = f"""
DROP FUNCTION consent_gate_some({_TYPES.format(members="bigint[], ")});
DROP FUNCTION consent_gate({_TYPES.format(members="")});
DROP FUNCTION consent_gate_bounds(bigint, text, text, timestamptz, integer);
DROP FUNCTION consent_mark(text, bigint);
{_before[_before.index("CREATE FUNCTION consent_gate(") :]}
"""


class Migration(migrations.Migration):
    """The gate answers for a million members in seconds."""

    dependencies = [("consent", "0014_never_emptied")]

    operations = [
        migrations.AddField(
            model_name="suppression",
            name="mark",
            field=models.IntegerField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="suppression",
            index=models.Index(
                condition=models.Q(("lifted_at", None)),
                fields=["programme", "channel", "mark"],
                name="suppression_live_mark",
            ),
        ),
        migrations.AddIndex(
            model_name="permission",
            index=models.Index(
                condition=models.Q(
                    ("action", "OBJECTED"), ("channel", "ANY"), ("purpose", "MARKETING")
                ),
                fields=["member"],
                name="permission_objected",
            ),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
