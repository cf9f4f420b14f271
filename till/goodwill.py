"""Making something good at the till: what may be given now, and giving it."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from common.money import display
from members.models import Member
from offers.vouchers.services import Gift, give_voucher
from points import rules as points_rules
from points import words as points_words
from points.goodwill import rules, selectors, services, words
from points.goodwill.allowances import allowance_of, left_for
from points.goodwill.rules import Bound
from points.goodwill.services import Ask
from points.models import GoodwillGrant, GoodwillReason
from points.rules import EarningRule
from points.selectors import find_rule
from points.services import MemberMerged
from stores.models import Programme, Staff, Store, TillDevice
from till.services import prove_pin


class Form(StrEnum):
    """What a member gets; the value is the screen's."""

    POINTS = "points"
    VOUCHER = "voucher"


@dataclass(frozen=True, slots=True)
class Tile:
    """An amount that can be tapped: what it is called, and what it is worth."""

    amount: Decimal
    what: str
    money: str
    # More than the person may give: a manager's PIN is asked for.
    needs_manager: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """The amounts that can be given now, and what is left, in words."""

    tiles: tuple[Tile, ...]
    left: str
    # Why there is nothing to tap, where it is not the allowance.
    has_rule: bool


def find_member(programme: Programme, public_id: UUID) -> Member | None:
    """Return an active member of the club, or the one they were merged into."""
    found = (
        Member.objects.select_related("programme", "merged_into__programme")
        .filter(programme=programme, public_id=public_id)
        .first()
    )
    member = (found.merged_into or found) if found else None
    return member if member and member.status == Member.Status.ACTIVE else None


def find_reason(programme: Programme, key: str) -> GoodwillReason | None:
    """Return a reason in use by its key."""
    return selectors.list_reasons(programme).filter(key=key).first()


def offer_of(staff: Staff, store: Store, form: Form, *, now: datetime) -> Offer:
    """Return what somebody may give in a store now, or have approved."""
    currency = store.programme.currency
    rule = find_rule(programme_id=store.programme_id, at=now)
    remaining = left_for(staff, store, at=now)
    bound, most = rules.tightest(remaining)
    left = words.left(bound, most, currency)
    if rule is None:
        return Offer((), left, has_rule=False)
    allowance = allowance_of(store)
    has_manager = list_approvers(staff, store)
    tiles = []
    for amount in rules.offered(allowance.staff, allowance.manager):
        refused = rules.refusal(amount, remaining)
        if refused is not None and (
            refused in rules.OF_THE_STORE
            or not has_manager
            or amount > allowance.manager.one_grant
        ):
            continue
        tile = _tile(amount, form, rule, currency, needs_manager=refused is not None)
        if tile is not None:
            tiles.append(tile)
    return Offer(tuple(tiles), left, has_rule=True)


def list_approvers(staff: Staff, store: Store) -> list[Staff]:
    """Return the managers who can approve what somebody gives: never themselves."""
    return list(selectors.list_managers(store).exclude(pk=staff.pk))


def tile_of(store: Store, amount: Decimal, form: Form, *, now: datetime) -> Tile | None:
    """Return one amount, by the version in force."""
    rule = find_rule(programme_id=store.programme_id, at=now)
    if rule is None:
        return None
    return _tile(amount, form, rule, store.programme.currency, needs_manager=True)


def read_form(typed: str) -> Form:
    """Return what was chosen; points without a choice."""
    return Form.VOUCHER if typed == Form.VOUCHER else Form.POINTS


def give(ask: Ask, form: Form, *, now: datetime) -> GoodwillGrant:
    """Give it; a second tap of the same screen is answered with the first grant.

    Raises:
        As `points.goodwill.services.grant` does, but for a key that was used.
    """
    try:
        if form is Form.VOUCHER:
            return _give_voucher(ask, now)
        return services.grant(ask, now=now)
    except MemberMerged:
        # While the amounts were on the screen: it is theirs who was kept.
        kept = find_member(ask.store.programme, ask.member.public_id)
        if kept is None or kept.pk == ask.member.pk:
            raise services.NotGrantable from None
        return give(replace(ask, member=kept), form, now=now)
    except services.KeyReused:
        given = services.find_given(ask.key)
        if given is None or given.member_id != ask.member.pk:
            raise services.NotGrantable from None
        return given


def approve(
    ask: Ask,
    form: Form,
    *,
    device: TillDevice,
    manager: Staff,
    pin: str,
    now: datetime,
) -> GoodwillGrant:
    """Give it with a manager's PIN, entered on the same device.

    Raises:
        PinRefused: it is not theirs.
        LimitReached: too many wrong ones.
        As `give` does.
    """
    prove_pin(device=device, staff=manager, pin=pin, now=now)
    return give(replace(ask, approved_by=manager), form, now=now)


def read_ask(
    request: HttpRequest,
    *,
    member: Member,
    reason: GoodwillReason,
    store: Store,
    staff: Staff,
) -> Ask | None:
    """Return what was tapped, or None for what no screen of ours sends."""
    try:
        key = UUID(request.POST.get("key", "")[:40])
        amount = Decimal(request.POST.get("amount", "")[:12])
    except (ValueError, ArithmeticError):
        return None
    if not amount.is_finite() or not 0 < amount < 10**7:
        return None
    return Ask(
        member=member,
        store=store,
        staff=staff,
        reason=reason,
        amount=amount,
        key=key,
        note=request.POST.get("note", "")[: services.LONGEST_NOTE].replace("\x00", ""),
    )


def said_of(refused: services.AllowanceUsed, ask: Ask, manager: Staff | None) -> str:
    """Say what is left, and whose it is."""
    currency = ask.store.programme.currency
    if manager is None:
        return words.left(refused.bound, refused.left, currency)
    return words.left_of(manager.name, refused.bound, refused.left, currency)


def left_after(given: GoodwillGrant, *, now: datetime) -> str:
    """Say what the person at the till has left after a grant."""
    remaining = left_for(given.staff, given.store, at=now)
    del remaining[Bound.ONE_GRANT]
    bound, most = rules.tightest(remaining)
    return words.left(bound, most, given.currency)


def _give_voucher(ask: Ask, now: datetime) -> GoodwillGrant:
    """Use the allowance and make the voucher, both or neither."""
    with transaction.atomic():
        held = services.hold(ask, now=now)
        if held.confirmed_at is None:
            give_voucher(
                member=ask.member,
                gift=Gift(value=ask.amount),
                reason=ask.reason.names.get(ask.member.language, ask.reason.name_en),
                key=f"goodwill:{held.public_id}",
                staff=ask.staff,
                store=ask.store,
                now=now,
            )
            services.confirm(held=held, now=now)
    return held


def _tile(
    amount: Decimal,
    form: Form,
    rule: EarningRule,
    currency: str,
    *,
    needs_manager: bool,
) -> Tile | None:
    if form is Form.VOUCHER:
        return Tile(amount, _("Voucher"), display(amount, currency), needs_manager)
    points = rules.points_worth(amount, rule.point_value)
    if points < 1:
        return None
    return Tile(
        amount=amount,
        what=points_words.points(points),
        money=display(points_rules.worth(points, rule), currency),
        needs_manager=needs_manager,
    )
