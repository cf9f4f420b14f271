"""No rows of a member that nobody speaks for when memberships are merged."""

import pytest
from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps

from members import merge_registry
from members.models import Event, EventCursor, Member, Merge


class TestEveryModel:
    def test_with_a_link_to_a_member_says_how_it_merges(self):
        assert merge_registry.unspoken_for(apps.get_models()) == []

    @isolate_apps()
    def test_is_missed_by_name_when_planted(self):
        class Wish(models.Model):
            member = models.ForeignKey(Member, models.CASCADE, related_name="+")

            class Meta:
                app_label = "members"

        class Friendship(models.Model):
            one = models.ForeignKey(Member, models.CASCADE, related_name="+")

            class Meta:
                app_label = "members"

        class Score(models.Model):
            member_id = models.BigIntegerField()

            class Meta:
                app_label = "members"

        class Color(models.Model):
            name = models.CharField(max_length=20)

            class Meta:
                app_label = "members"

        assert merge_registry.unspoken_for([Wish, Friendship, Score, Color, Event]) == [
            "members.Wish",
            "members.Friendship",
            "members.Score",
        ]

    def test_without_one_needs_to_say_nothing(self):
        assert merge_registry.unspoken_for([EventCursor]) == []


class TestRegister:
    def test_refuses_a_model_that_is_registered(self):
        with pytest.raises(ValueError, match="twice"):
            merge_registry.register_handed_on(Event)
        with pytest.raises(ValueError, match="twice"):
            merge_registry.register_stays(Merge, "")
