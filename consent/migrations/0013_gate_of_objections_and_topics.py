from importlib import import_module

from django.db import migrations

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

# The gate's one decision, as a query over members. The set form reads it for a whole
# club; the single form is the same text in PL/pgSQL, whose plan a connection keeps.
DECISION = f"""
SELECT judged.member_id, judged.code, judged.entry_id,
    CASE judged.code
        WHEN 'snoozed' THEN judged.snoozed_until
        WHEN 'quiet_hours' THEN judged.quiet_ends_at
        WHEN 'survey_budget' THEN
            judged.survey_ats[judged.surveys_per_year] + interval '365 days'
        WHEN 'own_budget' THEN judged.ats[judged.own_per_week] + interval '7 days'
        WHEN 'week_budget' THEN judged.ats[judged.per_week] + interval '7 days'
        WHEN 'month_budget' THEN judged.ats[judged.per_month] + interval '30 days'
        WHEN 'gap' THEN judged.ats[1] + judged.gap
    END AS retry_at,
    judged.also_entry_id
FROM (
    SELECT m.id AS member_id, f.snoozed_until, c.ats, c.survey_ats,
        f.per_week AS own_per_week, r.per_week, r.per_month, r.surveys_per_year, r.gap,
        r.quiet_ends_at,
        -- What decided: the objection, the missing key, or the yes.
        CASE WHEN o.entry_id IS NOT NULL THEN o.entry_id
            WHEN {_SECOND} AND d.action IN {_YES}
                AND coalesce(k.action, '') NOT IN {_YES} THEN k.entry_id
            ELSE d.entry_id END AS entry_id,
        CASE WHEN o.entry_id IS NULL AND d.action IN {_YES} AND k.action IN {_YES}
            THEN k.entry_id END AS also_entry_id,
        CASE
            WHEN m.status IN ('ERASED', 'MERGED') THEN 'erased'
            WHEN b.reach = 'ALL' THEN 'suppressed'
            -- We hold neither street nor device.
            WHEN p_channel NOT IN ('SMS', 'PHONE', 'EMAIL') THEN 'no_address'
            WHEN p_class = 'CODE' THEN 'code'
            WHEN p_class = 'SERVICE' THEN 'service'
            WHEN m.status <> 'ACTIVE' THEN 'not_active'
            WHEN (CASE p_channel WHEN 'EMAIL' THEN m.email ELSE m.phone END) = ''
                THEN 'no_address'
            WHEN b.reach IS NOT NULL THEN 'suppressed'
            WHEN f.restricted_at IS NOT NULL THEN 'restricted'
            WHEN m.birthday_on > r.born_by THEN 'too_young'
            WHEN o.entry_id IS NOT NULL THEN 'objected'
            WHEN coalesce(d.action, '') NOT IN {_YES} THEN {_NO.format(word="d")}
            WHEN {_SECOND} AND coalesce(k.action, '') NOT IN {_YES} THEN
                {_NO.format(word="k")}
            -- A customer relation is for own goods (ePrivacy art. 13(2)).
            WHEN p_purpose = 'PARTNERS' AND d.basis = 'SOFT_OPT_IN' THEN 'never_asked'
            WHEN t.member_id IS NOT NULL THEN 'topic_unwanted'
            WHEN f.snoozed_until > p_now THEN 'snoozed'
            WHEN r.is_quiet THEN 'quiet_hours'
            WHEN p_class = 'SURVEY' AND (r.surveys_per_year = 0
                OR c.survey_ats[r.surveys_per_year] > p_now - interval '365 days')
                THEN 'survey_budget'
            WHEN f.per_week = 0 OR c.ats[f.per_week] > p_now - interval '7 days'
                THEN 'own_budget'
            WHEN r.per_week = 0 OR c.ats[r.per_week] > p_now - interval '7 days'
                THEN 'week_budget'
            WHEN r.per_month = 0 OR c.ats[r.per_month] > p_now - interval '30 days'
                THEN 'month_budget'
            WHEN c.ats[1] > p_now - r.gap THEN 'gap'
            WHEN d.basis = 'SOFT_OPT_IN' THEN 'soft_opt_in'
            ELSE 'consent_given'
        END AS code
    FROM (
        SELECT g.id, p.per_week, p.per_month, p.surveys_per_year,
            make_interval(hours => p.gap_hours) AS gap,
            -- Born after this day, one is too young today.
            (l.day - make_interval(years => greatest(p_least_years,
                CASE p_purpose WHEN 'PROFILING' THEN p.profiling_from_years
                    ELSE p.youngest_years END)))::date AS born_by,
            CASE WHEN p.quiet_from < p.quiet_until
                THEN l.clock >= p.quiet_from AND l.clock < p.quiet_until
                ELSE l.clock >= p.quiet_from OR l.clock < p.quiet_until
            END AS is_quiet,
            (l.day + p.quiet_until
                + CASE WHEN l.clock >= p.quiet_until THEN interval '1 day'
                    ELSE interval '0' END) AT TIME ZONE g.time_zone AS quiet_ends_at
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
        WHERE g.id = p_programme
    ) r
    JOIN members_member m ON m.programme_id = r.id {{members}}
    LEFT JOIN consent_permission d ON d.member_id = m.id AND d.channel = p_channel
        AND d.purpose = CASE WHEN {_SECOND} THEN 'MARKETING' ELSE p_purpose END
    LEFT JOIN consent_permission k ON {_SECOND} AND k.member_id = m.id
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
        SELECT k.member_id, array_agg(k.at ORDER BY k.at DESC) AS ats,
            array_agg(k.at ORDER BY k.at DESC) FILTER (WHERE k.kind = 'SURVEY')
                AS survey_ats
        FROM consent_contact k
        WHERE k.at <= p_now AND k.at > p_now - CASE p_class
            WHEN 'SURVEY' THEN interval '365 days' ELSE interval '30 days' END
            {{contacts}}
        GROUP BY k.member_id
    ) c ON c.member_id = m.id
    LEFT JOIN consent_suppression b ON b.programme_id = p_programme
        AND b.channel = p_channel AND b.lifted_at IS NULL
        -- The keyed hash of common.blind (HMAC, RFC 2104): nothing is hashed while
        -- nobody is on the list.
        AND b.contact_index = CASE WHEN p_is_listed THEN
            sha256(p_outer || sha256(p_inner || convert_to(
                CASE p_channel WHEN 'EMAIL'
                    THEN 'email:' || lower(m.email) ELSE 'phone:' || m.phone END, 'UTF8'))) END
) judged
"""
_ARGUMENTS = (
    "p_programme bigint, {members}p_channel text, p_class text, p_purpose text,"
    " p_now timestamptz, p_topics bigint[], p_least_years integer,"
    " p_is_listed boolean, p_inner bytea, p_outer bytea"
)
_RESULT = (
    "TABLE (member_id bigint, code text, entry_id bigint, retry_at timestamptz,"
    " also_entry_id bigint)"
)
_DROP_OLD = """
DROP FUNCTION consent_gate_some(
    bigint, bigint[], text, text, text, timestamptz, boolean, bytea, bytea);
DROP FUNCTION consent_gate(
    bigint, text, text, text, timestamptz, boolean, bytea, bytea);
"""

FORWARDS = f"""
{_DROP_OLD}
CREATE FUNCTION consent_gate({_ARGUMENTS.format(members="")})
RETURNS {_RESULT} LANGUAGE sql STABLE AS $$
{DECISION.format(members="", contacts="", wishes="")}
$$;

CREATE FUNCTION consent_gate_some({_ARGUMENTS.format(members="p_members bigint[], ")})
RETURNS {_RESULT} LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY {DECISION.format(
        members="AND m.id = ANY (p_members)",
        contacts="AND k.member_id = ANY (p_members)",
        wishes="AND w.member_id = ANY (p_members)",
    )};
END $$;
"""

_before = import_module("consent.migrations.0006_the_gate").FORWARDS

BACKWARDS = f"""
DROP FUNCTION consent_gate_some(bigint, bigint[], text, text, text, timestamptz,
    bigint[], integer, boolean, bytea, bytea);
DROP FUNCTION consent_gate(bigint, text, text, text, timestamptz,
    bigint[], integer, boolean, bytea, bytea);
{_before[_before.index("CREATE FUNCTION consent_gate(") :]}
"""


class Migration(migrations.Migration):
    """The gate knows objections, profiling, topics, and the law's least age."""

    dependencies = [("consent", "0012_runs_wait_for_a_person")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
