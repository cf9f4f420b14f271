"""What personal data there is: every field, what for, on which ground, until when.

Rooms register their models in `privacy.py`. The record of processing (GDPR art. 30),
export (art. 15 and 20) and erasure (art. 17) read from here, and a test fails for a
field that reaches a member or holds data of staff and is not here.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from members.models import Member
from stores.models import Staff

Words = str | Promise

# Fields of these names hold personal data also where no foreign key says so.
TELLING_NAMES = frozenset(
    {"member_id", "staff_id", "user_id", "actor_id", "phone", "email", "address"}
)


class DataClass(models.TextChoices):
    """What kind of data a field holds."""

    KEY = "KEY", _("Inner keys and links")
    IDENTITY = "IDENTITY", _("Name, birthday, membership number")
    CONTACT = "CONTACT", _("Mobile number and e-mail address")
    CHOICE = "CHOICE", _("Language, home store, status")
    PERMISSION = "PERMISSION", _("What was agreed to, and its proof")
    PURCHASE = "PURCHASE", _("Purchases")
    POINTS = "POINTS", _("Points")
    # Deleted when a member objects to marketing (art. 21(3)), see `consent.profile`.
    PROFILE = "PROFILE", _("Worked out from purchases, for personal offers")
    MESSAGE = "MESSAGE", _("Messages")
    SECRET = "SECRET", _("Hashes of codes, links and keys")
    USE = "USE", _("When and how the club's pages were used")
    WORK = "WORK", _("What staff are called and what they did")


class Use(models.TextChoices):
    """What a field is for."""

    MEMBERSHIP = "MEMBERSHIP", _("To keep the membership")
    PURCHASES = "PURCHASES", _("To show purchases and handle returns")
    POINTS = "POINTS", _("To keep the points")
    MESSAGES = "MESSAGES", _("To send messages and show what was sent")
    PROOF = "PROOF", _("To prove what was agreed to")
    SECURITY = "SECURITY", _("To let the right person in, and to show who did what")
    WORK = "WORK", _("To let staff do their work")


class Basis(models.TextChoices):
    """On which ground of GDPR art. 6(1) a field is held."""

    CONSENT = "CONSENT", _("Consent (a)")
    CONTRACT = "CONTRACT", _("The membership contract (b)")
    LAW = "LAW", _("Legal obligation (c)")
    INTEREST = "INTEREST", _("Legitimate interest (f)")


class Retention(models.TextChoices):
    """How long a field is kept."""

    DAY = "DAY", _("One day")
    MONTH = "MONTH", _("30 days")
    YEAR = "YEAR", _("12 months")
    THIRTEEN_MONTHS = "THIRTEEN_MONTHS", _("13 months")
    MEMBERSHIP = "MEMBERSHIP", _("As long as the membership")
    TWO_YEARS = "TWO_YEARS", _("Two years")
    THREE_YEARS = "THREE_YEARS", _("36 months")
    # Five years in Denmark and Norway: see the club's own periods.
    BOOKS = "BOOKS", _("Seven years after the financial year")
    PROOF = "PROOF", _("As long as the membership, and two years")
    LEDGER = "LEDGER", _("As long as the membership, then as the books")
    WISH = "WISH", _("As long as the wish stands, and two years")
    EMPLOYMENT = "EMPLOYMENT", _("As long as the employment, and two years")


class Export(models.TextChoices):
    """Whether the person gets a field when they ask for their data."""

    YES = "YES", _("In the export")
    NO = "NO", _("Not in the export")


class Erase(models.TextChoices):
    """What happens to a field when the person is erased."""

    DELETE = "DELETE", _("The row is deleted")
    BLANK = "BLANK", _("The value is emptied")
    KEEP = "KEEP", _("Stays, tied to nobody")


@dataclass(frozen=True, slots=True)
class Field:
    """What is to be known about one field of personal data."""

    data_class: DataClass
    purpose: Use
    basis: Basis
    retention: Retention
    export: Export
    erase: Erase


# Why a field of a class is not given to the person; other classes always are.
_WITHHELD: dict[DataClass, Words] = {
    DataClass.KEY: _("Inner keys and guesses of ours, which say nothing of you."),
    DataClass.SECRET: _(
        "Hashes of codes, links, keys and addresses: whoever had them could misuse "
        "them, and they cannot be read."
    ),
    DataClass.WORK: _("What is about our staff, not about you."),
}

_models: dict[type[models.Model], dict[str, Field]] = {}
_titles: dict[type[models.Model], Words] = {}


def each(field: Field, *names: str) -> dict[str, Field]:
    """Say the same of several fields."""
    return dict.fromkeys(names, field)


def register(
    model: type[models.Model], fields: Mapping[str, Field], *, title: Words = ""
) -> None:
    """Declare a model's fields; call it in `AppConfig.ready()`.

    `title` is what people call such rows, where the model's own name does not say it.

    Raises:
        ValueError: there is no such field, or the model is registered already.
    """
    label = model._meta.label
    if model in _models:
        message = f"{label} is registered twice"
        raise ValueError(message)
    unknown = set(fields) - set(_names(model))
    if unknown:
        message = f"{label} has no field {', '.join(sorted(unknown))}"
        raise ValueError(message)
    _models[model] = dict(fields)
    if title:
        _titles[model] = title


def registered() -> dict[type[models.Model], dict[str, Field]]:
    """Return every declared model with its fields."""
    return {model: dict(fields) for model, fields in _models.items()}


def title_of(model: type[models.Model]) -> str:
    """Return what people call the rows of a model."""
    return str(_titles.get(model) or capfirst(model._meta.verbose_name_plural))


def why_withheld(field: Field) -> str:
    """Say why a field is not in the export.

    Raises:
        LookupError: nothing of its class may be held back.
    """
    return str(_WITHHELD[field.data_class])


def missing(candidates: Iterable[type[models.Model]]) -> list[str]:
    """Name the fields of these models that should be declared and are not."""
    return [
        f"{model._meta.label}.{name}"
        for model in candidates
        if holds_personal_data(model)
        for name in _names(model)
        if name not in _models.get(model, {})
    ]


def holds_personal_data(model: type[models.Model]) -> bool:
    """Tell whether a model is about a person, by its links or its fields' names."""
    return (
        model in _models
        or any(field.attname in TELLING_NAMES for field in model._meta.concrete_fields)
        or not {Member, Staff}.isdisjoint(_reached(model))
    )


def _reached(model: type[models.Model]) -> set[type[models.Model]]:
    """Return the model and all that it points to, over any number of steps."""
    seen: set[type[models.Model]] = set()
    ahead = [model]
    while ahead:
        here = ahead.pop()
        if here not in seen:
            seen.add(here)
            ahead.extend(_targets(here))
    return seen


def _targets(model: type[models.Model]) -> Iterator[type[models.Model]]:
    for field in (*model._meta.concrete_fields, *model._meta.many_to_many):
        if isinstance(field.related_model, type):
            yield field.related_model


def _names(model: type[models.Model]) -> list[str]:
    meta = model._meta
    return [field.name for field in (*meta.concrete_fields, *meta.many_to_many)]
