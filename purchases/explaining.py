"""Why a stored receipt gave what it gave, line by line, and what did not count.

Read again from what the receipt keeps and the version of its own day.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models.functions import Coalesce

from points.programme import engine, reasons
from points.programme.engine import Line, Purchase, Why
from points.programme.naming import names_for
from points.programme.sentences import Names
from points.rules import EarningRule
from points.selectors import value_of
from points.terms import Multiplier, Stacking
from purchases.models import Product, Receipt, ReceiptLine


@dataclass(frozen=True, slots=True)
class Missed:
    """A multiplier of the version that counted on no line, and why not."""

    title: str
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why each line gave its points, by the line's number, and what did not count."""

    lines: Mapping[int, str]
    missed: tuple[Missed, ...]


_NONE = Explanation({}, ())


def explain(receipt: Receipt) -> Explanation:
    """Explain a receipt in the active language; asks for its lines, rule and store.

    A receipt that earned by no rule, or by one without multipliers, has nothing to
    explain line by line.
    """
    if receipt.rule is None or not receipt.points:
        return _NONE
    rule = value_of(receipt.rule)
    if not rule.terms.multipliers:
        return _NONE
    names = names_for(rule, programme_id=receipt.programme_id)
    lines = [
        line
        for line in receipt.lines.all()
        if line.kind == ReceiptLine.Kind.PURCHASE and line.is_eligible and line.rate
    ]
    return Explanation(
        lines={
            line.number: reasons.why_so_much(
                rule,
                rate=line.rate,
                keys=line.multipliers,
                currency=receipt.currency,
                names=names,
            )
            for line in lines
        },
        missed=tuple(_missed(receipt, rule, names, lines)),
    )


def _missed(
    receipt: Receipt, rule: EarningRule, names: Names, lines: Sequence[ReceiptLine]
) -> Iterator[Missed]:
    counted = {key for line in lines for key in line.multipliers}
    left = [each for each in rule.terms.multipliers if each.key not in counted]
    if not left:
        return
    purchase = _purchase(receipt, rule)
    asked = _lines(receipt, rule, lines)
    total = sum(
        (
            line.gross_paid - line.voucher_paid
            for line in receipt.lines.all()
            if line.kind == ReceiptLine.Kind.PURCHASE
        ),
        Decimal(0),
    )
    for each in left:
        why = _why_not(each, rule, purchase, lines, asked, total)
        # A campaign of another season is no answer to anybody.
        if why is Why.PERIOD:
            continue
        yield Missed(
            reasons.said_as_title(each, currency=receipt.currency, names=names),
            reasons.why_not(why, each, currency=receipt.currency, names=names),
        )


def _why_not(
    multiplier: Multiplier,
    rule: EarningRule,
    purchase: Purchase,
    stored: Sequence[ReceiptLine],
    lines: Sequence[Line],
    total: Decimal,
) -> Why:
    why = engine.why_not_now(multiplier.when, purchase, total)
    if why is not None:
        return why
    is_best = rule.terms.stacking is Stacking.BEST
    for kept, line in zip(stored, lines, strict=True):
        if is_best and kept.multipliers and engine.fits(multiplier.when.goods, line):
            return Why.A_BETTER_ONE
    # What fits by the range of today and did not count was other goods then.
    return Why.GOODS


def _purchase(receipt: Receipt, rule: EarningRule) -> Purchase:
    programme = receipt.store.programme
    whens = [each.when for each in rule.terms.multipliers]
    member = receipt.member
    asks_birthday = member is not None and any(when.birthday for when in whens)
    return Purchase(
        at=receipt.purchased_at.astimezone(programme.zone),
        currency=receipt.currency,
        is_own_currency=receipt.currency == programme.currency,
        store=receipt.store.code,
        channel=receipt.store.kind,
        tier=receipt.tier or None,
        is_first=any(when.first_purchase for when in whens) and _is_first(receipt),
        born_on=member.birthday_on if member and asks_birthday else None,
    )


def _is_first(receipt: Receipt) -> bool:
    """Tell whether it was the first that came in: see decision 0014."""
    came_in = Coalesce("claimed_at", "recorded_at")
    earlier = (
        Receipt.objects.filter(member=receipt.member, eligible__gt=0)
        .annotate(came_in=came_in)
        .filter(came_in__lt=receipt.claimed_at or receipt.recorded_at)
        .exclude(pk=receipt.pk)
    )
    return receipt.member_id is not None and not earlier.exists()


def _lines(
    receipt: Receipt, rule: EarningRule, lines: Sequence[ReceiptLine]
) -> list[Line]:
    known: dict[str, tuple[str, str]] = {}
    if rule.terms.asks_for_catalogue:
        rows = Product.objects.filter(
            programme_id=receipt.programme_id, sku__in=[line.sku for line in lines]
        )
        known = {
            sku: (category, brand)
            for sku, category, brand in rows.values_list("sku", "category", "brand")
        }
    return [
        Line(
            paid=line.gross_paid,
            sku=line.sku,
            group=line.article_group,
            category=known.get(line.sku, ("", ""))[0],
            brand=known.get(line.sku, ("", ""))[1],
        )
        for line in lines
    ]
