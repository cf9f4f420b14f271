"""What merges are made of in these tests, and what is looked at afterwards."""

from datetime import UTC, datetime, timedelta

from consent.models import ConsentEntry
from members.models import Identifier
from points.models import Account, Entry, Lot
from points.services import post

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
SOON = NOW + timedelta(hours=1)
KIND, PROOF = Identifier.Kind, Identifier.Proof
GIVEN, REFUSED = ConsentEntry.Action.GIVEN, ConsentEntry.Action.REFUSED
WITHDRAWN = ConsentEntry.Action.WITHDRAWN


def earn(member, points, key="e", *, expires_at=None, kind=Entry.Kind.EARN, now=NOW):
    return post(
        member_id=member.pk,
        kind=kind,
        points=points,
        key=key,
        at=now,
        now=now,
        expires_at=expires_at,
    )


def spend(member, points, key="s", *, now=NOW):
    return earn(member, -points, key, kind=Entry.Kind.SPEND, now=now)


def balance(member):
    account = Account.objects.filter(member=member).first()
    return account.balance if account else 0


def open_lots(member):
    found = Lot.objects.filter(member=member, remaining__gt=0)
    return sorted(found.values_list("remaining", "expires_at"))
