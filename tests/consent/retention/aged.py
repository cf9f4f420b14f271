"""A Danish club, whose books are kept for five years, with data that is all too old."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from common.ids import uuid7
from consent.erasure import erase_member
from consent.models import (
    Channel,
    ConsentEntry,
    Contact,
    Erasure,
    InactivityNotice,
    RightsRequest,
    RightsStep,
    Suppression,
)
from conversation.models import Conversation, InboundMessage
from enrolment.models import ClubImport, ImportRow, JoinLink, Registration
from members.models import Identifier, Member
from messaging.models import Message
from offers.vouchers.services import Gift, give_voucher
from points.models import TierOutlook, TierRun
from portal.models import ContactChange, LoginCode, Session
from purchases.models import MonthSum, Receipt, ReceiptLine
from stores import audit
from tests.factories.club import buy, line, returned
from tests.factories.consent import answer
from tests.factories.members import MemberFactory

# Everything happened in these days.
LONG_AGO = datetime(2020, 3, 5, 10, tzinfo=UTC)
BEFORE_THAT = datetime(2016, 3, 5, 10, tzinfo=UTC)


def member_of(club, **fields):
    return MemberFactory(
        programme=club, registered_at=LONG_AGO, activated_at=LONG_AGO, **fields
    )


def message(member, *, at, **fields):
    values = {
        "programme": member.programme,
        "member": member,
        "channel": Channel.SMS,
        "message_class": Message.Class.SERVICE,
        "kind": "welcome",
        "language": "da",
        "address": member.phone,
        "body": "Hej",
        "dedupe_key": str(uuid7()),
        "state": Message.State.SENT,
        "queued_at": at,
        "send_after": at,
        "sent_at": at,
    }
    return Message.objects.create(**values | fields)


def tell_three_times(member, at):
    for step in (1, 2, 3):
        InactivityNotice.objects.create(
            member=member,
            step=step,
            last_active_at=at,
            event_id=uuid7(),
            asked_at=at + timedelta(days=30 * step),
            told_at=at + timedelta(days=30 * step),
        )


def fill(club, store, staff, now):
    """Put one row past its time, or more, of every kind; return a silent member."""
    at = LONG_AGO
    buyer = member_of(club)
    bought = buy(buyer, store, line("80.00"), line("20.00"), now=at)
    buy(buyer, store, returned("20.00", number=2), now=now, original=bought)
    MonthSum.objects.create(
        member=buyer, month=at.date(), currency="DKK", receipts=1, amount=10
    )
    nobodys = buy(buyer, store, line("30.00"), now=at)
    ReceiptLine.objects.filter(receipt=nobodys).update(member=None)
    Receipt.objects.filter(pk=nobodys.pk).update(member=None, contact_index=b"x" * 32)

    erased = member_of(club)
    buy(erased, store, line("50.00"), now=at)
    give_voucher(
        member=erased, gift=Gift(Decimal(50)), reason="Sorry", key="sorry", now=at
    )
    answer(erased, ConsentEntry.Action.GIVEN, at=at)
    erase_member(member=erased, now=at)
    Erasure.objects.create(
        programme=club, member_id=uuid7(), at=BEFORE_THAT, journaled_at=BEFORE_THAT
    )

    TierOutlook.objects.create(
        run=TierRun.objects.create(programme=club, on=at.date(), started_at=at),
        member=buyer,
        kind=TierOutlook.Kind.NEAR,
        key="guld",
        missing=1,
    )
    message(buyer, at=at, message_class=Message.Class.CODE)
    LoginCode.objects.create(
        channel=Channel.SMS,
        identifier_index=b"",
        code_hash=b"",
        browser_hash=b"",
        created_at=at,
        expires_at=at,
    )
    Session.objects.create(
        member=buyer, key_hash=b"s", created_at=at, last_seen_at=at, expires_at=at
    )
    ContactChange.objects.create(
        member=buyer,
        kind=Identifier.Kind.EMAIL,
        old="old@example.dk",
        new="new@example.dk",
        token_hash=b"c",
        changed_at=at,
        expires_at=at,
    )
    Contact.objects.create(
        member=buyer, kind="MARKETING", channel=Channel.SMS, at=at, message_id=uuid7()
    )
    asked = RightsRequest.objects.create(
        programme=club,
        member=buyer,
        kind=RightsRequest.Kind.ACCESS,
        state=RightsRequest.State.REFUSED,
        source=RightsRequest.Source.EMAIL,
        received_at=at,
        due_at=at,
        closed_at=at,
    )
    RightsStep.objects.create(request=asked, kind=RightsStep.Kind.REFUSED, at=at)
    Suppression.objects.create(
        programme=club,
        channel=Channel.SMS,
        contact_index=b"lifted",
        reach=Suppression.Reach.ALL,
        reason=Suppression.Reason.REQUEST,
        at=at,
        lifted_at=at,
    )
    audit.record(programme=club, actor=staff, action="test.done", now=at)

    talk = Conversation.objects.create(
        programme=club,
        channel="sms",
        address_index=b"t",
        address="+4520123456",
        language="da",
        heard_at=at,
    )
    InboundMessage.objects.create(
        programme=club,
        conversation=talk,
        provider="test",
        provider_id="1",
        channel="sms",
        address="+4520123456",
        text="hej",
        received_at=at,
    )
    JoinLink.objects.create(member=buyer, token_hash=b"l", created_at=at, expires_at=at)
    Registration.objects.create(
        programme=club,
        member=buyer,
        way=Registration.Way.TILL,
        outcome=Registration.Outcome.FINISHED,
        started_at=at,
        ended_at=at,
    )
    club_import = ClubImport.objects.create(
        programme=club,
        state=ClubImport.State.DONE,
        file_name="a.csv",
        file_size=1,
        file_hash=b"",
        created_at=at,
        finished_at=at,
        file_deleted_at=at,
    )
    for row in (1, 2, 3):
        ImportRow.objects.create(
            club_import=club_import, row=row, outcome=ImportRow.Outcome.REFUSED
        )

    member_of(club, left=True)
    Member.objects.filter(status=Member.Status.LEFT).update(left_at=at)
    silent = member_of(club)
    tell_three_times(silent, at)
    return silent
