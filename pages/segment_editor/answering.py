"""Putting an answer to a question together with the words that were asked first."""

from __future__ import annotations

import re

from app.ai.suggestion import Suggestion


def answered(prompt: str, suggestion: Suggestion, answer: str) -> str:
    """The prompt with its answer, to be asked as one.

    The built-in grammar reads sentences, so the answer takes the place of the words it asked about when there is one
    such place ("big spenders" answered by "spent over 10k"). A model is given both, and its own question between.
    """
    answer = answer.strip()
    if suggestion.source != "grammar":
        question = f" {suggestion.question}" if suggestion.question else ""
        return f"{prompt.rstrip(' .')}.{question} {answer}"
    spans = marked(prompt, suggestion.unsupported[:1])
    unclear = [n for n, (_, missed) in enumerate(spans) if missed]
    if len(unclear) != 1:
        return f"{prompt.rstrip(' .,;')}, {answer}"
    before, after = ("".join(words for words, _ in part) for part in (spans[: unclear[0]], spans[unclear[0] + 1 :]))
    return " ".join(f"{before}{answer}{after}".split())


def marked(prompt: str, missed: tuple[str, ...]) -> list[tuple[str, bool]]:
    """The prompt cut into pieces, each with whether it is one of the words that were missed. Joined, it is whole."""
    wanted = [re.escape(words) for words in sorted(missed, key=len, reverse=True) if words.strip()]
    if not wanted:
        return [(prompt, False)] if prompt else []
    pieces = re.split(rf"(?<!\w)({'|'.join(wanted)})(?!\w)", prompt, flags=re.IGNORECASE)
    return [(piece, n % 2 == 1) for n, piece in enumerate(pieces) if piece]
