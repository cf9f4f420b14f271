"""Personal identity numbers in free text, and what only looks like one."""

import random
from datetime import date

import pytest

from common.identity_numbers import Kind, find
from common.ids import luhn_digit, uuid7

TODAY = date(2026, 11, 23)

NUMBERS = [
    ("19850101-1236", Kind.SWEDISH),
    ("198501011236", Kind.SWEDISH),
    ("850101-1236", Kind.SWEDISH),
    ("850101+1236", Kind.SWEDISH),
    ("850101 1236", Kind.SWEDISH),
    ("8501011236", Kind.SWEDISH),
    # As a word processor writes the dash, and in full-width digits.
    ("850101–1236", Kind.SWEDISH),
    ("８５０１０１－１２３６".replace("－", "-"), Kind.SWEDISH),
    # Of who is not in the population register: sixty is added to the day.
    ("850161-1233", Kind.SWEDISH),
    # A leap day.
    ("20040229-1231", Kind.SWEDISH),
    # With a separator also where ten digits could be a phone number.
    ("070161-2343", Kind.SWEDISH),
    ("150385-1004", Kind.DANISH),
    ("1503851004", Kind.DANISH),
    # Given out since 2007, with a check digit that does not fit.
    ("150385-1005", Kind.DANISH),
    ("15038510190", Kind.NORWEGIAN),
    ("150385 10190", Kind.NORWEGIAN),
    # A D-number, and two series of tests.
    ("55038510184", Kind.NORWEGIAN),
    ("15438510092", Kind.NORWEGIAN),
    ("15838510075", Kind.NORWEGIAN),
    ("131052-308T", Kind.FINNISH),
    ("131052-308t", Kind.FINNISH),
    ("150385Y1230", Kind.FINNISH),
    ("010204A1238", Kind.FINNISH),
    ("010190+123M", Kind.FINNISH),
]

LOOK_ALIKES = [
    # Check digits that do not fit.
    "850101-1237",
    "198501011237",
    "15038510191",
    "131052-308U",
    "1503851005",
    # Days that are not.
    "850231-1235",
    "851301-1233",
    "20050229-1230",
    "310485A1239"[:-1] + "Z",
    # Not born yet.
    "20850101-1236",
    # Phone numbers.
    "0701740605",
    "070-174 06 05",
    "070-1740605",
    "+46701740605",
    "0046701740605",
    "46701740605",
    "+45 20 12 34 56",
    "4520123456",
    "08-123 456 78",
    # Could be somebody's born in 2007, and is a phone number.
    "0701612343",
    # Articles and orders.
    "7310865004703",
    "4006381333931",
    "73108650",
    "00736",
    "order 100-8501011236-7",
    "A8501011236",
    "8501011236B",
    "2026-11-23",
    "2026-11-23 14:30",
    "kl. 10-12, 1 236 kr",
    "5560360793",
    "SE556036079301",
    "556036-0793",
    "",
]


class TestFind:
    @pytest.mark.parametrize(("number", "kind"), NUMBERS)
    def test_knows_a_number(self, number, kind):
        found = find(f"Ringde om {number}, vill ha svar.", today=TODAY)

        assert [(each.kind, each.start) for each in found] == [(kind, 10)]

    @pytest.mark.parametrize("text", LOOK_ALIKES)
    def test_lets_through_what_only_looks_like_one(self, text):
        assert find(f"Se {text} här", today=TODAY) == []

    def test_lets_through_every_membership_number(self):
        chance = random.Random(4)
        for _each in range(3000):
            body = f"88{chance.randrange(10**9):09d}"
            number = body + luhn_digit(body)
            shown = " ".join(number[place : place + 4] for place in (0, 4, 8))
            assert find(f"{number} {shown}", today=TODAY) == [], number

    def test_lets_through_every_mobile_number(self):
        chance = random.Random(4)
        for _each in range(3000):
            number = f"07{chance.choice('02369')}{chance.randrange(10**7):07d}"
            shown = f"{number[:3]}-{number[3:6]} {number[6:8]} {number[8:]}"
            text = f"{number} {shown} +46{number[1:]} 0046{number[1:]} 46{number[1:]}"
            assert find(text, today=TODAY) == [], number

    def test_lets_through_ids(self):
        for _each in range(500):
            assert find(str(uuid7()), today=TODAY) == []

    def test_names_each_once_in_the_order_of_the_text(self):
        found = find("150385-1004 och 850101-1236", today=TODAY)

        assert [each.text for each in found] == ["150385-1004", "850101-1236"]

    def test_shows_the_date_alone(self):
        (found,) = find("19850101-1236", today=TODAY)

        assert found.masked == "19850101-…"
