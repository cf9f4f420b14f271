"""How hard the sentences are to read, by Björnsson's index."""

from random import Random

import pytest
from django.utils import translation

from points.programme.readability import lix, sentences_in
from points.programme.sentences import of_version
from tests.points import baskets
from tests.points.test_rules import rule

EASY = 40


def names_of(made):
    """Return the names that a club has chosen: of goods, shops and levels."""
    named = [made.terms.excluded, *(each.when.goods for each in made.terms.multipliers)]
    return [
        *(place.name for place in baskets.STORES.values()),
        *baskets.NAMES.articles.values(),
        *made.excluded_groups,
        *(name for goods in named for name in (*goods.groups, *goods.categories)),
        *(name for goods in named for name in goods.brands),
    ]


class TestLix:
    def test_is_words_a_sentence_and_long_words_in_percent(self):
        # Ten words in two sentences, one of them with more than six letters.
        text = "Du får en poäng för varje krona. Ett presentkort ger."

        assert lix(text) == pytest.approx(10 / 2 + 100 * 1 / 10)

    def test_takes_a_word_of_six_letters_as_short(self):
        assert lix("Poängen") == pytest.approx(1 + 100)
        assert lix("Köpets") == pytest.approx(1)

    def test_counts_names_as_words_but_not_as_long_ones(self):
        text = "Dubbla poäng i butiken Kungsgatan."

        assert lix(text, names=["Kungsgatan"]) == lix(text) - 100 / 5

    def test_ends_a_sentence_at_its_stop_and_not_in_a_number(self):
        assert sentences_in("1 point pr. 1.500 kr. Det er alt.") == 3
        assert sentences_in("Mellan 07.00 och 10.00.") == 1
        assert lix("") == 0


class TestSentences:
    def test_of_a_club_without_extras_are_easy_to_read(self):
        with translation.override("sv"):
            said = of_version(rule(), currency="SEK", names=baskets.NAMES)

        assert lix(" ".join(each.text for each in said)) <= EASY

    def test_of_random_versions_are_easy_to_read(self):
        random = Random(11)
        with translation.override("sv"):
            for _number in range(100):
                made, said = baskets.version(random)
                text = " ".join(each.text for each in said)
                assert lix(text, names=names_of(made)) <= EASY, text
