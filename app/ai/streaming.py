"""Asking a provider for an answer that is heard while it is written, through the same door as every other request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from app.ai.provider import MOST_KEPT, Purpose, Reply, Turn, asking, printable, text_of, tokens_of, transcript
from models.member import Member

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelResponse


async def ask_streaming(
    purpose: Purpose,
    instructions: str,
    prompt: str,
    *,
    member: Member,
    timeout: float,
    most_tokens: int,
    heard: Callable[[str], None],
    before: Sequence[Turn] = (),
) -> Reply:
    """As `provider.ask`, and `heard` is called with the whole text so far each time more of it arrives.

    `timeout` is in seconds for the whole answer, so a stream that stalls ends in time. Raises ProviderFailed also in
    the middle of an answer; what came until then was heard and is in the log. Cancelling the task closes the
    connection, which stops the provider.
    """
    instructions, prompt = printable(instructions), printable(prompt)
    async with asking(purpose, transcript(instructions, before, prompt), member=member, timeout=timeout) as request:

        def listen(text: str) -> None:
            text = printable(text)
            request.call.reply = text[:MOST_KEPT]
            heard(text)

        response: ModelResponse = await request.wire.stream(
            request.settings, request.name, instructions, before, prompt, timeout, most_tokens, listen
        )
        request.note(response)
        text = text_of(response, request.name)
        return Reply(text, response.finish_reason == "length", tokens_of(request.call), request.call)
