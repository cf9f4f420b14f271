"""Template tags and filters of the UI kit: `{% load ui %}`."""

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zlib import crc32

from django import forms, template
from django.http import HttpRequest
from django.template import Context
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import ngettext

from common.money import display
from common.ui import brand, charts, navigation
from common.ui.forms import ErrorLink
from common.ui.forms import error_links as links_of
from common.ui.icons import href
from common.ui.icons import icon as draw_icon
from common.ui.qr import qr_svg

register = template.Library()

_TONES = ("c1", "c2", "c3", "c4")


@register.simple_tag
def icon_href(name: str) -> str:
    """Return the address of an icon in the sprite."""
    return href(name)


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """Draw an icon."""
    return draw_icon(name, css)


@register.simple_tag
def qr(data: str, label: str = "") -> SafeString:
    """Draw a QR code."""
    return qr_svg(data, label)


@register.simple_tag(takes_context=True)
def navigation_groups(context: Context) -> list[navigation.Group]:
    """Return the side bar of the signed-in person."""
    request: HttpRequest | None = context.get("request")
    return navigation.groups_for(request) if request else []


@register.simple_tag(takes_context=True)
def query_with(context: Context, *pairs: str) -> str:
    """Return this page's query with (name, value) pairs changed; "" drops a name."""
    query = context["request"].GET.copy()
    for name, value in zip(pairs[::2], pairs[1::2], strict=True):
        if value in ("", None):
            query.pop(name, None)
        else:
            query[name] = value
    return f"?{query.urlencode()}" if query else "?"


@register.simple_tag
def brand_colors(color: str) -> SafeString:
    """Write the merchant's colours as CSS."""
    # Made of computed colours alone: what is not a colour gives the default.
    return mark_safe(brand.style_sheet(str(color or "")))  # noqa: S308


@register.simple_tag
def error_links(form: forms.BaseForm) -> list[ErrorLink]:
    """List the messages of a form for its error summary."""
    return links_of(form)


@register.simple_tag
def meter_width(done: Any, total: Any = 100) -> str:
    """Return how far a meter of width 100 is filled."""
    return charts.meter_width(_number(done) or 0, _number(total) or 0)


@register.filter
def money(value: Any, currency: str = "SEK") -> str:
    """Write an amount: `1 249 kr`, `12,50 kr`."""
    amount = _number(value)
    return "" if amount is None else display(amount, currency)


@register.filter
def number(value: Any, decimals: int = 0) -> str:
    """Write a number with the language's grouping."""
    amount = _number(value)
    if amount is None:
        return ""
    return number_format(amount, decimals, force_grouping=True)


@register.filter
def points(value: Any) -> str:
    """Write points in words: `1 240 points`."""
    amount = int(_number(value) or 0)
    text = number_format(amount, 0, force_grouping=True)
    return ngettext("%(points)s point", "%(points)s points", abs(amount)) % {
        "points": text
    }


@register.filter
def signed(value: Any) -> str:
    """Write a whole number with its sign, minus as a true minus: `+125`, `−40`."""
    amount = _number(value) or Decimal(0)
    text = number_format(abs(amount), 0, force_grouping=True)
    if amount == 0:
        return text
    return f"+{text}" if amount > 0 else f"\u2212{text}"


@register.filter
def percent(value: Any) -> str:
    """Write a share of one as per cent: `61 %`."""
    amount = _number(value)
    return "" if amount is None else charts.percent(float(amount))


@register.filter
def day(value: date | datetime | None) -> str:
    """Write a day as people say it: `14 November`, with the year if another year."""
    if value is None:
        return ""
    local = _local(value)
    this_year = local.year == timezone.localdate().year
    return date_format(local, "MONTH_DAY_FORMAT" if this_year else "DATE_FORMAT")


@register.filter
def short_day(value: date | datetime | None) -> str:
    """Write a day for a narrow place: `14 Nov`, with the year if another year."""
    if value is None:
        return ""
    local = _local(value)
    this_year = local.year == timezone.localdate().year
    return date_format(
        local, "SHORT_DAY_FORMAT" if this_year else "SHORT_DAY_YEAR_FORMAT"
    )


@register.filter
def clock(value: datetime | None) -> str:
    """Write a time of day: `09:41`."""
    return "" if value is None else date_format(_local(value), "H:i")


@register.filter
def moment(value: datetime | None) -> str:
    """Write a day and a time: `14 November 09:41`."""
    return "" if value is None else f"{day(value)} {clock(value)}"


@register.filter
def iso(value: date | datetime | None) -> str:
    """Write a moment for a `datetime` attribute."""
    return "" if value is None else value.isoformat()


@register.filter
def initials(name: str) -> str:
    """Return at most two letters for an avatar."""
    words = str(name or "").split()
    letters = [words[0], words[-1]] if len(words) > 1 else words
    return "".join(word[0] for word in letters).upper() or "?"


@register.filter
def tone_of(text: Any) -> str:
    """Pick one of four colours that stays the same for the same text."""
    return _TONES[crc32(str(text).encode()) % len(_TONES)]


def _number(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _local(value: Any) -> Any:
    if isinstance(value, datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value
