"""The desk's screens of tiers: the ladder as it stands, and one member's way in it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)
from django_q.tasks import async_task

from common.periods import local_day
from common.ui.toasts import toast
from members import care
from members.models import Member
from members.roles import SEE_MEMBERS
from members.views.frame import answer, member_of
from points.models import TierOutlook, TierPeriod, TierRun
from points.programme.sentences.names import in_language
from points.selectors import find_rule
from points.terms import Ladder, Tier
from points.tiers import nightly, rules, selectors, services, words
from points.tiers.forms import GrantForm
from stores.access import roles_of
from stores.middleware import programme_of
from stores.models import Programme
from stores.roles import Role
from stores.views.pages import Page, show_form, staff_of

_SHOWN = 10
_HISTORY = 12
MAY_GRANT = frozenset({Role.OWNER, Role.CUSTOMER_SERVICE})
_USUAL_GRANT = timedelta(days=182)
REVIEW_TASK = "points.tiers.tasks.settle_now"


@dataclass(frozen=True, slots=True)
class Step:
    """A tier of the ladder as the page shows it."""

    tier: Tier
    name: str
    medal: str
    needs: str
    keeps: str
    benefits: list[str]
    members: int
    # Of all members.
    share: float
    near: int
    landing: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A member who is near a tier or about to lose one."""

    member: Member
    tier: str
    key: str
    missing: str
    until: date | None


@dataclass(frozen=True, slots=True)
class Past:
    """A period of a member's history."""

    period: TierPeriod
    name: str
    cause: str


@require_safe
def ladder_page(request: HttpRequest) -> HttpResponse:
    """Show the ladder in force, how many stand where, and who is about to move."""
    programme = programme_of(request)
    now = timezone.now()
    rule = find_rule(programme_id=programme.pk, at=now)
    ladder = selectors.ladder_of(rule)
    run = (
        TierRun.objects.filter(programme=programme, ended_at__isnull=False)
        .order_by("-on")
        .first()
    )
    context: dict[str, Any] = {
        "title": _("Tiers"),
        "subtitle": _("Levels that members reach by what they do."),
        "ladder": ladder,
        "rule": rule,
        "run": run,
    }
    if ladder is not None:
        kinds = TierOutlook.Kind
        # An analyst sees how many, and not who.
        shows_members = bool(SEE_MEMBERS & roles_of(staff_of(request)))
        context |= {
            "steps": _steps(ladder, programme, run),
            "sentences": words.how_it_works(ladder, programme.currency),
            "shows_members": shows_members,
            "near": _listed(run, kinds.NEAR, ladder, programme)
            if shows_members
            else [],
            "landing": (
                _listed(run, kinds.LANDING, ladder, programme) if shows_members else []
            ),
            "soon": nightly.SOON,
            # The lists name the first of them.
            "near_more": _more(run, "near"),
            "landing_more": _more(run, "landing"),
        }
    return render(request, "points/tiers/ladder.html", context)


@require_POST
def review(request: HttpRequest) -> HttpResponse:
    """Review all members now and not only tonight."""
    async_task(REVIEW_TASK, programme_of(request).pk)
    toast(request, _("The review has begun. The figures are here when it is through."))
    return redirect("tiers:ladder")


@require_safe
def member_panel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer with a member's tier, why they have it, what is missing, and its past."""
    member = member_of(request, public_id)
    now = timezone.now()
    progress = selectors.progress_of(member, now)
    context: dict[str, object] = {"progress": progress}
    if progress is not None:
        history = selectors.history_of(member)[:_HISTORY]
        names = selectors.names_in(history)
        context |= {
            "to_next": words.to_next(progress),
            "to_keep": words.to_keep(progress),
            "projected": words.projected(progress),
            "why": words.why(
                history[0] if history else None,
                progress.tier.name,
                currency=progress.currency,
                zone=member.programme.zone,
            ),
            "counted": words.amount(
                progress.counted, progress.measure, progress.currency
            ),
            "counted_days": words.span(progress.span),
            "history": [
                Past(each, names[each.pk], str(_CAUSES[TierPeriod.Cause(each.cause)]))
                for each in history
            ],
            "granted": history[0] if progress.tier.is_granted else None,
            "may_grant": bool(MAY_GRANT & roles_of(staff_of(request)))
            and bool(services.grantable(member, now)),
            "may_end": bool(MAY_GRANT & roles_of(staff_of(request))),
        }
    return answer(
        request, member, "points/tiers/_member_panel.html", context, title=_("Tier")
    )


@require_http_methods(["GET", "HEAD", "POST"])
def grant(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Give a member a tier until a day, with a reason."""
    member = member_of(request, public_id)
    now = timezone.now()
    tiers = services.grantable(member, now)
    if not tiers:
        raise Http404
    today = local_day(now, member.programme.zone)
    form = GrantForm(
        request.POST or None,
        tiers=tiers,
        today=today,
        initial={"until": today + _USUAL_GRANT, "tier": tiers[-1].key},
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            services.grant(
                member=member,
                key=given["tier"],
                until=given["until"],
                reason=given["reason"],
                staff=staff_of(request),
                now=now,
            )
        except services.NotGrantable:
            form.add_error(
                None,
                _("The member has this tier for that long already."),
            )
        else:
            toast(request, _("The member has the tier from now on."))
            return redirect("members:member-detail", public_id=member.public_id)
    back = reverse("members:member-detail", args=[member.public_id])
    page = Page(
        title=_("Give a tier"),
        subtitle=_("Above what was earned, and for a time. It is written down."),
        back_url=back,
        save_label=_("Give the tier"),
        crumbs=[(care.label_of(member), back)],
    )
    return show_form(request, form, page)


@require_POST
def grant_end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take back a tier that was given."""
    member = member_of(request, public_id)
    try:
        services.end_grant(member=member, staff=staff_of(request), now=timezone.now())
    except services.NoGrant:
        toast(request, _("The tier was taken back already."), tone="error")
    else:
        toast(request, _("The member has the tier that they earned."))
    return redirect("members:member-detail", public_id=member.public_id)


def _steps(ladder: Ladder, programme: Programme, run: TierRun | None) -> list[Step]:
    figures = run.figures if run else {}
    members = figures.get("members", {})
    total = sum(members.values()) or 1
    measure, currency = ladder.measure, programme.currency
    steps = [
        Step(
            tier=tier,
            name=selectors.name_of(tier),
            medal=selectors.medal_of(rank),
            needs=words.amount(tier.needs, measure, currency) if rank else "",
            keeps=words.amount(rules.keeps(ladder, rank), measure, currency)
            if rank
            else "",
            benefits=[in_language(each) for each in tier.benefits],
            members=members.get(tier.key, 0),
            share=members.get(tier.key, 0) / total,
            near=figures.get("near", {}).get(tier.key, 0),
            landing=figures.get("landing", {}).get(tier.key, 0),
        )
        for rank, tier in enumerate(ladder.tiers)
    ]
    # As a ladder stands: the highest on top.
    return steps[::-1]


def _more(run: TierRun | None, what: str) -> int:
    figures: dict[str, int] = run.figures.get(what, {}) if run else {}
    return max(sum(figures.values()) - _SHOWN, 0)


def _listed(
    run: TierRun | None, kind: str, ladder: Ladder, programme: Programme
) -> list[Listed]:
    if run is None:
        return []
    names = {tier.key: selectors.name_of(tier) for tier in ladder.tiers}
    return [
        Listed(
            member=row.member,
            tier=names.get(row.key, row.key),
            key=row.key,
            missing=words.amount(row.missing, ladder.measure, programme.currency),
            until=row.until,
        )
        for row in nightly.outlook_of(run, kind, _SHOWN)
    ]


_CAUSES = {
    TierPeriod.Cause.REACHED: gettext_lazy("reached"),
    TierPeriod.Cause.KEPT: gettext_lazy("kept"),
    TierPeriod.Cause.LANDED: gettext_lazy("not earned again"),
    TierPeriod.Cause.GRANTED: gettext_lazy("given by the club"),
    TierPeriod.Cause.ENDED: gettext_lazy("the given time was over"),
    TierPeriod.Cause.MOVED: gettext_lazy("the tiers changed"),
    TierPeriod.Cause.MERGED: gettext_lazy("memberships merged"),
    TierPeriod.Cause.PARTED: gettext_lazy("memberships parted"),
}
