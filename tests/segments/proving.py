"""How many random examples a property is tried with.

`HYPOTHESIS_PROFILE=thorough` (`make prove`) takes many and new ones each time; otherwise few and always the same.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"


def tries(few: int, *, thorough: int) -> settings:
    """The settings of one property: `few` examples, or `thorough` ones."""
    return settings(
        max_examples=thorough if THOROUGH else few,
        derandomize=not THOROUGH,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )
