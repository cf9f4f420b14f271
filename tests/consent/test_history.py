"""Could we have sent this then? As the gate said when it was asked."""

import random
from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

import pytest

from consent import contact, gate, services
from consent.erasure import erase_member
from consent.history import could_have_sent
from consent.models import (
    Channel,
    ConsentEntry,
    Contact,
    ContactPolicy,
    Purpose,
    Suppression,
    Text,
)
from consent.selectors import current_text
from members import identity
from members.merging import merge_members
from members.models import Identifier, Member
from members.services import activate_member, leave
from tests.factories.consent import answer, publish_texts, purchase_of
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory

START = datetime(2026, 1, 12, 9, tzinfo=UTC)
GIVEN = ConsentEntry.Action.GIVEN
QUESTIONS = [
    ("CODE", ""),
    ("SERVICE", ""),
    ("MARKETING", "MARKETING"),
    ("MARKETING", "PROFILING"),
    ("MARKETING", "PARTNERS"),
    ("SURVEY", "SURVEYS"),
]
pytestmark = pytest.mark.django_db


class Life:
    """A member to whom things happen, one after the other."""

    def __init__(self, rng, programme):
        self.rng = rng
        self.programme = programme
        self.now = START
        self.member = MemberFactory(
            programme=programme,
            registered_at=START - timedelta(days=30),
            activated_at=START - timedelta(days=29),
            birthday_on=rng.choice([None, START.date().replace(year=2009)]),
        )

    def act(self):
        """Let some time pass, then let one thing happen."""
        minutes = self.rng.choice([0, 1, 50, 400, 3000])
        self.now += timedelta(minutes=minutes, seconds=1)
        self.member.refresh_from_db()
        acts = [self.choose] * 8 + [
            self.object,
            self.lift,
            self.late,
            self.soften,
            self.block,
            self.unblock,
            self.wish,
            self.bound,
            self.contact,
            self.contact,
            self.come_and_go,
            self.move,
        ]
        self.rng.choice(acts)()

    def text(self, purpose, channel):
        return current_text(
            programme=self.programme,
            kind=Text.Kind.CONSENT,
            purpose=purpose,
            channel=channel,
            language="sv",
        )

    def choose(self):
        purpose, channel = self.rng.choice(
            [("MARKETING", "SMS"), ("MARKETING", "SMS"), ("MARKETING", "EMAIL")]
        )
        try:
            services.choose(
                member=self.member,
                purpose=purpose,
                channel=channel,
                yes=self.rng.random() < 0.7,
                text=self.text(purpose, channel),
                source="PORTAL",
                evidence={},
                now=self.now,
            )
        except services.ObjectionStands:
            return

    def object(self):
        services.object_to_marketing(
            member=self.member, source="PORTAL", evidence={}, now=self.now
        )

    def lift(self):
        services.lift_objection(
            member=self.member, source="PORTAL", evidence={}, now=self.now
        )

    def late(self):
        """Write down what was said days ago, also for what is said once."""
        purpose, channel, action = self.rng.choice(
            [
                ("MARKETING", "SMS", "WITHDRAWN"),
                ("PROFILING", "ANY", "CONFIRMED"),
                ("PARTNERS", "ANY", "IMPORTED"),
                ("SURVEYS", "SMS", "CONFIRMED"),
            ]
        )
        services.record_entry(
            member=self.member,
            purpose=purpose,
            channel=channel,
            action=action,
            at=self.now - timedelta(hours=self.rng.choice([0, 3, 70])),
            source="API",
            actor=services.MEMBER,
            now=self.now,
        )

    def soften(self):
        try:
            services.record_soft_opt_in(
                member=self.member,
                channel="EMAIL",
                receipt_id=purchase_of(self.member, self.now).public_id,
                bought_at=self.now,
                source="TILL",
                text=self.text("MARKETING", "EMAIL"),
                could_refuse=True,
                evidence={},
                now=self.now,
            )
        except services.NoCustomerRelation:
            return

    def block(self):
        if self.member.phone:
            contact.suppress(
                programme=self.programme,
                channel="SMS",
                address=self.member.phone,
                reach=self.rng.choice(["ALL", "MARKETING"]),
                reason="REQUEST",
                now=self.now,
            )

    def unblock(self):
        for listed in Suppression.objects.filter(lifted_at=None):
            contact.lift_suppression(suppression=listed, now=self.now)

    def wish(self):
        what = self.rng.randrange(3)
        if what == 0:
            limit = self.rng.choice([None, 0, 1, 2])
            contact.set_weekly_limit(member=self.member, per_week=limit, now=self.now)
        elif what == 1:
            until = self.rng.choice([None, self.now + timedelta(hours=30)])
            contact.snooze(member=self.member, until=until, now=self.now)
        else:
            is_restricted = self.rng.random() < 0.3
            contact.restrict(
                member=self.member, is_restricted=is_restricted, now=self.now
            )

    def bound(self):
        ContactPolicy.objects.update_or_create(
            programme=self.programme,
            defaults={
                "per_week": self.rng.choice([1, 2, 5]),
                "per_month": self.rng.choice([2, 8]),
                "gap_hours": self.rng.choice([0, 4]),
                "quiet_from": self.rng.choice([time(20), time(23, 30)]),
                "changed_at": self.now,
            },
        )

    def contact(self):
        contact.note_contact(
            member=self.member,
            kind=self.rng.choice(Contact.Kind.values),
            channel="SMS",
            message_id=uuid4(),
            at=self.now,
        )

    def come_and_go(self):
        if self.member.status == Member.Status.ACTIVE and self.rng.random() < 0.4:
            leave(member=self.member, now=self.now)
        elif self.member.status == Member.Status.LEFT:
            activate_member(
                member=self.member,
                first_name="Vera",
                last_name="Lind",
                email=self.member.email,
                language="sv",
                birthday_on=self.member.birthday_on,
                now=self.now,
            )

    def move(self):
        number = f"+4670174{self.rng.randint(600, 9999):04d}"
        if self.member.phone != number:
            identity.change_contact(
                member=self.member,
                kind=Identifier.Kind.PHONE,
                value=number,
                proof=Identifier.Proof.CODE,
                held_until=None,
                now=self.now,
            )

    def ask(self):
        """Ask the gate about now; return the question and its answer."""
        kind, purpose = self.rng.choice(QUESTIONS)
        asked = {
            "channel": self.rng.choice(["SMS", "SMS", "EMAIL", "PHONE", "POST"]),
            "message_class": kind,
            "purpose": purpose,
        }
        said = gate.may_send(member=self.member, now=self.now, **asked)
        return {**asked, "at": self.now}, said


def compare(seed, steps):
    """Live a life, then ask about every instant of it; return the codes seen."""
    rng = random.Random(seed)
    programme = ProgrammeFactory()
    publish_texts(programme)
    life = Life(rng, programme)
    told = []
    for _step in range(steps):
        life.act()
        # Not at the same moment: what came first then would not be known.
        life.now += timedelta(seconds=1)
        told += [life.ask() for _question in range(2)]
    life.member.refresh_from_db()
    for asked, said in told:
        then = could_have_sent(member=life.member, **asked)
        assert (then.code, then.allowed, then.retry_at) == (
            said.code,
            said.allowed,
            said.retry_at,
        ), (seed, asked, then.checks)
        if then.entry is not None:
            assert then.entry.pk == said.entry_id, (seed, asked)
    return {said.code for _asked, said in told}


class TestCouldHaveSent:
    def test_answers_as_the_gate_did(self):
        seen = set()
        for seed in [1, random.randrange(10**9)]:
            seen |= compare(seed, steps=25)

        assert len(seen) > 6

    @pytest.mark.soak
    def test_answers_so_at_length(self):
        seed = random.randrange(10**9)
        for step in range(100):
            compare(seed + step, steps=80)

    def test_names_the_permission_and_its_text(self, programme, now):
        member = MemberFactory(programme=programme)
        given = answer(member, GIVEN, at=now)
        services.record_entry(
            member=member,
            purpose=Purpose.MARKETING,
            channel=Channel.SMS,
            action=ConsentEntry.Action.WITHDRAWN,
            at=now + timedelta(minutes=2),
            source="LINK",
            actor=services.MEMBER,
            now=now + timedelta(minutes=2),
        )
        asked = {"channel": "SMS", "message_class": "MARKETING", "purpose": "MARKETING"}

        before = could_have_sent(member=member, at=now + timedelta(minutes=1), **asked)
        after = could_have_sent(member=member, at=now + timedelta(minutes=3), **asked)

        assert (before.allowed, before.entry) == (True, given)
        assert before.entry.text.version == 1
        assert (after.code, after.entry.action) == ("withdrawn", "WITHDRAWN")
        (permission,) = [check for check in after.checks if check.entry == after.entry]
        assert (permission.is_ok, permission.since) == (False, after.entry.at)

    def test_tells_what_was_known_then_from_what_was_said_by_then(self, programme, now):
        member = MemberFactory(
            programme=programme,
            registered_at=now - timedelta(days=20),
            activated_at=now - timedelta(days=20),
        )
        publish_texts(programme)
        text = current_text(
            programme=programme,
            kind=Text.Kind.CONSENT,
            purpose=Purpose.MARKETING,
            channel=Channel.SMS,
            language="sv",
        )
        for action, at, recorded in [
            (GIVEN, now - timedelta(days=9), now - timedelta(days=9)),
            ("WITHDRAWN", now - timedelta(days=5), now - timedelta(days=1)),
        ]:
            services.record_entry(
                member=member,
                purpose=Purpose.MARKETING,
                channel=Channel.SMS,
                action=action,
                at=at,
                source="API",
                actor=services.MEMBER,
                text=text if action == GIVEN else None,
                now=recorded,
            )

        then = could_have_sent(
            member=member,
            channel="SMS",
            message_class="MARKETING",
            purpose="MARKETING",
            at=now - timedelta(days=3),
        )

        assert (then.code, then.code_as_known_now) == ("consent_given", "withdrawn")
        assert then.entry.text == text

    def test_leaves_the_message_itself_out_of_the_budget(self, programme, now):
        member = MemberFactory(programme=programme)
        answer(member, GIVEN, at=now)
        policy = ContactPolicy.objects.get(programme=programme)
        policy.per_week, policy.changed_at = 1, now
        policy.save()
        message = uuid4()
        contact.note_contact(
            member=member, kind="MARKETING", channel="SMS", message_id=message, at=now
        )
        asked = {
            "member": member,
            "channel": "SMS",
            "message_class": "MARKETING",
            "purpose": "MARKETING",
            "at": now + timedelta(seconds=30),
        }

        assert could_have_sent(**asked).code == "week_budget"
        assert could_have_sent(**asked, but=message).code == "consent_given"

    def test_gives_each_of_two_memberships_its_own_words_before_they_were_merged(
        self, programme, now
    ):
        kept, merged = (MemberFactory(programme=programme) for _each in range(2))
        early = now - timedelta(days=2)
        for member, action in ((kept, "REFUSED"), (merged, "CONFIRMED")):
            services.record_entry(
                member=member,
                purpose=Purpose.MARKETING,
                channel=Channel.EMAIL,
                action=action,
                at=early,
                source="PORTAL",
                actor=services.MEMBER,
                now=early,
            )
        merge_members(kept=kept, merged=merged, staff=None, now=now)
        merged.refresh_from_db()

        said = [
            could_have_sent(
                member=member,
                channel="EMAIL",
                message_class="MARKETING",
                purpose="MARKETING",
                at=at,
            ).code
            for at in (now - timedelta(days=1), now + timedelta(days=1))
            for member in (kept, merged)
        ]

        assert said == ["refused", "consent_given", "refused", "erased"]

    def test_says_what_is_not_known_any_more_of_the_erased(self, programme, now):
        member = MemberFactory(
            programme=programme,
            registered_at=now - timedelta(days=9),
            activated_at=now - timedelta(days=9),
        )
        services.record_entry(
            member=member,
            purpose=Purpose.MARKETING,
            channel=Channel.SMS,
            action=ConsentEntry.Action.REFUSED,
            at=now - timedelta(days=5),
            source="PORTAL",
            actor=services.MEMBER,
            now=now - timedelta(days=5),
        )
        erase_member(member=member, now=now)
        member.refresh_from_db()
        asked = {"channel": "SMS", "message_class": "MARKETING", "purpose": "MARKETING"}

        after = could_have_sent(member=member, at=now + timedelta(days=1), **asked)
        before = could_have_sent(member=member, at=now - timedelta(seconds=1), **asked)

        assert (after.code, after.is_complete) == ("erased", True)
        # The record of permissions is kept, but not where the member was reached.
        assert (before.code, before.is_complete) == ("refused", False)

    def test_refuses_a_channel_that_is_none(self, programme, now):
        with pytest.raises(ValueError, match="PIGEON"):
            could_have_sent(
                member=MemberFactory(programme=programme),
                channel="PIGEON",
                message_class="MARKETING",
                at=now,
            )
