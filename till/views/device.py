"""Making a browser a device of a store."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from common import limits as buckets
from common.addresses import address_block
from common.limits import LimitReached
from stores.services import DeviceCodeRefused, redeem_device_code
from till import guards, limits
from till.forms import EnrolForm
from till.words import wait


@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """Ask for the manager's code and let the browser keep the device's key."""
    if request.method != "POST":
        return _page(request, EnrolForm())
    form = EnrolForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    now = timezone.now()
    try:
        buckets.take([(limits.ENROLMENTS_PER_ADDRESS, address_block(request))], now=now)
        _device, key = redeem_device_code(code=form.cleaned_data["code"], now=now)
    except LimitReached as error:
        form.add_error("code", wait(error.retry_after))
        return _page(request, form, status=429)
    except DeviceCodeRefused:
        form.add_error(
            "code",
            gettext(
                "The code is wrong, used or older than fifteen minutes. Ask for a "
                "new one."
            ),
        )
        return _page(request, form, status=422)
    response = redirect("till:home")
    guards.remember_device(response, key)
    return response


def _page(request: HttpRequest, form: EnrolForm, *, status: int = 200) -> HttpResponse:
    return render(request, "till/enrol.html", {"form": form}, status=status)
