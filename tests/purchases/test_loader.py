"""Loading in sets writes what recording one by one writes."""

import random
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Thread, Timer

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from common import copying
from common.problems import Problem
from members import identity
from members.merging import merge_members
from members.models import Event, Member
from offers.models import Voucher, VoucherEvent
from points.models import Account, EarningRule, Entry, Lot, LotUse
from points.services import post
from purchases.content import line_text
from purchases.loading import services as loader
from purchases.loading.prepared import read_line
from purchases.loading.services import load_receipts
from purchases.models import Receipt, ReceiptLine
from purchases.rules import (
    Club,
    ContactIn,
    ContactKind,
    DiscountIn,
    LineIn,
    LineKind,
    PaymentIn,
    ReceiptIn,
    TaxIn,
    external_value,
)
from purchases.services.recording import Request, record_receipt
from tests.factories.members import MemberFactory
from tests.factories.stores import StoreFactory

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
START = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)
CHANGED = datetime(2026, 6, 15, tzinfo=UTC)
LOADED = (
    Receipt, ReceiptLine, Entry, Lot, LotUse, Account, Event, Voucher, VoucherEvent,
)  # fmt: skip
GROUPS = ["Kläder", "Skor", "Tobak", "Presentkort", ""]


@pytest.fixture
def club(programme):
    for version, starts_at, rate, months in (
        (1, datetime(2025, 1, 1, tzinfo=UTC), "1", 24),
        (2, CHANGED, "1.5", None),
    ):
        EarningRule.objects.create(
            programme=programme,
            version=version,
            status=EarningRule.Status.PUBLISHED,
            starts_at=starts_at,
            points_per_unit=Decimal(rate),
            excluded_groups=["Tobak"],
            expires_after_months=months,
            point_value=Decimal("0.1"),
            reward_points=500,
        )
    return Club(
        programme_id=programme.pk,
        currency="SEK",
        country="SE",
        zone=programme.zone,
    )


@pytest.fixture
def stores(programme):
    return [StoreFactory(programme=programme, code=code) for code in ("1", "2")]


@pytest.fixture
def people(programme):
    """Some of every status; the last is nobody."""
    members = [
        *MemberFactory.create_batch(4, programme=programme),
        MemberFactory(programme=programme, pending=True),
        MemberFactory(programme=programme, blocked=True),
        MemberFactory(programme=programme, left=True),
    ]
    contacts = [ContactIn(ContactKind.PHONE, member.phone) for member in members]
    first, second, third = members[:3]
    contacts += [
        ContactIn(ContactKind.EMAIL, first.email),
        ContactIn(ContactKind.NUMBER, second.number),
        ContactIn(ContactKind.ID, str(third.public_id)),
        ContactIn(ContactKind.PHONE, "+46701740699"),
        ContactIn(ContactKind.CARD, "ABC123"),
        None,
        *known_otherwise(first),
        *of_somebody_merged(second),
    ]
    return contacts


def known_otherwise(member):
    """Return what finds a member beside what we write to, and what finds nobody."""
    for kind, system, value, proof in (
        ("PHONE", "", "+46701749901", "SMS"),
        ("EMAIL", "", "vera@work.example.se", "CODE"),
        ("CARD", "", "AB1234", "STAFF"),
        ("EXTERNAL", "webshop", "c-48211", "SYSTEM"),
        ("EXTERNAL", "webshop", "c-48212", ""),
    ):
        identity.add_identifier(
            member=member, kind=kind, system=system, value=value, proof=proof, now=NOW
        )
    return [
        ContactIn(ContactKind.PHONE, "+46701749901"),
        ContactIn(ContactKind.EMAIL, "vera@work.example.se"),
        ContactIn(ContactKind.CARD, "AB1234"),
        ContactIn(ContactKind.EXTERNAL, external_value("webshop", "c-48211")),
        ContactIn(ContactKind.EXTERNAL, external_value("webshop", "c-48212")),
        ContactIn(ContactKind.EXTERNAL, external_value("erp", "c-48211")),
    ]


def of_somebody_merged(kept):
    """Return the card and the id of a membership that was made one with another."""
    merged = MemberFactory(programme=kept.programme)
    merge_members(kept=kept, merged=merged, staff=None, now=NOW)
    return [
        ContactIn(ContactKind.NUMBER, merged.number),
        ContactIn(ContactKind.ID, str(merged.public_id)),
        ContactIn(ContactKind.PHONE, merged.phone),
    ]


def line(number, *, kind=LineKind.PURCHASE, paid="100.00", **fields):
    values = {
        "number": number,
        "kind": kind,
        "sku": "4711",
        "article_number": "4711",
        "article_name": 'Mössa\t"Rim" \\ Ull',
        "article_group": "Kläder",
        "quantity": Decimal("-1.000" if kind is LineKind.RETURN else "1.000"),
        "gross_paid": Decimal(paid),
        "tax_amount": Decimal("20.00"),
        "tax_percent": Decimal("25.00"),
        "awards_bonus": True,
        "discounts": (),
        "original_number": None,
    }
    return LineIn(**(values | fields))


def receipt(unique_id, lines, *, at=START, contact=None, original="", store="1"):
    total = sum((each.amount for each in lines), Decimal("0.00"))
    # In one store of two, all that is not free is paid with a voucher too.
    by_voucher = Decimal("7.55") if store == "2" else Decimal("0.00")
    return ReceiptIn(
        unique_receipt_id=unique_id,
        receipt_number=unique_id.upper(),
        contact=contact,
        purchased_at=at,
        business_on=date(2026, 5, 1),
        store_code=store,
        till_code="1",
        currency="SEK",
        total=total,
        payments=(
            PaymentIn("VOUCHER", by_voucher),
            PaymentIn("CARD", total - by_voucher),
        ),
        taxes=(TaxIn(Decimal("25.00"), Decimal("20.00")),),
        lines=tuple(lines),
        original_unique_id=original,
    )


def purchase(unique_id, chance, *, contact, at):
    lines = []
    for number in range(1, chance.randint(1, 4) + 1):
        discounts = ()
        if chance.random() < 0.4:
            discounts = (
                DiscountIn(Decimal("10.00"), "CAMPAIGN", 'Rea "50 %"\\\n'),
                DiscountIn(Decimal("0.50"), "", ""),
            )[: chance.randint(1, 2)]
        kind = LineKind.ADJUSTMENT if chance.random() < 0.1 else LineKind.PURCHASE
        lines.append(
            line(
                number,
                kind=kind,
                paid=f"{chance.randint(0, 30000) / 100:.2f}",
                article_group=chance.choice(GROUPS),
                awards_bonus=chance.random() < 0.9,
                quantity=Decimal(chance.randint(1, 3000)).scaleb(-3),
                discounts=discounts,
            )
        )
    store = "nowhere" if chance.random() < 0.02 else chance.choice("12")
    return receipt(unique_id, lines, at=at, contact=contact, store=store)


def return_of(original, unique_id, chance, *, contact, at):
    """Return some lines, sometimes more than was bought, sometimes with a purchase."""
    lines = []
    for each in original.lines:
        if each.kind is LineKind.PURCHASE and chance.random() < 0.6:
            lines.append(
                replace(
                    each,
                    number=len(lines) + 1,
                    kind=LineKind.RETURN,
                    quantity=-each.quantity,
                    original_number=each.number,
                    discounts=(),
                )
            )
    if not lines:
        lines = [line(1, kind=LineKind.RETURN, paid="500.00")]
    if chance.random() < 0.3:
        lines.append(line(len(lines) + 1, paid="75.50"))
    named = "" if chance.random() < 0.2 else original.unique_receipt_id
    return receipt(unique_id, lines, at=at, contact=contact, original=named)


def mixture(people, seed, count=90):
    """Return receipts of every sort, in the odd order in which they come in."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        at = START + timedelta(hours=17 * number)
        contact = chance.choice(people)
        if found and chance.random() < 0.3:
            original = chance.choice(found)
            buyer = original.contact if chance.random() < 0.8 else contact
            back = return_of(
                original, f"r{seed}-{number}", chance, contact=buyer, at=at
            )
            # One in three comes in before its purchase.
            place = found.index(original) if chance.random() < 0.33 else len(found)
            found.insert(place, back)
        else:
            found.append(purchase(f"p{seed}-{number}", chance, contact=contact, at=at))
    again = chance.sample(found, 6)
    changed = [replace(each, till_code="9") for each in chance.sample(found, 3)]
    return found + again + changed


def record_all(club, receipts):
    """Record one by one; return the ids that were refused, with the reasons."""
    refused = []
    for each in receipts:
        request = Request("test", f"{each.unique_receipt_id}-{id(each)}", b"x" * 32)
        try:
            record_receipt(
                club=club,
                receipt=each,
                request=request,
                source=Receipt.Source.DEMO,
                now=NOW,
            )
        except Problem as problem:
            code = problem.faults[0].code if problem.faults else problem.code
            refused.append((each.unique_receipt_id, code))
    return refused


@contextmanager
def undone():
    """Let what is done be undone afterwards, so that it can be done another way."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def answers():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (purchases_answer(r) - 'id')::text FROM purchases_receipt r "
            "ORDER BY r.unique_receipt_id"
        )
        return cursor.fetchall()


def rows(model, *without):
    """Return the rows of a model, without the ids that differ at every run."""
    return [
        {
            field.attname: getattr(row, field.attname)
            for field in model._meta.concrete_fields
            if field.attname not in {"id", "public_id", *without}
        }
        for row in model.objects.order_by("pk")
    ]


def everything():
    """Return all that receipts wrote, without the ids that differ at every run."""
    receipts = {str(r.public_id): r.unique_receipt_id for r in Receipt.objects.all()}
    ids = {r.pk: r.unique_receipt_id for r in Receipt.objects.all()}
    entries = {
        entry.pk: (entry.kind, receipts.get(str(entry.source_id), ""))
        for entry in Entry.objects.all()
    }

    def named(text):
        kind, _colon, public_id = text.partition(":")
        return f"{kind}:{receipts.get(public_id, public_id)}"

    def in_order(found):
        return sorted(found, key=repr)

    found = {
        "receipts": rows(Receipt),
        "lines": rows(ReceiptLine),
        "accounts": rows(Account),
        "entries": rows(Entry),
        "lots": rows(Lot),
        "uses": rows(LotUse),
        "events": rows(Event, "xact"),
    }
    for row in found["accounts"]:
        row["owed_from"] = entries.get(row["owed_from"])
    for row in found["receipts"]:
        row["original_id"] = ids.get(row["original_id"])
        row["content_hash"] = bytes(row["content_hash"])
        row["contact_index"] = bytes(row["contact_index"] or b"")
    for row in found["lines"]:
        row["receipt_id"] = ids[row["receipt_id"]]
    for row in found["entries"]:
        row["key"] = named(row["key"])
        row["reverses_id"] = entries.get(row["reverses_id"])
        row["source_id"] = receipts.get(str(row["source_id"]))
    for row in found["lots"]:
        row["entry_id"] = entries[row["entry_id"]]
    for row in found["uses"]:
        row["entry_id"], row["lot_id"] = (
            entries[row["entry_id"]],
            entries[row["lot_id"]],
        )
    for row in found["events"]:
        row["subject_id"] = receipts.get(str(row["subject_id"]))
    # What one member's postings are to each other is their order.
    order = [
        [(row["key"], row["balance_after"]) for row in found["entries"] if mine(row, m)]
        for m in Member.objects.order_by("pk")
    ]
    return {name: in_order(part) for name, part in found.items()} | {"order": order}


def mine(row, member):
    return row["member_id"] == member.pk


class TestLoadReceipts:
    @pytest.mark.parametrize(("seed", "size"), [(2, 1), (3, 7), (4, 1500)])
    def test_writes_what_recording_one_by_one_writes(
        self, monkeypatch, programme, club, stores, people, seed, size
    ):
        monkeypatch.setattr(loader, "BATCH", size)
        before = mixture(people, seed + 100, count=25)
        receipts = mixture(people, seed) + before[:5]
        record_all(club, before)
        # Whoever spent what they then bring back owes points.
        for account in Account.objects.filter(balance__gt=0):
            post(
                member_id=account.member_id,
                kind=Entry.Kind.SPEND,
                points=-account.balance,
                key="spent",
                at=NOW,
                now=NOW,
            )
        with undone():
            refused = record_all(club, receipts)
            expected, expected_answers = everything(), answers()
        with undone():
            loaded = load_receipts(programme=programme, receipts=receipts, now=NOW)
            found, found_answers = everything(), answers()

        for name, rows in expected.items():
            assert found[name] == rows, name
        assert found_answers == expected_answers
        assert sorted(loaded.refused) == sorted(refused)
        # The sample holds what it is for.
        kinds = {row["kind"] for row in found["entries"]}
        assert {"EARN", "REVERSE", "SPEND"} <= kinds
        assert any(row["balance_after"] < 0 for row in found["entries"])
        assert {code for _id, code in refused} >= {"receipt_differs"}

    def test_gives_every_contact_to_whom_it_belongs(
        self, programme, club, stores, people
    ):
        contacts = [contact for contact in people if contact is not None]
        receipts = [
            receipt(f"r{number}", [line(1)], contact=contact)
            for number, contact in enumerate(contacts)
        ]

        load_receipts(programme=programme, receipts=receipts, now=NOW)

        found = dict(Receipt.objects.values_list("unique_receipt_id", "member_id"))
        whose = {
            contact: found[f"r{number}"] for number, contact in enumerate(contacts)
        }
        first, second = Member.objects.order_by("pk")[:2]
        left, merged = contacts[6], contacts[-1]
        assert [contact for contact, pk in whose.items() if pk is None] == [
            left,
            ContactIn(ContactKind.PHONE, "+46701740699"),
            ContactIn(ContactKind.CARD, "ABC123"),
            ContactIn(ContactKind.EXTERNAL, external_value("webshop", "c-48212")),
            ContactIn(ContactKind.EXTERNAL, external_value("erp", "c-48211")),
            # Nobody has proven the number of the merged one.
            merged,
        ]
        assert list(whose.values()).count(first.pk) == 2 + 4
        assert list(whose.values()).count(second.pk) == 2 + 2

    def test_counts_what_it_was_given(self, programme, club, stores, people):
        receipts = [
            receipt(f"p{number}", [line(1), line(2)], contact=people[0])
            for number in range(5)
        ]
        other = replace(receipts[0], till_code="9")
        lost = replace(receipts[0], unique_receipt_id="lost", store_code="nowhere")

        loaded = load_receipts(
            programme=programme, receipts=[*receipts, receipts[1], other, lost], now=NOW
        )

        assert (loaded.given, loaded.recorded, loaded.lines) == (8, 5, 10)
        assert loaded.present == 1
        assert loaded.refused == [("p0", "receipt_differs"), ("lost", "unknown_store")]

    def test_changes_nothing_the_second_time(self, programme, club, stores, people):
        receipts = mixture(people, 5, count=40)
        load_receipts(programme=programme, receipts=receipts, now=NOW)
        before = everything()

        loaded = load_receipts(
            programme=programme, receipts=receipts, now=NOW + timedelta(days=1)
        )

        assert everything() == before
        assert loaded.recorded == 0

    def test_goes_on_after_it_was_broken_off(
        self, monkeypatch, programme, club, stores, people
    ):
        monkeypatch.setattr(loader, "BATCH", 10)
        receipts = [
            receipt(f"p{number}", [line(1)], contact=people[number % 3])
            for number in range(35)
        ]

        def broken():
            yield from receipts[:25]
            raise OSError("the source broke off")

        with undone():
            load_receipts(programme=programme, receipts=receipts, now=NOW)
            expected = everything()
        with pytest.raises(OSError, match="broke off"):
            load_receipts(programme=programme, receipts=broken(), now=NOW)
        assert Receipt.objects.count() == 20

        loaded = load_receipts(programme=programme, receipts=receipts, now=NOW)

        assert (loaded.present, loaded.recorded) == (20, 15)
        assert everything() == expected

    def test_tells_how_far_it_is(self, monkeypatch, programme, club, stores, people):
        monkeypatch.setattr(loader, "BATCH", 2)
        steps = []
        receipts = [receipt(f"p{n}", [line(1), line(2)]) for n in range(5)]

        load_receipts(
            programme=programme, receipts=receipts, now=NOW, progress=steps.append
        )

        assert steps == [4, 4, 2]


class TestForeignKeys:
    """Looked up once for a batch and not for each row, where the role may do that."""

    def test_hold_after_a_load(self, programme, club, stores, people):
        load_receipts(programme=programme, receipts=mixture(people, 6), now=NOW)

        for model in LOADED:
            for field in model._meta.concrete_fields:
                if field.many_to_one or field.one_to_one:
                    found = set(model.objects.values_list(field.attname, flat=True))
                    parents = field.related_model.objects.filter(pk__in=found)
                    assert found - {None} == {parent.pk for parent in parents}

    def test_are_left_to_postgresql_without_the_privilege(
        self, monkeypatch, programme, club, stores, people
    ):
        receipts = mixture(people, 7, count=30)
        with undone():
            load_receipts(programme=programme, receipts=receipts, now=NOW)
            expected = everything()
        monkeypatch.setattr(copying, "MAY_SKIP", "SELECT false")

        load_receipts(programme=programme, receipts=receipts, now=NOW)

        assert everything() == expected

    def test_are_the_only_triggers_that_a_load_passes_by(self, db):
        """A trigger on INSERT would not fire in a load, where roles may skip checks."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal "
                # Those that fire always, fire in a load too.
                "AND tgtype & 4 <> 0 AND tgenabled <> 'A' "
                "AND tgrelid = ANY(%s::regclass[]) ORDER BY 1",
                [[model._meta.db_table for model in LOADED]],
            )
            found = [row[0] for row in cursor.fetchall()]
        # They hold the version that a row names: a batch holds all that are published.
        assert found == ["entry_version_is_held", "receipt_version_is_held"]

    def test_are_looked_up_again_after_a_load(self, programme, club, stores, people):
        receipts = [receipt("p1", [line(1)])]
        load_receipts(programme=programme, receipts=receipts, now=NOW)

        with undone():
            ReceiptLine.objects.update(receipt_id=0)
            with pytest.raises(IntegrityError):
                connection.check_constraints()


@pytest.mark.django_db(transaction=True)
class TestBesideATill:
    def test_waits_for_the_account_that_a_till_holds(
        self, programme, club, stores, people
    ):
        """Longer than a batch waits: it is undone, and done again."""
        receipts = [receipt(f"p{n}", [line(1)], contact=people[0]) for n in range(3)]
        member = Member.objects.get(phone=people[0].value)

        with till() as cursor:
            cursor.execute(
                "SELECT points_post(%s, 'ADJUST', 7, now(), now(), 'gift', NULL, '', "
                "NULL, '', gen_random_uuid(), NULL, NULL)",
                [member.pk],
            )
            commit = Timer(0.8, cursor.connection.commit)
            commit.start()
            load_receipts(programme=programme, receipts=receipts, now=NOW)
            commit.join()

        entries = Entry.objects.filter(member=member).order_by("pk")
        assert [entry.balance_after for entry in entries] == [7, 107, 207, 307]
        assert Account.objects.get(member=member).balance == 307

    def test_waits_for_a_till_that_records_the_same_receipt(
        self, programme, club, stores, people
    ):
        mine = receipt("p1", [line(1)], contact=people[0])

        with till() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 7301))",
                [f"{programme.pk}:p1"],
            )
            load = Thread(target=load_alone, args=(programme, [mine]))
            load.start()
            load.join(0.3)
            assert load.is_alive()
            cursor.connection.rollback()
            load.join()

        assert Receipt.objects.count() == Entry.objects.count() == 1


@contextmanager
def till():
    """Give a connection of its own, as a till's request has one."""
    with psycopg.connect(**connection.get_connection_params()) as other:
        yield other.cursor()


def load_alone(programme, receipts):
    load_receipts(programme=programme, receipts=receipts, now=NOW)
    connection.close()


class TestReadLine:
    @pytest.mark.parametrize("seed", range(3))
    def test_reads_back_every_line(self, people, seed):
        lines = [
            each
            for receipt in mixture(people, seed, count=40)
            for each in receipt.lines
        ]

        assert [read_line(line_text(each)) for each in lines] == lines

    def test_reads_back_signs_that_copy_escapes(self):
        said = 'a\nb "c"\t\\n\r'
        awkward = replace(
            line(1),
            article_name=said,
            discounts=(DiscountIn(Decimal("1.50"), said, said),),
            original_number=7,
            awards_bonus=False,
        )

        assert read_line(line_text(awkward)) == awkward
