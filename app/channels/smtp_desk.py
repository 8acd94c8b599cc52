"""What a lane asks of whoever gives it work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from app.channels.base import Outcome
from app.channels.smtp_batch import Parcel
from app.channels.smtp_connection import SmtpConnection
from app.channels.smtp_mail import Mail

if TYPE_CHECKING:
    from app.channels.smtp_lane import Lane


class Desk(Protocol):
    """Who gives out mails and hears what became of each. None of these calls back into the lane before it returns."""

    def take(self, connection: SmtpConnection) -> tuple[Parcel, Mail] | None:
        """The next mail that this connection's server can take."""

    def offer(self, parcel: Parcel, taken: Parcel | None = None) -> bool:
        """Called right before its content leaves. False: it was withdrawn, has been settled and must not leave.

        `taken`: of this one the server has taken responsibility just now, as `taken` would say.
        """

    def taken(self, parcel: Parcel) -> None:
        """The server has taken responsibility."""

    def settle(self, parcel: Parcel, outcome: Outcome, *, answered: bool) -> None:
        """Anything else that became of it; `answered`: the server said so."""

    def hand_back(self, parcel: Parcel) -> None:
        """It was not offered, for a reason that has nothing to do with it."""

    def refuses_everything(self, words: str, *, surely: bool) -> None:
        """The server takes no mail now, over this connection or (`surely`) any; `words` go on from its name."""

    def is_silent(self, seconds: float) -> bool:
        """A reply did not come in this time. True: nobody has heard from this server since, so it counts as away."""

    def rests(self, lane: Lane) -> None:
        """Nothing to do until somebody calls `work`."""

    def gone(self, lane: Lane) -> None:
        """The connection is closed."""
