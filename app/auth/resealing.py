"""After a change of SECRET_KEY: what a former key sealed is sealed anew, so that the former key can go."""

from __future__ import annotations

import structlog

from app.auth.sealing import resealed
from app.database import collection
from app.errors import Unavailable

FIELDS = ("totp_secret", "totp_pending")

log = structlog.get_logger(__name__)


async def reseal_all() -> int:
    """Every sealed secret of the members under the present key; answers how many were not. Safe beside sign-ins."""
    members = collection("members")
    done = 0
    for field in FIELDS:
        async for row in members.find({field: {"$gt": ""}}, {field: 1}):
            try:
                better = resealed(row[field])
            except Unavailable:
                log.warning("sealed with a key that is not known here", member=str(row["_id"]), field=field)
                continue
            if better is not None:
                changed = await members.update_one({"_id": row["_id"], field: row[field]}, {"$set": {field: better}})
                done += changed.modified_count
    return done
