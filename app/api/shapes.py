"""What several answers share: money, pages, rows of a bulk request."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from app.bulk import BulkResult
from app.paging import MAX_LIMIT

MoneyText = Annotated[Decimal, PlainSerializer(lambda value: f"{value:f}", return_type=str), Field(examples=["129.90"])]
"""An exact amount as text, because a JSON number is not exact."""

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Entries on a page")]
Cursor = Annotated[str | None, Query(max_length=1_000, description="`next_cursor` of the page before")]
Search = Annotated[str, Query(max_length=200, description="Words that begin what is looked for")]


class Shape(BaseModel):
    """An answer made from a document or a dataclass."""

    model_config = ConfigDict(from_attributes=True)


class Page(BaseModel):
    """One page of a list; `next_cursor` is null on the last."""

    next_cursor: str | None = Field(None, examples=["VQAAAAJzAAkAAAA"])


class WrongRow(Shape):
    """What is wrong with one row of a bulk request."""

    index: int = Field(examples=[3], description="Counted from 0")
    field: str = Field(examples=["email"], description="Empty for the row as a whole")
    message: str = Field(examples=["should be an email address such as ann@example.com"])


class BulkAnswer(BaseModel):
    """What became of the rows: each was created, updated or refused."""

    created: int = Field(examples=[998])
    updated: int = Field(examples=[1])
    errors: list[WrongRow]


def bulk_answer(result: BulkResult) -> BulkAnswer:
    """The answer for a batch."""
    errors = [WrongRow.model_validate(error) for error in result.errors]
    return BulkAnswer(created=result.created, updated=result.updated, errors=errors)


def rows_of(model: type[BaseModel]) -> dict[str, Any]:
    """OpenAPI words for a body that is a list of `model`, each row judged by itself."""
    schema = {"type": "array", "maxItems": 1_000, "items": {"$ref": f"#/components/schemas/{model.__name__}"}}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
