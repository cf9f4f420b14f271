"""What a member is asked again: what is new, and a yes or a no that weigh the same.

Signed in, or by the link in the message that told of it. Nothing is answered by
opening a page.
"""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_http_methods

from common.ui.toasts import toast
from consent import renewals
from consent.models import ConsentEntry, Text
from members.models import Member
from portal.guards import member_of, session_of
from portal.renewals import Question, questions_for, read_link


@require_http_methods(["GET", "HEAD", "POST"])
def renewals_page(request: HttpRequest) -> HttpResponse:
    """Show a signed-in member what they are asked; note an answer."""
    member = member_of(request)
    language = get_language() or member.language
    asked = questions_for(member, language=language)
    if request.method == "POST":
        evidence = {"session": str(session_of(request).public_id)}
        _answer(request, asked, ConsentEntry.Source.PORTAL, evidence)
        return redirect("portal:renewals")
    context = {"page": "choices", "questions": asked}
    return render(request, "portal/renewals.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def renewals_link(request: HttpRequest, token: str) -> HttpResponse:
    """Show it to whoever holds the link in a message, without their details."""
    found = read_link(token)
    if found is None:
        return _private(render(request, "portal/wishes_unknown.html", status=404))
    member: Member = found.member
    # In whose club and colours the page stands.
    request._programme = member.programme  # type: ignore[attr-defined]
    with translation.override(member.language):
        asked = questions_for(member, language=member.language)
        if request.method == "POST":
            evidence = {"link": str(found.public_id)}
            _answer(request, asked, ConsentEntry.Source.LINK, evidence)
            return _private(redirect("portal:renewals-link", token))
        context = {
            "questions": asked,
            "token": token,
            "club": member.programme.name,
        }
        response = render(request, "portal/renewals_link.html", context)
    return _private(response)


def _answer(
    request: HttpRequest, asked: list[Question], source: str, evidence: dict[str, Any]
) -> None:
    """Note the answer to one question; one that is not asked any more is left."""
    said = request.POST.get("answer", "")
    asked_about = request.POST.get("renewal", "")
    question = next(
        (each for each in asked if str(each.renewal.public_id) == asked_about), None
    )
    if question is None or said not in {"yes", "no"}:
        return
    if question.is_terms and said == "no":
        return
    renewals.answer(
        renewal=question.renewal,
        yes=said == "yes",
        source=source,
        evidence=evidence,
        now=timezone.now(),
        text=_shown(request.POST.get("text", "")),
    )
    if said == "yes":
        toast(request, gettext("Thank you. Your yes is saved."))
    else:
        toast(request, gettext("Your no is saved. It holds from this moment."))


def _shown(public_id: str) -> Text | None:
    """Return the version that the page showed; the service checks that it fits."""
    try:
        return Text.objects.filter(public_id=UUID(public_id)).first()
    except ValueError:
        return None


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    return response
