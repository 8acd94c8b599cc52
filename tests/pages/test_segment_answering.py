"""An answer goes with the words it answers; what was not understood is found again in them."""

from __future__ import annotations

from app.ai.suggestion import Suggestion
from pages.segment_editor.answering import answered, marked


def _asked(*missed: str, source: str = "grammar") -> Suggestion:
    return Suggestion(outcome="clarify", source=source, question="How much?", unsupported=missed)  # type: ignore[arg-type]  # one of the three


class TestAnswered:
    def test_the_answer_takes_the_place_of_the_words_it_is_about(self) -> None:
        assert answered("Big spenders in Pune", _asked("big spenders"), "spent over 10k") == "spent over 10k in Pune"

    def test_without_such_a_place_it_follows(self) -> None:
        assert answered("people in Pune.", _asked(), "for 90 days ") == "people in Pune, for 90 days"
        assert answered("lots and lots", _asked("lots"), "5") == "lots and lots, 5"

    def test_a_model_is_told_what_it_asked(self) -> None:
        assert answered("Big spenders", _asked(source="gemini"), "10k") == "Big spenders. How much? 10k"


class TestMarked:
    def test_words_are_found_whole_and_in_any_case(self) -> None:
        assert marked("Cat lovers in Catania", ("cat",)) == [("Cat", True), (" lovers in Catania", False)]

    def test_the_pieces_are_the_prompt_again(self) -> None:
        prompt = "spent more than $500 (a lot) with blue eyes"
        pieces = marked(prompt, ("$500", "(a lot)", "blue eyes", ""))
        assert "".join(words for words, _ in pieces) == prompt
        assert [words for words, missed in pieces if missed] == ["$500", "(a lot)", "blue eyes"]
