"""After a change of SECRET_KEY: a line under the new key, which vouches for all lines under the former one."""

from __future__ import annotations

from app.audit.chain import FIRST, is_under_present_key
from app.audit.recording import note
from app.database import collection
from app.keyring import present_key
from models.member import Member


async def note_key_change(member: Member) -> bool:
    """Say so in the log unless its last line is under the present key already; answers whether it was said."""
    last = await collection("audit").find({}).sort("_id", -1).limit(2).to_list()
    if not last or is_under_present_key(last[0], last[1]["seal"] if len(last) > 1 else FIRST):
        return False
    await note(member, "workspace.key", after={"key": present_key().id})
    return True
