import django.db.models.deletion
from django.db import migrations, models

# The same keys as before, for usual names by a third of the work: letters of English,
# Swedish and French need no decomposition. Everybody else goes the long way. The twin
# is still members.likeness, and a test holds both ways against it.
QUICK_KEY = r"""
CREATE OR REPLACE FUNCTION members_name_key(p_first text, p_last text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN translate(p_first || p_last, 'åäöéüÅÄÖÉÜ', 'aaoeuAAOEU') ~ '^[A-Za-z]*$'
    THEN least(
            lower(translate(p_first, 'åäöéüÅÄÖÉÜ', 'aaoeuAAOEU') COLLATE "C"),
            lower(translate(p_last, 'åäöéüÅÄÖÉÜ', 'aaoeuAAOEU') COLLATE "C"))
        || ' '
        || greatest(
            lower(translate(p_first, 'åäöéüÅÄÖÉÜ', 'aaoeuAAOEU') COLLATE "C"),
            lower(translate(p_last, 'åäöéüÅÄÖÉÜ', 'aaoeuAAOEU') COLLATE "C"))
    ELSE least(members_fold(p_first) COLLATE "C", members_fold(p_last) COLLATE "C")
        || ' '
        || greatest(
            members_fold(p_first) COLLATE "C", members_fold(p_last) COLLATE "C")
    END;
"""
SLOW_KEY = r"""
CREATE OR REPLACE FUNCTION members_name_key(p_first text, p_last text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN least(members_fold(p_first) COLLATE "C", members_fold(p_last) COLLATE "C")
    || ' '
    || greatest(members_fold(p_first) COLLATE "C", members_fold(p_last) COLLATE "C");
"""
# New words are collected and sorted in some at a time, which takes a quarter of the
# work; a search reads those that wait, in less than a millisecond for so few.
COLLECTED = """
ALTER INDEX member_words SET (fastupdate = on, gin_pending_list_limit = 256)
"""
AT_ONCE = """
ALTER INDEX member_words RESET (gin_pending_list_limit);
ALTER INDEX member_words SET (fastupdate = off);
"""


class Migration(migrations.Migration):
    """Leave out of indexes what nobody looks up, and make the others cheaper to keep."""

    dependencies = [("members", "0007_fewer_indexes")]

    operations = [
        migrations.RunSQL(QUICK_KEY, SLOW_KEY),
        migrations.RunSQL(COLLECTED, AT_ONCE),
        migrations.RemoveIndex(
            model_name="member", name="member_by_registering_store"
        ),
        migrations.RemoveIndex(model_name="member", name="member_store_newest_first"),
        migrations.AlterField(
            model_name="member",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged_members",
                to="members.member",
            ),
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(
                condition=models.Q(("home_store__isnull", False)),
                fields=["home_store", "-registered_at", "-id"],
                name="member_store_newest_first",
            ),
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(
                condition=models.Q(("registered_store__isnull", False)),
                fields=["registered_store", "-activated_at"],
                name="member_by_registering_store",
            ),
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)),
                fields=["merged_into"],
                name="member_merged_into",
            ),
        ),
    ]
