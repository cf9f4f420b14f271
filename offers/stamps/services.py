"""What marketers do with stamp cards; stamps themselves come from receipts only."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from common.periods import local_day
from offers.models import StampCard
from offers.stamps import sentences
from points.rules import group_name
from points.terms import LANGUAGES
from stores import audit
from stores.models import Programme, Staff

PUBLISHED = "offers.stampcard_published"
ENDED = "offers.stampcard_ended"
# Stamps of one purchase on a card, however much is bought; `offers_stamps_for` has it.
MOST_PER_PURCHASE = 1000
_KINDS = ("groups", "categories", "brands")


class CannotPublish(ValueError):
    """Raised for a card that cannot be published; `missing` are languages or words."""

    def __init__(self, missing: Iterable[str]) -> None:
        self.missing = list(missing)
        super().__init__(", ".join(self.missing))


class NotDraft(Exception):
    """Raised when a card would be changed that is published or has ended."""


def compared(goods: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return goods with names as receipts' lines are compared with them."""
    return {
        "skus": sorted(set(goods.get("skus", []))),
        **{
            kind: sorted({group_name(name) for name in goods.get(kind, [])} - {""})
            for kind in _KINDS
        },
    }


def save_draft(
    *,
    programme: Programme,
    values: Mapping[str, Any],
    staff: Staff,
    now: datetime,
    card: StampCard | None = None,
) -> StampCard:
    """Write a draft anew or change it.

    Raises:
        NotDraft: the card is published or has ended.
    """
    with transaction.atomic():
        if card is None:
            card = StampCard(programme=programme)
        else:
            card = StampCard.objects.select_for_update(of=("self",)).get(pk=card.pk)
            if card.status != StampCard.Status.DRAFT:
                raise NotDraft
        for name, value in values.items():
            setattr(card, name, value)
        card.fits = compared(card.goods)
        card.reward_fits = compared(
            card.goods if card.reward_is_one_more else card.reward_goods
        )
        card.written_by = staff
        card.changed_at = now
        card.save()
    return card


def copy_card(*, card: StampCard, staff: Staff, now: datetime) -> StampCard:
    """Make a new draft with the terms of a card."""
    copied = {
        name: getattr(card, name)
        for name in (
            "names bought counts goods needed most_per_purchase valid_days"
            " reward_kind reward_texts reward_goods reward_value reward_is_one_more"
            " reward_needs_purchase reward_valid_days reward_grace_days"
        ).split()
    }
    today = local_day(now, card.programme.zone)
    return save_draft(
        programme=card.programme,
        values={**copied, "starts_on": max(card.starts_on, today), "ends_on": None},
        staff=staff,
        now=now,
    )


def missing_words(card: StampCard) -> list[str]:
    """Return which words are missing for a card that can be said in each language."""
    needs_goods = card.counts == StampCard.Counts.ITEMS
    wanted = [("names", card.names)]
    if needs_goods or any(card.bought.values()):
        wanted.append(("bought", card.bought))
    if card.reward_kind == StampCard.Reward.GOODS:
        wanted.append(("reward_texts", card.reward_texts))
    return [
        f"{name}_{language}"
        for name, texts in wanted
        for language in LANGUAGES
        if not texts.get(language, "").strip()
    ]


def publish_card(*, card: StampCard, staff: Staff, now: datetime) -> StampCard:
    """Publish a draft: purchases from its first day on are stamped.

    Raises:
        NotDraft: it is published already or has ended.
        CannotPublish: it cannot be said in every language.
    """
    with transaction.atomic():
        card = StampCard.objects.select_for_update(of=("self",)).get(pk=card.pk)
        if card.status != StampCard.Status.DRAFT:
            raise NotDraft
        missing = missing_words(card)
        if missing:
            raise CannotPublish(missing)
        # Purchases of before today were made without the card.
        card.starts_on = max(card.starts_on, local_day(now, card.programme.zone))
        card.status = StampCard.Status.PUBLISHED
        card.published_by = staff
        card.published_at = now
        card.save(update_fields=["starts_on", "status", "published_by", "published_at"])
        _audit(card, PUBLISHED, staff=staff, now=now)
    return card


def end_card(*, card: StampCard, staff: Staff, now: datetime) -> StampCard:
    """End a card with today; rewards that were given stay valid. Again: nothing."""
    with transaction.atomic():
        card = StampCard.objects.select_for_update(of=("self",)).get(pk=card.pk)
        if card.status != StampCard.Status.PUBLISHED:
            return card
        today = local_day(now, card.programme.zone)
        card.status = StampCard.Status.ENDED
        card.ends_on = min(card.ends_on or today, today)
        card.ended_at = now
        card.save(update_fields=["status", "ends_on", "ended_at"])
        _audit(card, ENDED, staff=staff, now=now)
    return card


def _audit(card: StampCard, action: str, *, staff: Staff, now: datetime) -> None:
    audit.record(
        programme=card.programme,
        actor=staff,
        action=action,
        now=now,
        subject=str(card.public_id),
        data={"sentence": sentences.sentence(card)},
    )
