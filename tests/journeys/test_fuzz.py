"""A short run of Schemathesis, the same requests each time: no 5xx, and nothing that the description does not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.running import schemathesis
from tests.fuzz.shop import fill
from tests.journeys.conftest import Product

pytestmark = pytest.mark.journey

SAME = ("--generation-deterministic", "--seed", "1", "--phases", "examples,fuzzing", "--max-examples", "4")


def test_answers_are_as_described_and_never_5xx(product: Product, tmp_path: Path):
    with product.api() as api:
        authorization, ids = api.headers["Authorization"], fill(api)
    code, said = schemathesis(product.url, authorization, tmp_path, *SAME, ids=ids)
    assert code == 0, said
    assert "passed" in said
