"""The providers' webhooks, the texts that SMS link to, and the simulator's phones."""

import hmac
from datetime import timedelta
from urllib.parse import urlencode
from uuid import uuid4

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from common.ui.toasts import toast
from conversation import answers, services
from conversation.channels import Inbound, NotAllowed, Unreadable, find_provider
from conversation.forms import SimulatedForm
from stores.middleware import programme_of, use_zone

log = structlog.get_logger(__name__)

# A long SMS with all that providers put around it has a tenth of it.
LARGEST_BODY = 16 * 1024


@csrf_exempt
@require_POST
def hook(request: HttpRequest, provider: str, token: str) -> HttpResponse:
    """Take in a message from a provider.

    What was taken in before is answered like the first time. An address that is not
    ours, or not open, does not exist.
    """
    adapter = find_provider(provider)
    expected = settings.SMS_INBOUND_TOKEN
    is_ours = hmac.compare_digest(token.encode(), expected.encode())
    if adapter is None or not expected or not is_ours:
        raise Http404
    if len(request.body) > LARGEST_BODY:
        return HttpResponse(status=413)
    now = timezone.now()
    try:
        adapter.check(request, now=now)
        inbound = adapter.read(request)
    except NotAllowed as refused:
        log.warning("inbound_refused", provider=adapter.name, why=str(refused))
        return HttpResponse(status=403)
    except Unreadable as error:
        log.warning("inbound_unreadable", provider=adapter.name, why=str(error))
        return HttpResponse(status=400)
    if inbound is not None:
        services.receive(programme=programme_of(request), inbound=inbound, now=now)
    return adapter.accepted()


@require_safe
def text(request: HttpRequest, language: str, what: str, version: str) -> HttpResponse:
    """Show the whole of a text that an SMS has asked about, in the version it did."""
    shown = answers.find_text(programme_of(request), language, what, version)
    if shown is None:
        raise Http404
    use_zone(request)
    with translation.override(shown.language):
        return render(request, "conversation/text.html", {"text": shown})


@require_POST
def simulator_reply(request: HttpRequest) -> HttpResponse:
    """Write from a phone of the simulator, the way that a provider would bring it."""
    if not settings.MESSAGE_SIMULATOR:
        raise Http404
    programme = programme_of(request)
    form = SimulatedForm(request.POST, country=programme.country)
    if not form.is_valid():
        for errors in form.errors.values():
            toast(request, str(errors[0]), tone="error")
        return redirect("messaging:outbox")
    services.receive(
        programme=programme,
        inbound=Inbound(
            provider="simulator",
            channel="sms",
            sender=form.cleaned_data["number"],
            to=settings.SMS_REPLY_NUMBER,
            text=form.cleaned_data["text"],
            provider_id=str(uuid4()),
            sent_at=timezone.now(),
            # Its phones have an SMS at once, and no network that brings one twice.
            soonest=timedelta(0),
        ),
        now=timezone.now(),
    )
    shown = request.POST.get("to", "")
    query = f"?{urlencode({'to': shown})}" if shown else ""
    return redirect(reverse("messaging:outbox") + query)
