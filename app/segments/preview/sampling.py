"""How many people a preview may show."""

from __future__ import annotations

from app.errors import InvalidInput

MOST_SAMPLED = 50


def check_sample(sample: int) -> None:
    """Raise InvalidInput for a sample outside 0 to 50."""
    if not 0 <= sample <= MOST_SAMPLED:
        raise InvalidInput.of("sample", f"should be 0 to {MOST_SAMPLED}")
