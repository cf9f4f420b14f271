from django.db import migrations

# Each body is one expression that the database puts in the place of the call, so an
# index costs no more to keep than the expression itself. Twins of members.likeness,
# which has the last word: what they miss is missed, what they find is looked at again.
FORWARDS = r"""
-- Å and a, Ø and o, Æ and ae are the same to the eye that types; so are hyphens and
-- spaces. By Unicode's own decomposition, since unaccent is not on every server.
CREATE FUNCTION members_fold(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(
    replace(replace(replace(replace(replace(replace(
        translate(lower(normalize(p_text, NFKD)), 'ØøÐðĐđŁł', 'ooddddll'),
        'Æ', 'ae'), 'æ', 'ae'), 'ẞ', 'ss'), 'ß', 'ss'), 'Þ', 'th'), 'þ', 'th'),
    E'[\u0300-\u036f\u2010-\u2015\u2018-\u201f\\s!-/:-@\\[-`{-~]', '', 'g');

-- First and last name in either order.
CREATE FUNCTION members_name_key(p_first text, p_last text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN least(members_fold(p_first) COLLATE "C", members_fold(p_last) COLLATE "C")
    || ' '
    || greatest(members_fold(p_first) COLLATE "C", members_fold(p_last) COLLATE "C");

-- What stands before the @, without what people add to it and leave out of it.
CREATE FUNCTION members_mail_name(p_email text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(
    split_part(split_part(lower(p_email), '@', 1), '+', 1), '[._-]', '', 'g');

CREATE FUNCTION members_mail_domain(p_email text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE split_part(lower(p_email), '@', 2)
    WHEN 'googlemail.com' THEN 'gmail.com' ELSE split_part(lower(p_email), '@', 2) END;

-- The name as well as the day: some old clubs wrote 1 January for all who kept theirs.
CREATE INDEX member_by_birthday_and_name ON members_member
    (programme_id, birthday_on, members_name_key(first_name, last_name))
    WHERE birthday_on IS NOT NULL AND first_name <> '' AND last_name <> '';
CREATE INDEX identifier_by_mail_name ON members_identifier
    (programme_id, members_mail_name(value))
    WHERE kind = 'EMAIL' AND ended_at IS NULL;
CREATE INDEX identifier_ended ON members_identifier (programme_id, kind, value)
    WHERE ended_at IS NOT NULL;
"""
BACKWARDS = """
DROP INDEX identifier_ended;
DROP INDEX identifier_by_mail_name;
DROP INDEX member_by_birthday_and_name;
DROP FUNCTION members_mail_domain(text);
DROP FUNCTION members_mail_name(text);
DROP FUNCTION members_name_key(text, text);
DROP FUNCTION members_fold(text);
"""


class Migration(migrations.Migration):
    """Find members who look alike by indexes over what is compared."""

    dependencies = [("members", "0005_identifiers_follow")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
