"""Every error a person may see, in one hierarchy; turned to problem+json (RFC 9457) and to toasts in one place each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with one input: `field` is a path such as `email` or `rules[1].value`."""

    field: str
    message: str


class CohortError(Exception):
    """Base of all expected errors. `detail` says what happened and what would be right, in one sentence."""

    status = 500
    slug = "error"
    title = "Something went wrong"

    def __init__(self, detail: str, *, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)


class InvalidInput(CohortError):
    """The request is understood but a value in it is wrong; nothing was written."""

    status = 422
    slug = "invalid-input"
    title = "Please check the input"

    @classmethod
    def of(cls, field: str, message: str) -> InvalidInput:
        """One wrong field. The detail reads `field: message`."""
        return cls(f"{field}: {message}", errors=[FieldError(field, message)])


class RuleError(InvalidInput):
    """A segment rule that cannot be accepted; every error carries the path of the node in the tree."""

    slug = "invalid-rule"
    title = "This rule cannot be used"


class NotFound(CohortError):
    """The object does not exist, or this member may not know that it does."""

    status = 404
    slug = "not-found"
    title = "Not found"


class Conflict(CohortError):
    """The object changed meanwhile, already exists, or is in a state that forbids this."""

    status = 409
    slug = "conflict"
    title = "This is not possible right now"


class NotSignedIn(CohortError):
    """No valid credentials came with the request."""

    status = 401
    slug = "not-signed-in"
    title = "Please sign in"


class PermissionDenied(CohortError):
    """The member is known but the role does not allow this action."""

    status = 403
    slug = "permission-denied"
    title = "Your role does not allow this"


class TooLarge(CohortError):
    """The body or file is over the limit, which the detail names."""

    status = 413
    slug = "too-large"
    title = "Too large"


class Unavailable(CohortError):
    """Something Cohort depends on (database, queue, mail server, AI provider) does not answer; retry later."""

    status = 503
    slug = "unavailable"
    title = "Temporarily unavailable"


class SettingsError(CohortError):
    """A setting is wrong; the message is one line that names it. Ends the start."""

    slug = "settings"
    title = "A setting is wrong"
