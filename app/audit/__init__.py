"""The audit log: who did what to what, from where, before and after; append-only and sealed."""

from app.audit.origin import Origin, asked_from, origin_of_pages
from app.audit.recording import note

__all__ = ["Origin", "asked_from", "note", "origin_of_pages"]
