"""Receipts of people with several numbers, cards and, for a while, memberships."""

import re
from datetime import timedelta
from threading import Event as Signal
from threading import Thread
from time import sleep

import pytest
from django.db import connection, transaction

from members import events, identity
from members.merging import merge_members, undo_merge
from members.models import Event, Identifier, Member, Merge
from messaging import notices
from messaging.models import Message
from points import proof
from points.models import Account, Entry
from points.services import InsufficientPoints, MemberMerged, post
from purchases import services
from purchases.models import Receipt, ReceiptLine
from tests.factories.members import MemberFactory
from tests.factories.purchases import BOUGHT_AT, line, receipt, return_line

NOW = BOUGHT_AT + timedelta(days=3)
KIND, PROOF = Identifier.Kind, Identifier.Proof


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(NOW)


@pytest.fixture
def again(programme):
    """Another membership of Vera's."""
    return MemberFactory(
        programme=programme, phone_verified_at=NOW, email_verified_at=NOW
    )


def contact(kind, value):
    return {"matchKeyType": kind, "matchKey": value}


def balance(member):
    account = Account.objects.filter(member=member).first()
    return account.balance if account else 0


def merge(kept, merged):
    row = merge_members(kept=kept, merged=merged, staff=None, now=NOW)
    kept.refresh_from_db()
    return row


@pytest.mark.django_db
class TestContact:
    def add(self, member, kind, value, proof=PROOF.CODE):
        return identity.add_identifier(
            member=member, kind=kind, value=value, proof=proof, now=NOW
        )

    def test_may_be_a_further_number_that_is_proven(self, till, vera):
        self.add(vera, KIND.PHONE, "0701749999")

        answer = till.record(receipt(phone="070-174 99 99"))

        assert answer["memberId"] == str(vera.public_id)

    def test_may_be_a_further_address_that_is_proven(self, till, vera):
        self.add(vera, KIND.EMAIL, "vera@work.example.se")

        answer = till.record(receipt(contact=contact("Email", "Vera@Work.example.se")))

        assert answer["memberId"] == str(vera.public_id)

    def test_may_be_a_further_card_however_it_is_read(self, till, vera):
        self.add(vera, KIND.CARD, "AB 12-34")

        answer = till.record(receipt(contact=contact("CardId", "ab12-34")))

        assert answer["memberId"] == str(vera.public_id)

    def test_may_be_the_id_that_another_system_has_proven(self, till, vera):
        identity.add_identifier(
            member=vera,
            kind=KIND.EXTERNAL,
            system="webshop",
            value="c-48211",
            proof=PROOF.SYSTEM,
            now=NOW,
        )

        answers = {
            system: till.record(
                receipt(
                    contact={
                        **contact("ExternalId", "c-48211"),
                        "matchKeySystem": system,
                    }
                )
            )
            for system in ("webshop", "erp")
        }

        assert answers["webshop"]["memberId"] == str(vera.public_id)
        assert answers["erp"]["isAnonymous"]

    def test_may_be_no_card_that_was_lost(self, till, vera):
        old = vera.number
        identity.replace_card(member=vera, end=Identifier.End.LOST, now=NOW)
        vera.refresh_from_db()

        lost = till.record(receipt(contact=contact("MemberNumber", old)))
        new = till.record(receipt(contact=contact("CardId", vera.number)))

        assert lost["isAnonymous"]
        assert new["memberId"] == str(vera.public_id)

    def test_that_nobody_has_proven_finds_nobody(self, till, vera):
        self.add(vera, KIND.PHONE, "0701749999", proof="")

        assert till.record(receipt(phone="0701749999"))["isAnonymous"]

    def test_that_is_in_use_no_more_finds_nobody(self, till, vera):
        identifier = self.add(vera, KIND.PHONE, "0701749999")
        identity.end_identifier(
            identifier=identifier, end=Identifier.End.CHANGED, now=NOW
        )

        assert till.record(receipt(phone="0701749999"))["isAnonymous"]

    @pytest.mark.parametrize(
        "name", ["MobilePhone", "Email", "MemberNumber", "ContactId"]
    )
    def test_of_a_merged_membership_finds_the_kept_one(self, till, vera, again, name):
        shown = {
            "MobilePhone": again.phone,
            "Email": again.email,
            "MemberNumber": again.number,
            "ContactId": str(again.public_id),
        }[name]
        merge(vera, again)

        answer = till.record(receipt(contact=contact(name, shown)))

        assert answer["memberId"] == str(vera.public_id)
        assert balance(vera) == 249

    def test_of_one_merged_twice_finds_the_last(self, till, vera, again, programme):
        last = MemberFactory(programme=programme)
        merge(vera, again)
        merge(last, vera)

        answer = till.record(receipt(contact=contact("MemberNumber", again.number)))

        assert answer["memberId"] == str(last.public_id)


class TestContextPlan:
    """The look-up stays one by index, whatever a member is known by."""

    @pytest.fixture(autouse=True)
    def _many(self, programme):
        """Enough members for the planner to prefer an index to another."""
        MemberFactory.reset_sequence()
        Member.objects.bulk_create(
            MemberFactory.build(programme=programme) for _number in range(500)
        )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE members_member")
            cursor.execute("ANALYZE members_identifier")

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("kind", "index"),
        [
            ("'phone'", "member_phone_"),
            ("'email'", "member_email_"),
            ("'number'", "member_number_"),
            ("member_id IS NULL", "identifier_live_once"),
            ("'MERGED'", "members_member_pkey"),
        ],
    )
    def test_reads_an_index(self, kind, index):
        plan = explain(select_after(kind))

        assert index in plan
        assert "Seq Scan" not in plan

    @pytest.mark.django_db
    def test_is_seen_when_an_index_is_missing(self):
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX identifier_live_once")

        assert "identifier_live_once" not in explain(select_after("member_id IS NULL"))


def select_after(condition):
    """Return the look-up of `purchases_context` behind one of its conditions."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'purchases_context'")
        (source,) = cursor.fetchone()
    found = re.search(
        rf"IF [^;]*?{re.escape(condition)}.*? THEN\s+(?:--[^\n]*\s+)*(SELECT .*?);",
        source[source.index("p_contact_kind = 'phone' THEN") - 3 :],
        re.DOTALL,
    )
    return found[1]


def explain(select):
    """Plan a look-up as a till's kept plan is: without knowing any value."""
    for name, type_ in {
        "p_programme": "bigint",
        "p_contact_kind": "text",
        "p_contact::uuid": "uuid",
        "p_contact": "text",
        "purchases_context.member_id": "bigint",
    }.items():
        places = ["p_programme", "p_contact_kind", "p_contact"]
        place = 1 + places.index(name) if name in places else 4
        select = select.replace(name, f"${place}::{type_}")
    select = re.sub(r"\$4::uuid", "$3::uuid", select)
    select = select.replace("INTO member_id, member_status", "")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute(f"PREPARE look (bigint, text, text, bigint) AS {select}")
        cursor.execute(
            "EXPLAIN EXECUTE look (1, 'phone',"
            " '0198a1e6-0000-7000-8000-000000000000', 1)"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("DEALLOCATE look")
    return plan


@pytest.mark.django_db
class TestReturn:
    def test_takes_the_points_of_its_purchase_back_after_a_merge(
        self, till, vera, again
    ):
        till.record(receipt(line("100.00"), phone=vera.phone))
        bought = receipt(line("300.00"), phone=again.phone)
        till.record(bought)
        merge(vera, again)

        answer = till.record(
            receipt(
                return_line("300.00"),
                phone=vera.phone,
                originalReceipt=bought["uniqueReceiptId"],
            )
        )

        assert (answer["pointsReversed"], answer["pointsBalance"]) == (300, 100)
        assert not proof.check().differences

    def test_takes_them_back_from_the_right_one_after_an_undoing(
        self, till, vera, again
    ):
        bought = receipt(line("300.00"), phone=again.phone)
        till.record(bought)
        undo_merge(merge=merge(vera, again), staff=None, now=NOW)

        till.record(
            receipt(return_line("100.00"), originalReceipt=bought["uniqueReceiptId"])
        )

        assert (balance(vera), balance(again)) == (0, 200)

    def test_that_came_before_its_purchase_is_settled_with_the_kept_one(
        self, till, vera, again
    ):
        bought = receipt(line("300.00"), phone=again.phone)
        till.record(
            receipt(
                return_line("100.00"),
                phone=again.phone,
                originalReceipt=bought["uniqueReceiptId"],
            )
        )
        merge(vera, again)

        till.record(bought)

        assert (balance(vera), balance(again)) == (200, 0)
        assert not proof.check().differences


@pytest.mark.django_db
class TestAnswer:
    def test_to_a_repeat_is_the_same_after_a_merge(self, till, vera, again):
        body = receipt(phone=again.phone)
        first = till.send(body, "one-call")
        merge(vera, again)

        assert till.send(body, "one-call").content == first.content
        assert till.send(body).status_code == 201
        assert Receipt.objects.count() == 1


@pytest.mark.django_db(transaction=True)
class TestClaiming:
    def follow(self):
        return services.claim_receipts(now=NOW)

    def test_takes_every_proven_contact(self, till, vera):
        phone = "+46701749999"
        till.record(receipt(phone=phone))
        identity.add_identifier(
            member=vera, kind=KIND.PHONE, value=phone, proof=PROOF.CODE, now=NOW
        )
        events.record(member_id=vera.pk, kind="member.activated", at=NOW, now=NOW)

        self.follow()

        assert Receipt.objects.get().member == vera

    def test_takes_no_contact_that_nobody_has_proven(self, till, vera):
        phone = "+46701749999"
        till.record(receipt(phone=phone))
        identity.add_identifier(member=vera, kind=KIND.PHONE, value=phone, now=NOW)
        events.record(member_id=vera.pk, kind="member.activated", at=NOW, now=NOW)

        self.follow()

        assert Receipt.objects.get().member is None

    def test_follows_a_merge(self, till, vera, again):
        """The card was not in the system yet when the till sent it."""
        number = again.number
        Member.objects.filter(pk=again.pk).update(number="999999999994")
        till.record(receipt(contact=contact("MemberNumber", number)))
        Member.objects.filter(pk=again.pk).update(number=number)
        merge(vera, again)

        self.follow()

        assert Receipt.objects.get().member == vera
        assert balance(vera) == 249


@pytest.mark.django_db(transaction=True)
class TestNobodyIsToldTwice:
    def test_by_the_notices_that_follow_the_log(self, vera, again):
        events.record(member_id=again.pk, kind="member.activated", at=NOW, now=NOW)
        notices.follow(now=NOW)
        told = Message.objects.count()

        row = merge(vera, again)
        notices.follow(now=NOW)
        undo_merge(merge=row, staff=None, now=NOW)
        notices.follow(now=NOW)

        assert told == 2
        assert Message.objects.count() == told


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    """Staff merge while the till is busy."""

    def while_merging(self, kept, merged, work):
        """Do some work that has to wait for a merge which is almost done."""
        begun, results = Signal(), []

        def go():
            begun.wait()
            try:
                results.append(work())
            except Exception as error:  # noqa: BLE001 - the test looks at it
                results.append(error)
            finally:
                connection.close()

        thread = Thread(target=go)
        thread.start()
        with transaction.atomic():
            merge_members(kept=kept, merged=merged, staff=None, now=NOW)
            begun.set()
            # Long enough for the till to read, and to wait for what we hold.
            sleep(0.6)
        thread.join()
        return results[0]

    def test_a_purchase_is_lost_by_nobody(self, till, vera, again):
        body = receipt(phone=again.phone)

        answer = self.while_merging(vera, again, lambda: till.send(body))

        assert answer.status_code == 201
        assert answer.json()["memberId"] == str(vera.public_id)
        assert balance(vera) == 249
        assert Receipt.objects.get().member == vera
        assert ReceiptLine.objects.get().member == vera
        assert Event.objects.get(kind="receipt.accepted").member == vera
        assert not proof.check().differences

    def test_without_the_locks_it_would_be_lost(self, till, vera, again):
        """The twin: the same functions, but they do not look at the members."""
        body = receipt(phone=again.phone)
        before = source_of("purchases_record"), source_of("points_refuse")
        careless = re.sub(
            r"FOR v_status IN.*?END LOOP;", "", before[0], count=1, flags=re.DOTALL
        )
        assert careless != before[0]
        blind = re.sub(
            r"SELECT m\.status.*?KEY SHARE;", "", before[1], count=1, flags=re.DOTALL
        )
        assert blind != before[1]
        try:
            replace(careless, blind)
            answer = self.while_merging(vera, again, lambda: till.send(body))
        finally:
            replace(*before)

        assert answer.status_code == 201
        assert (balance(vera), balance(again)) == (0, 249)
        laws = {difference.law for difference in proof.check().differences}
        assert laws == {"who was merged has no points"}

    def test_a_return_goes_to_who_has_the_purchase_then(self, till, vera, again):
        bought = receipt(line("300.00"), phone=again.phone)
        till.record(bought)
        back = receipt(return_line("300.00"), originalReceipt=bought["uniqueReceiptId"])

        answer = self.while_merging(vera, again, lambda: till.send(back))

        assert answer.json()["pointsReversed"] == 300
        assert (balance(vera), balance(again)) == (0, 0)
        assert not proof.check().differences

    def test_a_spend_is_refused_and_tried_with_the_kept_one(self, till, vera, again):
        till.record(receipt(line("300.00"), phone=again.phone))

        def use(member=again):
            return post(
                member_id=member.pk,
                kind=Entry.Kind.SPEND,
                points=-200,
                key="voucher",
                at=NOW,
                now=NOW,
            )

        refused = self.while_merging(vera, again, use)

        assert isinstance(refused, MemberMerged)
        assert use(vera).balance_after == 100

    def test_points_are_used_once_whoever_is_first(self, till, vera, again):
        """Without the signal: now the merge waits, now the spend."""
        for step in range(4):
            till.record(receipt(line("100.00"), phone=again.phone))
            if Member.objects.get(pk=again.pk).status == Member.Status.MERGED:
                break
            before = balance(vera) + balance(again)
            results = at_once(
                lambda: merge(vera, again),
                lambda step=step: post(
                    member_id=again.pk,
                    kind=Entry.Kind.SPEND,
                    points=-100,
                    key=f"use-{step}",
                    at=NOW,
                    now=NOW,
                ),
            )
            used = 0 if isinstance(results[1], MemberMerged) else 100
            assert not isinstance(results[1], InsufficientPoints)
            assert (balance(vera), balance(again)) == (before - used, 0)
            assert not proof.check().differences
            undo_merge(merge=results[0], staff=None, now=NOW)
            assert balance(vera) + balance(again) == before - used

    @pytest.mark.parametrize("is_turned", [False, True])
    def test_two_staff_make_one_merge(self, till, vera, again, is_turned):
        till.record(receipt(line("300.00"), phone=again.phone))
        pair = (again, vera) if is_turned else (vera, again)

        one, other = at_once(lambda: merge(vera, again), lambda: merge(*pair))

        assert one == other
        assert Merge.objects.count() == 1
        kept = Member.objects.get(status=Member.Status.ACTIVE)
        assert (kept, balance(kept)) == (one.kept, 300)
        assert Event.objects.filter(kind="member.merged").count() == 1
        assert not proof.check().differences

    def test_two_staff_undo_one_merge(self, till, vera, again):
        till.record(receipt(line("300.00"), phone=again.phone))
        row = merge(vera, again)

        def undo():
            return undo_merge(merge=row, staff=None, now=NOW)

        at_once(undo, undo)

        assert (balance(vera), balance(again)) == (0, 300)
        assert Event.objects.filter(kind="member.unmerged").count() == 2

    def test_points_lapse_once_beside_a_merge(self, till, vera, again):
        from_now = NOW + timedelta(days=1)
        for member in (vera, again):
            post(
                member_id=member.pk,
                kind=Entry.Kind.ADJUST,
                points=100,
                key="goodwill",
                at=NOW,
                now=NOW,
                expires_at=from_now,
            )

        def expire():
            with connection.cursor() as cursor:
                cursor.execute("SELECT * FROM points_expire(%s, 100)", [from_now])

        results = at_once(
            lambda: merge_members(kept=vera, merged=again, staff=None, now=from_now),
            expire,
        )

        assert isinstance(results[0], Merge)
        assert results[1] is None
        assert (balance(vera), balance(again)) == (0, 0)
        assert not proof.check().differences


def at_once(*works):
    """Do several things at the same moment; return what each gave or raised."""
    ready, results = Signal(), [None] * len(works)

    def go(place):
        ready.wait()
        try:
            results[place] = works[place]()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            results[place] = error
        finally:
            connection.close()

    threads = [Thread(target=go, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    ready.set()
    for thread in threads:
        thread.join()
    return results


def source_of(function):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = %s",
            [function],
        )
        return cursor.fetchone()[0]


def replace(*functions):
    with connection.cursor() as cursor:
        for function in functions:
            cursor.execute(function)
