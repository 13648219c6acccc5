"""What goes wrong when something is published."""

from __future__ import annotations

from benchfmt.finding import BenchfmtError


class PublishError(BenchfmtError):
    """What was sent was refused, or never came; the message says what to do."""


class LostAnswerError(PublishError):
    """The connection ended, or failed, after something was sent: nobody knows whether it came."""
