"""The settlement workbook with live formulas (结余留用核算表) and the one-page notice per hospital."""

from vbp.statement.book import write_statement
from vbp.statement.heading import Heading
from vbp.statement.notice import notice, write_notices

__all__ = ["Heading", "notice", "write_notices", "write_statement"]
