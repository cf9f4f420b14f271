"""What a privacy desk has to show after some weeks, for the pictures of its screens."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode, urlsplit
from uuid import UUID, uuid4

from django.urls import reverse

from consent import renewals, rights, services
from consent.breaches.services import add_note, open_breach
from consent.models import (
    Breach,
    Channel,
    ConsentEntry,
    Edition,
    Purpose,
    RetentionRun,
    RightsRequest,
    Topic,
)
from consent.retention import runs
from consent.rights import erasing, links
from consent.texts import editing
from members.models import Member
from messaging import unsubscribe
from messaging.models import Message
from offers.vouchers.services import Gift, give_voucher
from points.books import proofs
from points.goodwill.services import Ask, grant
from points.models import GoodwillReason
from points.programme import drafts, versions, withdrawing
from points.terms import Goods, Multiplier, When
from portal import keeping
from portal.renewals import link_for
from purchases.replay.services import start_replay
from stores.models import Programme, Staff, Store
from stores.roles import Role
from tests.factories.club import buy, line
from tests.factories.consent import edited
from tests.factories.messaging import queue
from tests.factories.offers import stamp_card

ADVERT = (
    "Höstrea hos Fjäll & Form! 20 % på ytterkläder till söndag. Avsluta: svara STOPP"
)


@dataclass(frozen=True)
class Scene:
    """Addresses of what was made up: at the desk, and without signing in."""

    desk: dict[str, str]
    by_link: dict[str, str]
    # Who is asked again.
    member: Member


def play(member: Member) -> Scene:
    """Let a demo club live through what its privacy desk is for."""
    now = datetime.now(UTC)
    club = member.programme
    owner = Staff.objects.get(email="olga@example.com")
    officer = Staff.objects.filter(roles__role=Role.DATA_PROTECTION_OFFICER).first()
    message = _send(club, now)
    breach = _leak(club, owner, now)
    request = _ask(club, owner, now)
    draft, published = _rewrite(club, owner, officer or owner, now)
    counted, held = _let_go(member, owner, now)
    proofs.run(programme=club, clock=lambda: datetime.now(UTC))
    topic = Topic.objects.filter(programme=club).order_by("position")[0]
    edition = draft.public_id
    reader, by_link = _links(club, now)
    return Scene(
        desk={
            "message": _at("message-desk:message-detail", message.public_id),
            "breach": _at("privacy:breach-detail", breach.public_id),
            "breach-edit": _at("privacy:breach-edit", breach.public_id),
            "request": _at("privacy:request-detail", request.public_id),
            "text": _at("privacy:text-detail", "marketing-sms"),
            "edition-edit": _at("privacy:edition-detail", edition),
            "edition-publish": _at(
                "privacy:edition-publish",
                Edition.objects.get(state=Edition.State.REVIEW).public_id,
            ),
            "edition": _at("privacy:edition-detail", published.public_id),
            "topic-edit": _at("privacy:topic-edit", topic.public_id),
            "retention-kind": _at("privacy:retention-kind", "receipts"),
            "retention-run": _at("privacy:retention-run", counted),
            "retention-confirm": _at("privacy:retention-confirm", held, "receipts"),
            "points-ledger": _at("points:member-ledger", member.public_id),
            **_programme(club, owner, now),
            **_benefits(member, owner, now),
        },
        by_link=by_link,
        member=reader,
    )


def _at(name: str, *what: object) -> str:
    return reverse(name, args=what)


def _programme(club: Programme, owner: Staff, now: datetime) -> dict[str, str]:
    """Write a draft with worse terms, and withdraw a version; return their pages."""
    in_force = versions.list_versions(club, now).in_force
    draft = drafts.create_draft(programme=club, staff=owner, now=now)
    content = drafts.content_of(draft)
    weekend = Multiplier(
        "helg",
        Decimal(2),
        When(goods=Goods(categories=("Köksredskap",)), weekdays=(6, 7)),
    )
    multipliers = (*content.terms.multipliers, weekend)
    drafts.change_draft(
        draft=draft,
        content=replace(
            content,
            title="Dubbla poäng i helgen",
            expires_after_months=12,
            terms=replace(content.terms, multipliers=multipliers),
        ),
        staff=owner,
        now=now,
    )
    draft.refresh_from_db()
    replay = start_replay(rule=draft, months=12, staff=owner, now=now)
    store = Store.objects.filter(programme=club).order_by("pk").first()
    typed = {
        "store": store.code if store else "",
        "at": "2026-11-28T11:00",
        "birthday": "",
        "lines-TOTAL_FORMS": 1,
        "lines-0-article": "Kanna Bäck",
        "lines-0-quantity": 1,
        "lines-0-price": "249",
        "lines-0-vat": "25",
    }
    basket = _at("points:basket", draft.public_id)
    pages = {
        "points-draft-edit": _at("points:draft-edit", draft.public_id),
        "points-multiplier": _at("points:multiplier-edit", draft.public_id, "helg"),
        "points-basket": f"{basket}?{urlencode(typed)}",
        "points-publish": _at("points:draft-publish", draft.public_id),
        "points-impact": _at("purchases:replay-detail", replay.public_id),
    }
    again = drafts.create_draft(programme=club, staff=owner, now=now)
    start = drafts.Start(now + timedelta(days=60))
    gone = drafts.publish(draft=again, start=start, staff=owner, now=now)
    withdrawing.withdraw(version=gone, staff=owner, now=now)
    pages["points-version-withdrawn"] = _at("points:version-detail", gone.public_id)
    if in_force is not None:
        pages["points-version"] = _at("points:version-detail", in_force.public_id)
    return pages


def _benefits(member: Member, owner: Staff, now: datetime) -> dict[str, str]:
    """Give goodwill, leave a stamp card in work and a voucher unused."""
    clerk = Staff.objects.get(email="carl@example.com")
    store = Store.objects.filter(role_grants__staff=clerk)[0]
    reasons = list(GoodwillReason.objects.order_by("order"))
    for place, other in enumerate(
        Member.objects.filter(programme=member.programme, status="ACTIVE")[:12]
    ):
        grant(
            Ask(
                member=other,
                store=store,
                staff=clerk,
                reason=reasons[place % len(reasons)],
                amount=Decimal(10 + place % 3 * 15),
                key=uuid4(),
            ),
            now=now - timedelta(days=place),
        )
    card = stamp_card(member.programme, owner, now=now, published=False)
    unused = give_voucher(
        member=member,
        gift=Gift(Decimal(50)),
        reason="A late delivery",
        key="unused",
        now=now - timedelta(days=200),
    )
    return {
        "offers-card-draft": _at("offers:card-detail", card.public_id),
        "offers-card-edit": _at("offers:card-edit", card.public_id),
        "offers-voucher-lapsed": _at("offers:voucher-detail", unused.public_id),
        "offers-voucher-reactivate": _at("offers:voucher-reactivate", unused.public_id),
    }


def _permissions(club: Programme) -> dict[int, ConsentEntry]:
    entries = ConsentEntry.objects.filter(
        member__programme=club,
        member__status=Member.Status.ACTIVE,
        purpose=Purpose.MARKETING,
        channel=Channel.SMS,
        action=ConsentEntry.Action.GIVEN,
    ).select_related("member")
    return {entry.member_id: entry for entry in entries.order_by("pk")}


def _send(club: Programme, now: datetime) -> Message:
    """Write to many; some may not be written to, and some have had enough."""
    allowed = _permissions(club)
    for place, member in enumerate(
        Member.objects.filter(programme=club, status=Member.Status.ACTIVE)
        .exclude(phone="")
        .order_by("pk")[:40]
    ):
        entry = allowed.get(member.pk)
        state, code = "SENT", "consent_given"
        if entry is None:
            state, code = "STOPPED", "never_asked"
        elif place % 7 == 3:
            state, code = "STOPPED", "week_budget"
        at = now - timedelta(days=place % 20, hours=3)
        Message.objects.create(
            programme=club,
            member=member,
            channel=Channel.SMS,
            message_class=Message.Class.MARKETING,
            kind="höstrea",
            language="sv",
            address=member.phone,
            body=ADVERT,
            dedupe_key=f"scene:{uuid4()}",
            state=state,
            error="" if state == "SENT" else code,
            gate={"code": code, "entry_id": entry.pk if entry else None},
            queued_at=at,
            send_after=at,
            sent_at=at if state == "SENT" else None,
        )
        if state == "SENT" and place % 5 == 0:
            services.record_entry(
                member=member,
                purpose=Purpose.MARKETING,
                channel=Channel.SMS,
                action=ConsentEntry.Action.WITHDRAWN,
                at=at + timedelta(hours=2),
                source=ConsentEntry.Source.SMS_REPLY,
                actor=services.MEMBER,
            )
    return Message.objects.filter(kind="höstrea", state="SENT").latest("sent_at")


def _leak(club: Programme, owner: Staff, now: datetime) -> Breach:
    breach = open_breach(
        programme=club,
        staff=owner,
        fields={
            "title": "Kundlista mejlad till fel mottagare",
            "aware_at": now - timedelta(hours=50),
            "happened_at": now - timedelta(hours=55),
            "description": "En export låg bifogad i ett mejl till fel adress.",
            "data_touched": "Namn, mobilnummer",
            "members_touched": 1240,
            "risk": Breach.Risk.RISK,
        },
        note="Upptäckt av kundtjänst.",
        now=now - timedelta(hours=49),
    )
    add_note(
        breach=breach,
        staff=owner,
        note="Mottagaren har raderat mejlet och bekräftat det skriftligt.",
        now=now - timedelta(hours=20),
    )
    open_breach(
        programme=club,
        staff=owner,
        fields={
            "title": "Surfplatta borttappad i Lund",
            "aware_at": now - timedelta(hours=90),
            "risk": Breach.Risk.UNKNOWN,
        },
        now=now - timedelta(hours=80),
    )
    return breach


def _ask(club: Programme, owner: Staff, now: datetime) -> RightsRequest:
    members = Member.objects.filter(programme=club, status=Member.Status.ACTIVE)
    asked = None
    for member, kind, days in zip(
        members.order_by("-pk")[:5],
        ("ACCESS", "RECTIFICATION", "OBJECTION", "PORTABILITY", "RESTRICTION"),
        (3, 12, 27, 33, 1),
        strict=True,
    ):
        request = rights.receive(
            member=member,
            kind=kind,
            source=RightsRequest.Source.EMAIL,
            words="Hej! Ni har fel efternamn på mig, jag heter Lindqvist-Söderström.",
            proof="" if days == 1 else "CODE",
            staff=owner,
            received_at=now - timedelta(days=days),
            now=now,
        )
        asked = request if kind == "RECTIFICATION" else asked
    return asked


def _rewrite(
    club: Programme, owner: Staff, officer: Staff, now: datetime
) -> tuple[Edition, Edition]:
    """Leave one text in work and one in review, and publish one that is asked anew."""

    def draft(purpose: str, channel: str) -> Edition:
        return editing.write_draft(
            programme=club,
            kind="CONSENT",
            purpose=purpose,
            channel=channel,
            staff=owner,
            now=now,
        )

    def sent(edition: Edition, **changes: object) -> Edition:
        content = edited(edition, **changes)
        editing.save_draft(edition=edition, content=content, staff=owner, now=now)
        return editing.send_for_review(edition=edition, staff=owner, now=now)

    day = now.astimezone(club.zone).date()
    news = {
        "sv": "Vi skriver också om kurser och turer.",
        "da": "Vi skriver også om kurser og ture.",
        "en": "We write about courses and tours too.",
    }
    material = {
        "is_material": True,
        "news": news,
        "added": news,
        "answer_by": day + timedelta(days=60),
    }
    published = editing.publish_edition(
        edition=sent(draft("MARKETING", "SMS"), **material), staff=officer, now=now
    )
    renewals.ask_again(published)
    sent(draft("SURVEYS", "SMS"))
    in_work = draft("PROFILING", "ANY")
    editing.save_draft(
        edition=in_work, content=edited(in_work, **material), staff=owner, now=now
    )
    return in_work, published


def _let_go(member: Member, owner: Staff, now: datetime) -> tuple[UUID, UUID]:
    """Count what is past its time, and let a night have stopped at receipts."""
    store = member.home_store or Store.objects.order_by("pk").first()
    for days in range(800, 812):
        buy(member, store, line("10.00"), now=now - timedelta(days=days))
    counted = runs.dry_run(programme=member.programme, now=now, staff=owner)
    held = RetentionRun.objects.create(
        programme=member.programme,
        is_dry=False,
        state=RetentionRun.State.HELD,
        started_at=now,
        ended_at=now,
    )
    for count in counted.counts.all():
        count.pk, count.run = None, held
        count.is_held = count.kind == "receipts"
        count.found *= 120 if count.is_held else 1
        count.done = 0 if count.is_held else count.found
        count.ended_at = None if count.is_held else now
        count.save()
    return counted.public_id, held.public_id


def _links(club: Programme, now: datetime) -> tuple[Member, dict[str, str]]:
    """Return a member and what members find in their messages."""
    permitted = [entry.member for entry in _permissions(club).values()]
    reader, leaver = permitted[-1], permitted[-2]
    renewal = renewals.open_for(reader)[0]
    request = rights.receive(
        member=leaver,
        kind=RightsRequest.Kind.ERASURE,
        source=RightsRequest.Source.PORTAL,
        proof="CODE",
        now=now,
    )
    erasing.begin_erasure(request=request, now=now)
    links_of = {
        "wishes": unsubscribe.choices_url(queue(reader, now=now)),
        "renewals-link": link_for(renewal),
        "keep": keeping.link_of(reader, uuid4()),
        "erasure-undo": reverse("portal:erasure-undo", args=[links.token_of(request)]),
    }
    return reader, {name: urlsplit(url).path for name, url in links_of.items()}
