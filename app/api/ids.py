"""Ids as the API shows and takes them."""

from __future__ import annotations

from typing import Annotated, Any

from beanie import PydanticObjectId
from bson import ObjectId
from pydantic import BeforeValidator, Field

from app.errors import NotFound


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, ObjectId) else value


Id = Annotated[str, BeforeValidator(_text), Field(examples=["665f1c2e9b1d8a0012345678"])]
"""An id in an answer: 24 hexadecimal digits."""


def object_id(text: str, what: str) -> PydanticObjectId:
    """The id a path names. Raises NotFound for one that cannot exist: to the caller both are the same."""
    if len(text) != 24 or not ObjectId.is_valid(text):
        raise NotFound(f"There is no {what} with this id.")
    return PydanticObjectId(text)
