"""The one way in which a reader gives up on a file: with a message that says why and what to do."""

from __future__ import annotations


class Unreadable(Exception):
    """A file cannot be read; `message` says why in one clear sentence, `table` which table it would have been."""

    def __init__(
        self, message: str, rule: str = "unreadable", row: int | None = None, table: str | None = None
    ) -> None:
        self.message, self.rule, self.row, self.table = message, rule, row, table
        super().__init__(message)
