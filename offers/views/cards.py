"""Stamp cards at the desk: the list, one with its figures, and its draft."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from common.periods import local_day
from common.ui.toasts import toast
from offers.models import StampCard
from offers.roles import WRITE_CARDS
from offers.stamps import selectors, sentences, services
from offers.stamps.forms import CardForm, first_of
from offers.texts import in_language
from points.terms import LANGUAGES
from stores.access import roles_of
from stores.middleware import programme_of
from stores.views.pages import Page, show_form, staff_of

_TONES = {"DRAFT": "", "PUBLISHED": "good", "ENDED": "info"}
_LANGUAGE_NAMES = {
    "sv": gettext_lazy("Swedish"),
    "da": gettext_lazy("Danish"),
    "en": gettext_lazy("English"),
}


@require_safe
def card_list(request: HttpRequest) -> HttpResponse:
    """Show every card with its sentence."""
    cards = list(selectors.list_of_club(programme_of(request)))
    context = {
        "title": _("Stamp cards"),
        "subtitle": _("So many purchases, then something on the house."),
        "rows": [
            {
                "card": card,
                "name": in_language(card.names) or _("Without a name"),
                "sentence": sentences.sentence(card),
                "tone": _TONES[card.status],
            }
            for card in cards
        ],
        "may_write": bool(WRITE_CARDS & roles_of(staff_of(request))),
    }
    return render(request, "offers/card_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def card_new(request: HttpRequest) -> HttpResponse:
    """Write a new draft."""
    today = local_day(timezone.now(), programme_of(request).zone)
    first = {
        "counts": "ITEMS",
        "needed": 9,
        "reward": "ONE_MORE",
        "reward_value": 0,
        "reward_valid_days": 90,
        "starts_on": today,
    }
    form = CardForm(request.POST or None, initial=first)
    return _write(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
def card_edit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change a draft."""
    card = _card(request, public_id)
    if card.status != StampCard.Status.DRAFT:
        toast(request, _("A published card does not change. Copy it."), tone="error")
        return redirect("offers:card-detail", public_id)
    form = CardForm(request.POST or None, initial=first_of(card))
    return _write(request, form, card)


@require_safe
def card_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a card as it is said in three languages, and how it goes."""
    card = _card(request, public_id)
    missing = services.missing_words(card)
    may_write = bool(WRITE_CARDS & roles_of(staff_of(request)))
    context = {
        "title": in_language(card.names) or _("Without a name"),
        "subtitle": sentences.sentence(card),
        "card": card,
        "tone": _TONES[card.status],
        "said": [
            (language, _LANGUAGE_NAMES[language], sentence, conditions)
            for language, sentence, conditions in sentences.in_three_languages(card)
        ],
        "figures": selectors.figures_of(card),
        "goods": ", ".join(
            name
            for kind in ("groups", "categories", "brands", "skus")
            for name in card.goods.get(kind, [])
        ),
        "currency": card.programme.currency,
        "missing": sorted(
            {
                str(_LANGUAGE_NAMES[language])
                for language in LANGUAGES
                if any(each.endswith(f"_{language}") for each in missing)
            }
        ),
        "may_write": may_write,
        "circles": range(card.needed),
        "crumbs": [(_("Stamp cards"), reverse("offers:card-list"))],
    }
    return render(request, "offers/card_detail.html", context)


@require_POST
def card_publish(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Publish a draft: receipts are stamped from its first day on."""
    card = _card(request, public_id)
    try:
        services.publish_card(card=card, staff=staff_of(request), now=timezone.now())
    except services.CannotPublish:
        toast(request, _("Words are missing in a language."), tone="error")
    except services.NotDraft:
        toast(request, _("The card is published already."), tone="error")
    else:
        toast(request, _("The card is published. Tills stamp it at once."))
    return redirect("offers:card-detail", public_id)


@require_POST
def card_end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """End a card with today."""
    services.end_card(
        card=_card(request, public_id), staff=staff_of(request), now=timezone.now()
    )
    toast(request, _("The card ends today. Rewards that were given stay valid."))
    return redirect("offers:card-detail", public_id)


@require_POST
def card_copy(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Begin a new draft with the terms of this card."""
    draft = services.copy_card(
        card=_card(request, public_id), staff=staff_of(request), now=timezone.now()
    )
    return redirect("offers:card-edit", draft.public_id)


def _write(
    request: HttpRequest, form: CardForm, card: StampCard | None
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_draft(
                programme=programme_of(request),
                values=form.values(),
                staff=staff_of(request),
                now=timezone.now(),
                card=card,
            )
        except services.NotDraft:
            form.add_error(None, _("The card was published meanwhile."))
        else:
            toast(request, _("The draft is saved. Read how it is said."))
            return redirect("offers:card-detail", saved.public_id)
    back = (
        reverse("offers:card-detail", args=[card.public_id])
        if card
        else reverse("offers:card-list")
    )
    page = Page(
        title=_("Change the draft") if card else _("New stamp card"),
        subtitle=_("Members read the sentence that is made from this."),
        back_url=back,
        save_label=_("Save the draft"),
        crumbs=[(_("Stamp cards"), reverse("offers:card-list"))],
    )
    return show_form(request, form, page, template="offers/card_edit.html")


def _card(request: HttpRequest, public_id: UUID) -> StampCard:
    found: StampCard = get_object_or_404(
        StampCard.objects.select_related("programme"),
        programme=programme_of(request),
        public_id=public_id,
    )
    return found
