"""Every text that a member left anywhere is in their export, and then it is gone.

The rows are made by walking the register of personal data, so a model or a field that
somebody adds is in this test before they have read it.
"""

import io
import json
import logging
import pathlib
import uuid
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session as WebSession
from django.core.cache import cache
from django.db import connection, models
from django.db.models import Sum
from django.utils import translation
from django_q.models import OrmQ, Task

from consent import export, registry, rights, rows
from consent.erasure import erase_member
from consent.models import RightsRequest
from consent.registry import Erase, Export
from consent.rights import erasing
from members.models import Member
from points import proof
from points.models import Account, Entry
from purchases.models import Receipt, ReceiptLine
from tests.factories.consent import publish_texts
from tests.factories.enrolment import register
from tests.factories.members import MemberFactory
from tests.factories.messaging import recording
from tests.factories.points import EarningRuleFactory
from tests.factories.purchases import BOUGHT_AT, TillClient, line, receipt

NOW = datetime(2026, 3, 15, 9, 0, tzinfo=UTC)
# Found nowhere else, whatever the case and however a number is written.
CANARY = "kanarie"
PHONE = "701740605"

# Text that stays because we or a till wrote it: codes, ids, names of goods. What a
# person can type into is never here.
STAYS = {
    "conversation.InboundMessage": {
        "provider": "our name of the provider",
        "provider_id": "the provider's id",
        "channel": "our name of the line",
        "sent_to": "our own number",
    },
    "purchases.Receipt": {
        "till_code": "the till's number",
        "unique_receipt_id": "the till's id",
        "receipt_number": "the till's number",
        "currency": "a code",
        "payments": "means and amounts",
        "taxes": "rates and amounts",
        "original_unique_id": "the till's id",
        "tier": "our key of a level",
    },
    "purchases.ReceiptLine": {
        "sku": "goods",
        "article_number": "goods",
        "article_name": "goods",
        "article_group": "goods",
        "discounts": "kinds and amounts",
    },
    "enrolment.Registration": {"placement": "a place of ours"},
    "points.Entry": {
        "key": "our key",
        "source_type": "our name of a source",
        "reason": "a sentence of ours or of the rule",
    },
    "points.Reservation": {"key": "our key"},
    "points.GoodwillGrant": {"currency": "a code"},
    "offers.Voucher": {
        "currency": "a code",
        "code": "drawn by chance; withdrawn or used when the member is erased",
        "texts": "the club's words for what it is for",
        "goods": "the club's choice of goods",
        "reserved_key": "the till's key of a purchase on its way",
        "key": "our key",
    },
    "offers.Redemption": {
        "key": "the till's key of a purchase",
        "lines": "numbers of lines of a receipt",
    },
    "points.ActionAward": {
        "action": "our key",
        "occasion": "a day of ours",
        "event_kind": "our name of what happened",
    },
    "messaging.Message": {
        "dedupe_key": "our key",
        "error": "the transport's words without the address",
        "provider_id": "the provider's id",
        "kind": "our name of the text",
        "language": "a code",
        "gate": "a code and an id",
    },
    "members.Member": {"language": "a code"},
    "members.Merge": {"moved": "our ids", "notes": "our ids"},
    "consent.ConsentEntry": {
        "actor": "a word of ours or an id",
        "evidence": "our ids",
    },
}

# What a row must have beside its canaries to be one that the database takes.
NEEDS = {
    "portal.ContactChange": {"kind": "PHONE"},
    "conversation.Conversation": {"state": "IDLE"},
    "members.Identifier": {"kind": "EXTERNAL"},
    "members.Event": {"kind": "member.changed"},
    "points.GoodwillGrant": {"form": "VOUCHER", "points": 0, "confirmed_at": NOW},
    "points.TierPeriod": {"holds_until": NOW.date()},
    "offers.Voucher": {
        "code": "KANAR1EFAG0X",
        "origin": "GOODWILL",
        "expires_at": NOW + timedelta(days=90),
        "grace_until": NOW + timedelta(days=104),
    },
    "offers.VoucherEvent": {"value": 1},
    "members.Merge": {"undone_at": None, "sealed_at": None},
    "consent.RightsRequest": {
        "kind": "RESTRICTION",
        "state": "DONE",
        "extended_at": NOW,
        "proven_at": NOW,
        "closed_at": NOW,
    },
}
# Filled in by the member's own services below.
BY_SERVICES = {"members.Member"}
# A kind of event is ours, and needs to be a registered one.
OURS = {("members.Event", "kind"), ("members.Event", "subject_type")}


def theirs():
    """Yield every registered model that leads to a member, with its fields."""
    for model, fields in registry.registered().items():
        if model is Member or rows.condition(model) is not None:
            yield model, fields


def texts_of(model, fields):
    """Return the fields of a model that hold text, as far as they are not choices."""
    found = {}
    for name, field in fields.items():
        column = model._meta.get_field(name)
        is_text = isinstance(
            column, models.CharField | models.TextField | models.JSONField
        )
        if is_text and not column.choices:
            found[name] = field
    return found


def goes(fields, name):
    """Tell whether erasing takes a field away, with its row or by itself."""
    return fields[name].erase is Erase.BLANK or any(
        field.erase is Erase.DELETE for field in fields.values()
    )


def canary_for(model, name):
    """Return a text of its own for a field, as long as there is room."""
    column = model._meta.get_field(name)
    text = f"{CANARY}-{model._meta.label_lower}-{name}"
    if isinstance(column, models.JSONField):
        return [text] if column.default is list else {"said": text}
    longest = column.max_length
    if longest is not None and len(text) > longest:
        # A code of a language or a currency has no room: nobody types there.
        room = longest - len(CANARY)
        return None if room < 0 else CANARY + text[len(text) - room :]
    return text


def planted(model, name):
    """Return the text that stands in a row for a field's canary."""
    value = canary_for(model, name)
    return next(iter(value.values())) if isinstance(value, dict) else value


class Planter:
    """Makes a row of any registered model for a member, full of canaries."""

    def __init__(self, member, other):
        self.member, self.other = member, other
        self.made = {}

    def plant(self, model, fields):
        values = {}
        for column in model._meta.concrete_fields:
            if isinstance(column, models.GeneratedField):
                continue
            value = self.value(model, fields, column)
            if value is not NotImplemented:
                values[column.name] = value
        values |= NEEDS.get(model._meta.label, {})
        row = model(**values)
        model._base_manager.bulk_create([row])
        self.made[model] = row
        return row

    def value(self, model, fields, column):
        name = column.name
        is_theirs = name in texts_of(model, fields) and goes(fields, name)
        if is_theirs and (model._meta.label, name) not in OURS:
            text = canary_for(model, name)
            return "k" * (column.max_length or 1) if text is None else text
        if isinstance(column, models.ForeignKey):
            return self.target(model, column)
        if column.primary_key or column.null or column.has_default():
            return NotImplemented
        return self.plain(column)

    def target(self, model, column):
        if column.related_model is Member:
            # Two links are to two members.
            first = next(
                each
                for each in model._meta.concrete_fields
                if each.related_model is Member
            )
            return self.member if column is first else self.other
        if column.null:
            return None
        known = self.made.get(column.related_model)
        if known is not None:
            return known
        found = column.related_model._base_manager.order_by("pk").first()
        if found is not None:
            return found
        fields = registry.registered().get(column.related_model, {})
        return self.plant(column.related_model, fields)

    def plain(self, column):
        if column.choices:
            return "" if column.blank else column.choices[0][0]
        kinds = {
            models.DateTimeField: NOW,
            models.DateField: NOW.date(),
            models.BooleanField: False,
            models.UUIDField: uuid.uuid4(),
            models.BinaryField: uuid.uuid4().bytes * 2,
            models.JSONField: {},
            models.CharField: "x",
            models.TextField: "x",
        }
        return next(
            (value for kind, value in kinds.items() if isinstance(column, kind)), 1
        )


@pytest.fixture
def bought(programme, store, api_key):
    """A member with a purchase, whose call is in the idempotency store."""
    publish_texts(programme)
    EarningRuleFactory(programme=programme, published=True)
    store.code = "101"
    store.save()
    member = register(programme, now=BOUGHT_AT, store=store).member
    till = TillClient(api_key)
    body = receipt(line("249.00"), phone="070-174 06 05")
    assert till.send(body, key="canary-1").status_code == 201
    return member


@pytest.fixture
def vera(bought, programme, olga):
    """The same, known by canaries in every text of every model."""
    Member.objects.filter(pk=bought.pk).update(
        status=Member.Status.ACTIVE,
        activated_at=BOUGHT_AT,
        first_name=f"{CANARY}-first",
        last_name=f"{CANARY}-last",
        email=f"{CANARY}@example.se",
        postcode=f"{CANARY}1"[:10],
    )
    member = Member.objects.select_related("programme").get(pk=bought.pk)
    planter = Planter(member, MemberFactory(programme=programme))
    # What others point to comes first.
    for model, fields in reversed(list(theirs())):
        wanted = [name for name in texts_of(model, fields) if goes(fields, name)]
        if wanted and model._meta.label not in BY_SERVICES:
            planter.plant(model, fields)
    return member


def everywhere(caplog):
    """Return every place that is searched, with all that it holds as one text."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608
            found[table] = " ".join(row[0] for row in cursor.fetchall())
    # What is packed in the tables is looked into.
    found["queue"] = " ".join(str(each.task()) for each in OrmQ.objects.all())
    found["tasks"] = " ".join(
        f"{each.args} {each.kwargs} {each.result}" for each in Task.objects.all()
    )
    found["sessions"] = " ".join(
        str(each.get_decoded()) for each in WebSession.objects.all()
    )
    found["cache"] = " ".join(map(repr, getattr(cache, "_cache", {}).items()))
    found["log"] = caplog.text
    for root in (settings.MEDIA_ROOT, settings.ERASURE_JOURNAL.parent):
        for path in pathlib.Path(root).rglob("*"):
            if path.is_file() and path.stat().st_size < 1_000_000:
                content = path.read_bytes().decode(errors="replace")
                found[f"file {path.name}"] = f"{path.name} {content}"
    return {place: text.lower() for place, text in found.items()}


def places_with(caplog, *canaries):
    return sorted(
        place
        for place, text in everywhere(caplog).items()
        if any(canary in text for canary in canaries)
    )


def totals():
    return {
        "receipts": Receipt.objects.aggregate(sum=Sum("total"))["sum"],
        "lines": ReceiptLine.objects.aggregate(sum=Sum("gross_paid"))["sum"],
        "earned": Entry.objects.filter(points__gt=0).aggregate(sum=Sum("points")),
        "rows": (Receipt.objects.count(), ReceiptLine.objects.count()),
    }


def content_of(member):
    file = io.BytesIO()
    with translation.override("en"):
        export.write(member, file=file, now=NOW)
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


class TestRegister:
    def test_keeps_no_text_that_nobody_has_looked_at(self):
        """A text that stays after an erasure is listed here with its reason."""
        kept = {
            model._meta.label: {
                name for name in texts_of(model, fields) if not goes(fields, name)
            }
            for model, fields in theirs()
        }

        assert {label: names for label, names in kept.items() if names} == {
            label: set(names) for label, names in STAYS.items()
        }

    def test_has_a_reason_for_each_field_that_is_not_given_out(self):
        for _model, fields in theirs():
            for field in fields.values():
                if field.export is Export.NO:
                    assert registry.why_withheld(field)


@pytest.mark.django_db
class TestExport:
    def test_holds_every_canary_that_the_register_gives_out(self, vera):
        files = content_of(vera)
        sections = {
            each["name"]: json.dumps(each["rows"], ensure_ascii=False)
            for each in json.loads(files["data.json"])["sections"]
        }
        missing, looked_for = [], 0
        for model, fields in theirs():
            for name in texts_of(model, fields):
                label = model._meta.label
                given = fields[name].export is Export.YES and goes(fields, name)
                if (label, name) in OURS or label in BY_SERVICES or not given:
                    continue
                text = planted(model, name)
                if text is None:
                    continue
                looked_for += 1
                if text not in sections.get(label, ""):
                    missing.append(f"{label}.{name}")

        assert missing == []
        assert looked_for >= 15
        for text in ("first", "last"):
            assert f"{CANARY}-{text}" in sections["members.Member"]

    def test_has_every_column_of_every_row_that_there_is(self, vera):
        sections = {each.name: each for each in export.collect(vera)}

        for model, fields in theirs():
            given = {n for n, each in fields.items() if each.export is Export.YES}
            found = model is Member or model._base_manager.filter(
                rows.condition(model)(vera)
            )
            if given and found:
                columns = {each.name for each in sections[model._meta.label].columns}
                assert columns == given

    def test_holds_nothing_that_is_kept_back(self, vera):
        text = content_of(vera)["data.json"]

        for model, fields in theirs():
            for name in texts_of(model, fields):
                kept_back = fields[name].export is Export.NO and goes(fields, name)
                if kept_back and planted(model, name):
                    assert str(planted(model, name)) not in text, (model, name)


@pytest.mark.django_db
class TestErase:
    def test_leaves_no_canary_anywhere_and_the_books_as_they_were(self, vera, caplog):
        caplog.set_level(logging.DEBUG)
        before, was = totals(), places_with(caplog, CANARY, PHONE)
        # All of them are there to begin with, or their absence would say nothing.
        for model, fields in theirs():
            if any(goes(fields, name) for name in texts_of(model, fields)):
                assert model._meta.db_table in was

        erase_member(member=vera, now=NOW)

        assert places_with(caplog, CANARY, PHONE) == []
        assert totals() == before
        assert proof.check().differences == []
        assert Account.objects.get(member=vera).balance == 0

    def test_looks_into_what_is_packed(self, vera, caplog):
        """Were a canary in a session, the cache, a file or the log, it were seen."""
        store = SessionStore()
        store["typed"] = CANARY
        store.save()
        cache.set("typed", f"{CANARY} in the cache")
        path = settings.ERASURE_JOURNAL.parent / "canary.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CANARY)
        logging.getLogger("canary").warning("%s in the log", CANARY)

        found = places_with(caplog, CANARY)

        path.unlink()
        assert {"sessions", "cache", "log", "file canary.txt"} <= set(found)

    def test_on_request_leaves_none_either(self, vera, caplog):
        """The whole way: words of the member, messages with links, the last one."""
        caplog.set_level(logging.DEBUG)
        asked = rights.receive(
            member=vera,
            kind=RightsRequest.Kind.ERASURE,
            source="PORTAL",
            words=f"{CANARY} vill bort",
            proof="SIGNED_IN",
            now=NOW,
        )
        rights.begin_erasure(request=asked, now=NOW)
        with recording() as transport:
            assert erasing.erase_due(now=NOW + timedelta(hours=24)) == 1
        assert transport.sent

        assert places_with(caplog, CANARY, PHONE) == []
        asked.refresh_from_db()
        assert asked.state == RightsRequest.State.DONE
