"""What is held for which purpose, gathered from the registry of personal data."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from consent import registry
from consent.registry import Basis, DataClass, Erase, Field, Retention, Use

Choice = TypeVar("Choice", bound=models.TextChoices)


class People(models.TextChoices):
    """Whose data it is."""

    MEMBERS = "MEMBERS", _("Members")
    STAFF = "STAFF", _("Staff")


@dataclass(frozen=True, slots=True)
class Holding:
    """Fields of one table that are held alike."""

    model: str
    title: str
    people: People
    data_class: DataClass
    basis: Basis
    retention: Retention
    erase: Erase
    fields: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Activity:
    """All that is done with data for one purpose."""

    purpose: Use
    holdings: tuple[Holding, ...]

    @property
    def people(self) -> list[People]:
        """Return whose data it is about."""
        return list(dict.fromkeys(each.people for each in self.holdings))

    @property
    def classes(self) -> list[DataClass]:
        """Return which classes of data are used."""
        return _in_order(DataClass, {each.data_class for each in self.holdings})

    @property
    def bases(self) -> list[Basis]:
        """Return on which grounds."""
        return _in_order(Basis, {each.basis for each in self.holdings})

    @property
    def retentions(self) -> list[Retention]:
        """Return how long it is kept."""
        return _in_order(Retention, {each.retention for each in self.holdings})


def activities(*, people: People | None = None) -> list[Activity]:
    """Return what is done for each purpose, of everybody or of some people."""
    found: dict[Use, list[Holding]] = {}
    for purpose, holding in _holdings():
        if people is None or holding.people is people:
            found.setdefault(purpose, []).append(holding)
    return [
        Activity(purpose, tuple(found[purpose])) for purpose in Use if purpose in found
    ]


def _holdings() -> Iterator[tuple[Use, Holding]]:
    for model, fields in registry.registered().items():
        alike: dict[tuple[Use, Field], list[str]] = {}
        for name, field in fields.items():
            alike.setdefault((field.purpose, field), []).append(name)
        for (purpose, field), names in alike.items():
            yield (
                purpose,
                Holding(
                    model=model._meta.label,
                    title=registry.title_of(model),
                    people=_people_of(field),
                    data_class=field.data_class,
                    basis=field.basis,
                    retention=field.retention,
                    erase=field.erase,
                    fields=tuple(names),
                    labels=tuple(_label(model, name) for name in names),
                ),
            )


def _people_of(field: Field) -> People:
    is_staff = (
        field.data_class is DataClass.WORK or field.retention is Retention.EMPLOYMENT
    )
    return People.STAFF if is_staff else People.MEMBERS


def _label(model: type[models.Model], name: str) -> str:
    field = model._meta.get_field(name)
    return str(capfirst(getattr(field, "verbose_name", name)))


def _in_order(choices: type[Choice], used: set[Choice]) -> list[Choice]:
    return [each for each in choices if each in used]
