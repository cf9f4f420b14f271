"""What changed between two wordings, paragraph by paragraph and word by word."""

from consent.texts.differences import Kind, changed_only, diff, is_changed
from consent.texts.wording import Wording

OLD = Wording("Villkor", "## Poäng\n\nPoäng gäller i 12 månader.\n\n## Övrigt\n\nHej.")


def said(passages):
    return [
        (passage.kind, [(piece.kind, piece.text) for piece in passage.pieces])
        for passage in passages
        if passage.kind != Kind.SAME
    ]


class TestDiff:
    def test_finds_nothing_in_the_same_words(self):
        same = diff(OLD, Wording(OLD.title, OLD.body.replace("\n\n", "\r\n\r\n")))

        assert not is_changed(same)
        assert len(same) == 5

    def test_marks_the_words_that_changed(self):
        new = Wording("Villkor", OLD.body.replace("12 månader", "24 månader"))

        assert said(diff(OLD, new)) == [
            (
                Kind.CHANGED,
                [
                    (Kind.SAME, "Poäng gäller i"),
                    (Kind.REMOVED, "12"),
                    (Kind.ADDED, "24"),
                    (Kind.SAME, "månader."),
                ],
            )
        ]

    def test_gives_both_sides_whole(self):
        new = Wording("Villkor", OLD.body.replace("12 månader", "24 månader"))
        (passage,) = [each for each in diff(OLD, new) if each.kind == Kind.CHANGED]

        assert " ".join(piece.text for piece in passage.old) == (
            "Poäng gäller i 12 månader."
        )
        assert " ".join(piece.text for piece in passage.new) == (
            "Poäng gäller i 24 månader."
        )

    def test_tells_new_paragraphs_from_gone_ones(self):
        new = Wording("Villkor", OLD.body.replace("Hej.", "Något helt annat här."))

        assert said(diff(OLD, new)) == [
            (Kind.ADDED, [(Kind.ADDED, "Något helt annat här.")]),
            (Kind.REMOVED, [(Kind.REMOVED, "Hej.")]),
        ]

    def test_sees_a_new_title(self):
        passages = diff(OLD, Wording("Medlemsvillkor", OLD.body))

        assert passages[0].is_heading
        assert passages[-1].kind == Kind.SAME
        assert is_changed(passages)

    def test_leaves_markup_to_the_page(self):
        new = Wording("Villkor", OLD.body + "\n\n<script>")

        assert said(diff(OLD, new)) == [(Kind.ADDED, [(Kind.ADDED, "<script>")])]


class TestChangedOnly:
    def test_keeps_the_heading_of_what_changed(self):
        new = Wording("Villkor", OLD.body.replace("12 månader", "24 månader"))

        kept = changed_only(diff(OLD, new))

        assert [passage.pieces[0].text for passage in kept] == [
            "Poäng",
            "Poäng gäller i",
        ]
