"""How points for actions and invitations follow when two memberships become one."""

from django.db import connection
from django.db.models import Q

from members import merge_registry
from members.merge_registry import Merging
from points.models import ActionAward, CustomEvent, Referral, ReferralCode

# Those of the other one that the kept member has not had for the same occasion.
_NEW = """
SELECT theirs.id FROM points_actionaward theirs
WHERE theirs.member_id = %s AND NOT EXISTS (
    SELECT FROM points_actionaward own
    WHERE own.member_id = %s AND own.action = theirs.action
        AND own.occasion = theirs.occasion AND own.number = theirs.number)
"""
# In the notes of a merge: the invitations that count no more by it.
_REFUSED = "refused"


def register() -> None:
    """Register the models; called once, when the room is ready."""
    merge_registry.register(ActionAward, merge=_hand_awards_on, undo=_give_awards_back)
    merge_registry.register_handed_on(CustomEvent)
    merge_registry.register_stays(
        ReferralCode, "a link that was shared leads to who has it now by the merge"
    )
    merge_registry.register(
        Referral, merge=_hand_referrals_on, undo=_give_referrals_back
    )


def _hand_awards_on(merging: Merging) -> None:
    """Let the kept member have had them: once is once for the person."""
    with connection.cursor() as cursor:
        cursor.execute(_NEW, [merging.merged.pk, merging.kept.pk])
        new = [row[0] for row in cursor.fetchall()]
    merge_registry.hand_on(ActionAward, merging, only=new)


def _give_awards_back(merging: Merging) -> None:
    merge_registry.give_back(ActionAward, merging)


def _hand_referrals_on(merging: Merging) -> None:
    """Let who invited and who was invited be the kept member.

    One between the two of them was of one person: it stays where it is and counts no
    more. Nor does one by which somebody came who was a member before, by the other
    membership. Nobody is invited twice: a second one stays with the merged member.
    """
    both = [merging.kept, merging.merged]
    notes = merging.merge.notes.setdefault("referrals", {})
    among = Referral.objects.filter(referrer__in=both, invited__in=both)
    known_since = min(each.registered_at for each in both)
    refused = Referral.objects.filter(
        Q(referrer__in=both) | Q(joined_at__gt=known_since),
        invited__in=both,
        state=Referral.State.JOINED,
    )
    ids = list(refused.values_list("pk", flat=True))
    notes[_REFUSED] = sorted({*notes.get(_REFUSED, []), *ids})
    Referral.objects.filter(pk__in=ids).update(
        state=Referral.State.REFUSED, settled_at=merging.now
    )
    others = Referral.objects.exclude(pk__in=among.values("pk"))
    rows = {"referrer": others.filter(referrer=merging.merged)}
    if not Referral.objects.filter(invited=merging.kept).exists():
        rows["invited"] = others.filter(invited=merging.merged)
    for name, found in rows.items():
        ids = list(found.values_list("pk", flat=True))
        notes[name] = sorted({*notes.get(name, []), *ids})
        Referral.objects.filter(pk__in=ids).update(**{name: merging.kept})


def _give_referrals_back(merging: Merging) -> None:
    notes = merging.merge.notes.get("referrals", {})
    # Two people after all: what counted no more counts as before.
    Referral.objects.filter(
        pk__in=notes.get(_REFUSED, []), state=Referral.State.REFUSED
    ).update(state=Referral.State.JOINED, settled_at=None)
    for name in ("referrer", "invited"):
        ids = notes.get(name, [])
        Referral.objects.filter(pk__in=ids, **{name: merging.kept}).update(
            **{name: merging.merged}
        )
