"""No field of personal data without a purpose, a ground and an end."""

import pytest
from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps

from consent import registry
from consent.registry import (
    Basis,
    DataClass,
    Erase,
    Export,
    Field,
    Retention,
    Use,
    each,
)
from members.models import Event, EventCursor, Member
from messaging.models import Message
from stores.models import AuditEntry, Staff, Store

FIELD = Field(
    DataClass.CHOICE,
    Use.MEMBERSHIP,
    Basis.CONTRACT,
    Retention.MEMBERSHIP,
    Export.YES,
    Erase.BLANK,
)


class TestEveryField:
    def test_of_personal_data_is_registered(self):
        assert registry.missing(apps.get_models()) == []

    def test_of_the_models_that_hold_it_is_asked_for(self):
        for model in (Member, Event, Message, Staff, AuditEntry):
            assert registry.holds_personal_data(model)
        for model in (Store, EventCursor):
            assert not registry.holds_personal_data(model)

    @isolate_apps()
    def test_is_missed_by_name_when_planted(self):
        class Wish(models.Model):
            member = models.ForeignKey(Member, models.CASCADE, related_name="+")
            text = models.CharField(max_length=80)

            class Meta:
                app_label = "members"

        class Answer(models.Model):
            wish = models.ForeignKey(Wish, models.CASCADE, related_name="+")

            class Meta:
                app_label = "members"

        class Shift(models.Model):
            staff = models.ForeignKey(Staff, models.CASCADE, related_name="+")

            class Meta:
                app_label = "stores"

        class Bounce(models.Model):
            address = models.EmailField()

            class Meta:
                app_label = "messaging"

        class Color(models.Model):
            name = models.CharField(max_length=20)

            class Meta:
                app_label = "stores"

        assert registry.missing([Wish, Answer, Shift, Bounce, Color]) == [
            "members.Wish.id",
            "members.Wish.member",
            "members.Wish.text",
            "members.Answer.id",
            "members.Answer.wish",
            "stores.Shift.id",
            "stores.Shift.staff",
            "messaging.Bounce.id",
            "messaging.Bounce.address",
        ]

    @isolate_apps()
    def test_added_to_a_registered_model_is_missed(self, monkeypatch):
        monkeypatch.setattr(registry, "_models", {})

        class Wish(models.Model):
            member = models.ForeignKey(Member, models.CASCADE, related_name="+")
            text = models.CharField(max_length=80)

            class Meta:
                app_label = "members"

        registry.register(Wish, each(FIELD, "id", "member"))

        assert registry.missing([Wish]) == ["members.Wish.text"]


class TestRegister:
    def test_refuses_a_field_that_is_not_there(self):
        with pytest.raises(ValueError, match="no field nickname"):
            registry.register(EventCursor, each(FIELD, "name", "nickname"))

    def test_refuses_a_model_that_is_registered(self):
        with pytest.raises(ValueError, match="twice"):
            registry.register(Member, {})


class TestContactDetails:
    def test_are_emptied_when_a_member_is_erased(self):
        """Whatever else stays: nothing by which a person can be reached or named."""
        kept = [
            f"{model._meta.label}.{name}"
            for model, fields in registry.registered().items()
            for name, field in fields.items()
            if field.data_class in {DataClass.CONTACT, DataClass.IDENTITY}
            and field.erase is Erase.KEEP
        ]

        assert kept == []
