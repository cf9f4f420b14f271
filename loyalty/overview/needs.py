"""What waits for somebody, and what to do first in an empty club."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.overview import readings
from messaging.limits import is_open_for_strangers
from points.books import proofs
from stores import selectors as stores_selectors
from stores.models import Programme
from stores.roles import Role


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for somebody, with the page where it is dealt with."""

    icon: str
    tone: str
    title: str
    text: str
    button: str
    url: str


@dataclass(frozen=True, slots=True)
class Step:
    """What to do first in a club where nothing has happened yet."""

    icon: str
    title: str
    text: str
    button: str
    url: str


def list_needs(
    *,
    programme: Programme,
    store_ids: frozenset[int] | None,
    roles: frozenset[Role],
    pending: int,
    now: datetime,
) -> list[Need]:
    """Return what waits for somebody with these roles. Five statements."""
    work = stores_selectors.summarize_work(
        programme=programme, store_ids=store_ids, now=now
    )
    runs_a_store = bool(roles & {Role.OWNER, Role.STORE_MANAGER})
    failed, paused, differences = 0, False, 0
    if store_ids is None:
        last = proofs.latest(programme)
        differences = last.differences if last else 0
        failed = readings.count_failed_messages(programme, now)
        paused = not is_open_for_strangers(programme, now)
    waiting = [
        (differences, _ledger_differs),
        (int(paused), _paused),
        (pending, _pending),
        (failed, _failed),
        (work.devices_never_seen if runs_a_store else 0, _never_seen),
        (work.keys_expiring if Role.OWNER in roles else 0, _expiring),
    ]
    return [describe(number) for number, describe in waiting if number]


def _ledger_differs(number: int) -> Need:
    return Need(
        icon="shield-check",
        tone="c5",
        title=_("The ledger of points does not add up"),
        text=ngettext(
            "%(number)s row differs in the last proof",
            "%(number)s rows differ in the last proof",
            number,
        )
        % {"number": _write(number)},
        button=_("See them"),
        url=reverse("points:proof"),
    )


def _paused(_number: int) -> Need:
    return Need(
        icon="message-off",
        tone="c5",
        title=_("SMS to new numbers are paused"),
        text=_("Too few of those asked for on the web were answered: perhaps fraud"),
        button="",
        # It ends by itself, and there is nothing to decide.
        url="",
    )


def _pending(number: int) -> Need:
    return Need(
        icon="hourglass",
        tone="c2",
        title=ngettext(
            "%(number)s registration is not finished",
            "%(number)s registrations are not finished",
            number,
        )
        % {"number": _write(number)},
        text=_("The link was sent more than a day ago"),
        button=_("See them"),
        url=reverse("members:member-list") + "?status=PENDING",
    )


def _failed(number: int) -> Need:
    return Need(
        icon="message-2",
        tone="c5",
        title=ngettext(
            "%(number)s message could not be sent",
            "%(number)s messages could not be sent",
            number,
        )
        % {"number": _write(number)},
        text=_("In the last seven days"),
        button=_("See them"),
        # Only the simulator has a page of messages.
        url=reverse("messaging:outbox") if settings.MESSAGE_SIMULATOR else "",
    )


def _never_seen(number: int) -> Need:
    return Need(
        icon="device-tablet",
        tone="c3",
        title=ngettext(
            "%(number)s device was never enrolled",
            "%(number)s devices were never enrolled",
            number,
        )
        % {"number": _write(number)},
        text=_("Its code was not used"),
        button=_("See them"),
        url=reverse("stores:device-list") + "?state=waiting",
    )


def _expiring(number: int) -> Need:
    return Need(
        icon="key",
        tone="c5",
        title=ngettext(
            "%(number)s API key ends soon", "%(number)s API keys end soon", number
        )
        % {"number": _write(number)},
        text=_("Replace it before tills are refused"),
        button=_("Replace"),
        url=reverse("stores:key-list"),
    )


def list_first_steps(roles: frozenset[Role]) -> list[Step]:
    """Return what an owner does first in a club where nothing has happened."""
    if Role.OWNER not in roles:
        return []
    return [
        Step(
            icon="building-store",
            title=_("Add your stores"),
            text=_("With the codes by which the till system knows them."),
            button=_("Add a store"),
            url=reverse("stores:store-add"),
        ),
        Step(
            icon="device-tablet",
            title=_("Enrol a device"),
            text=_("So that staff can register members by mobile number."),
            button=_("Enrol a device"),
            url=reverse("stores:device-add"),
        ),
        Step(
            icon="key",
            title=_("Connect the tills"),
            text=_("With an API key, receipts come in and points are earned."),
            button=_("Issue a key"),
            url=reverse("stores:key-add"),
        ),
    ]


def _write(number: int) -> str:
    return number_format(number, 0, force_grouping=True)
