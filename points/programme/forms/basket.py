"""A purchase to try a version on: who buys, where and when, and what."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.money import round_money
from common.ui.forms import MomentInput, Switch
from points.programme.engine import Line, Purchase, birthday_in
from points.programme.forms.fields import PlainDecimalField, in_our_time
from points.programme.goods import Article, registered
from points.terms import Birthday
from stores.models import Programme

# Rows that are there before anything is typed, and how many there may be.
FEW, MANY = 3, 20
RATES = [("25", "25 %"), ("12", "12 %"), ("6", "6 %"), ("0", "0 %")]
BIRTHDAYS = [
    ("", gettext_lazy("no birthday near")),
    (Birthday.DAY.value, gettext_lazy("today")),
    (Birthday.WEEK.value, gettext_lazy("this week")),
    (Birthday.MONTH.value, gettext_lazy("this month")),
]


class BuyerForm(forms.Form):
    """Who buys, where and when."""

    tier = forms.ChoiceField(label=gettext_lazy("Tier"), required=False)
    is_first = forms.BooleanField(
        label=gettext_lazy("First purchase"), required=False, widget=Switch
    )
    birthday = forms.ChoiceField(
        label=gettext_lazy("Birthday"), choices=BIRTHDAYS, required=False
    )
    voucher = PlainDecimalField(
        label=gettext_lazy("Paid with a voucher"),
        required=False,
        min_value=Decimal(0),
        max_digits=9,
        decimal_places=2,
    )
    store = forms.ChoiceField(label=gettext_lazy("Store"))
    at = forms.DateTimeField(
        label=gettext_lazy("When"),
        widget=MomentInput,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        validators=[in_our_time],
    )

    def __init__(
        self,
        data: QueryDict | None,
        *,
        programme: Programme,
        tiers: Mapping[str, str],
        at: datetime,
    ) -> None:
        self.programme = programme
        self.places = list(programme.stores.order_by("name"))
        first = next((each for each in self.places if each.is_active), None)
        super().__init__(
            data,
            initial={
                "store": first.code if first else "",
                "at": at,
                "tier": next(iter(tiers), ""),
            },
        )
        self._offer("tier", list(tiers.items()))
        self._offer("store", [(each.code, each.name) for each in self.places])
        if not tiers:
            del self.fields["tier"]

    def purchase(self) -> Purchase:
        """Return what is known of the purchase."""
        given = self.cleaned_data
        at = given["at"].astimezone(self.programme.zone)
        place = next(each for each in self.places if each.code == given["store"])
        return Purchase(
            at=at,
            currency=self.programme.currency,
            store=place.code,
            channel=place.kind,
            tier=given.get("tier") or None,
            is_first=given["is_first"],
            born_on=_born_on(given["birthday"], at.date()),
        )

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices


class LineForm(forms.Form):
    """A line of the purchase; one without a price is not bought."""

    article = forms.CharField(
        label=gettext_lazy("Goods"), required=False, max_length=200
    )
    quantity = forms.IntegerField(
        label=gettext_lazy("Number"),
        min_value=1,
        max_value=999,
        initial=1,
    )
    price = PlainDecimalField(
        label=gettext_lazy("Price each"),
        min_value=Decimal(0),
        max_digits=9,
        decimal_places=2,
    )
    discount = PlainDecimalField(
        label=gettext_lazy("Discount"),
        required=False,
        min_value=Decimal(0),
        max_digits=9,
        decimal_places=2,
    )
    vat = forms.ChoiceField(label=gettext_lazy("VAT"), choices=RATES, initial="25")

    found: Article | None = None

    def __init__(self, *args: Any, programme_id: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.programme_id = programme_id

    def clean(self) -> dict[str, Any]:
        """Find the article, and refuse a discount above the price."""
        given: dict[str, Any] = super().clean() or {}
        price, discount = given.get("price"), given.get("discount") or Decimal(0)
        if price is not None and discount > price * (given.get("quantity") or 1):
            self.add_error("discount", _("More than the goods cost."))
        if given.get("article"):
            self.found = _find(self.programme_id, given["article"])
        return given

    @property
    def is_bought(self) -> bool:
        """Tell whether the row says something."""
        return bool(self.cleaned_data)

    def line(self) -> Line:
        """Return the line as the engine takes it."""
        given = self.cleaned_data
        discount = given["discount"] or Decimal(0)
        paid = given["price"] * given["quantity"] - discount
        rate = Decimal(given["vat"])
        article = self.found or Article(sku="", name="")
        return Line(
            paid=paid,
            tax=round_money(paid * rate / (100 + rate)),
            discount=discount,
            sku=article.sku,
            group=article.group,
            category=article.category,
            brand=article.brand,
        )


LineSet: Any = forms.formset_factory(
    LineForm, extra=FEW, max_num=MANY, absolute_max=MANY
)


def written(article: Article) -> str:
    """Write an article as the form reads it again: `Kaffe 500 g (7310)`."""
    return f"{article.name} ({article.sku})"


def _find(programme_id: int, text: str) -> Article | None:
    """Return the article that was chosen or typed."""
    known = registered()
    _name, _bracket, sku = text.strip().removesuffix(")").rpartition("(")
    for word in (sku, text.strip()):
        found = known.find(programme_id, word) if word else None
        if found is not None:
            return found
    return next(iter(known.articles(programme_id, text.strip(), 1)), None)


def _born_on(birthday: str, day: date) -> date | None:
    """Return a birthday as near to a day as was chosen, of somebody grown up."""
    if not birthday:
        return None
    born = day
    if birthday == Birthday.WEEK:
        born = day + timedelta(days=-1 if day.isoweekday() > 1 else 1)
    elif birthday == Birthday.MONTH:
        week = day.isocalendar()[:2]
        born = next(
            each
            for each in (day.replace(day=number) for number in range(1, 29))
            if each.isocalendar()[:2] != week
        )
    return birthday_in(born, born.year - 40)
