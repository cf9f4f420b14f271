"""The page on which anybody begins: at home, or from a poster in the store."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from common.addresses import address_block
from common.even_time import in_even_time
from common.limits import LimitReached
from enrolment import services
from enrolment.forms import EmailForm, NumberForm
from enrolment.views.languages import language_of, languages, remember_language
from messaging import limits
from points import words
from points.selectors import find_version
from stores.middleware import programme_of, use_zone
from stores.models import Programme, Store


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Begin without a store."""
    return begin(request, None)


@in_even_time
def begin(request: HttpRequest, store: Store | None) -> HttpResponse:
    """Ask for a mobile number and send the link; the answer is the same for everybody.

    `?via=` says where the page was linked or hung; `?poster` that it is a poster;
    `?friend=` whose own link it is.
    """
    use_zone(request)
    programme = programme_of(request)
    language = language_of(request, programme.language)
    with translation.override(language):
        now = timezone.now()
        by_sms = limits.is_open_for_strangers(programme, now)
        answers = request.POST if request.method == "POST" else None
        form: NumberForm | EmailForm = (
            NumberForm(answers, programme=programme) if by_sms else EmailForm(answers)
        )
        if answers is None:
            return _page(request, store, form)
        if not form.is_valid():
            return _page(request, store, form, status=422)
        try:
            services.begin_on_the_web(
                programme=programme,
                phone=form.cleaned_data.get("phone", ""),
                email=form.cleaned_data.get("email", ""),
                store=store,
                placement=request.GET.get("via", ""),
                is_poster="poster" in request.GET,
                friend=request.GET.get("friend", "")[:20].replace("\x00", ""),
                language=language,
                address_block=address_block(request),
                now=now,
            )
        except LimitReached as reached:
            form.add_error("phone" if by_sms else "email", _too_often(reached))
            response = _page(request, store, form, status=429)
            response["Retry-After"] = str(reached.retry_after)
            return response
        response = redirect("enrolment:asked" if by_sms else "enrolment:asked-email")
        remember_language(response, language)
        return response


@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    """Say to look at the phone."""
    return _asked_page(request, by_sms=True)


@require_safe
def asked_email(request: HttpRequest) -> HttpResponse:
    """Say to look at the e-mail."""
    return _asked_page(request, by_sms=False)


def _asked_page(request: HttpRequest, *, by_sms: bool) -> HttpResponse:
    with translation.override(language_of(request)):
        return render(request, "enrolment/asked.html", {"by_sms": by_sms})


def _page(
    request: HttpRequest,
    store: Store | None,
    form: NumberForm | EmailForm,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "store": store,
        "by_sms": isinstance(form, NumberForm),
        "gains": gains_of(programme_of(request)),
        "languages": languages(),
    }
    return render(request, "enrolment/begin.html", context, status=status)


def gains_of(programme: Programme) -> list[str]:
    """Say what a member gets, in the words of the rule in force; empty without one."""
    rule = find_version(programme_id=programme.pk, at=timezone.now())
    if rule is None:
        return []
    return [
        words.earning(rule, programme.currency),
        words.reward(rule, programme.currency),
    ]


def _too_often(reached: LimitReached) -> str:
    minutes = -(-reached.retry_after // 60)
    return ngettext(
        "That was too often. Try again in a minute.",
        "That was too often. Try again in %(minutes)s minutes.",
        minutes,
    ) % {"minutes": minutes}
