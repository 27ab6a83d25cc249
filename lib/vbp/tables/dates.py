"""Days and months as people write them: 2024-03, 202403, 2024年3月, 2024/3/1, Excel serial numbers."""

from __future__ import annotations

import datetime as dt
import re

from vbp.tables.texts import INVISIBLE, NOTHING, half_width

FIRST_YEAR, LAST_YEAR = 1990, 2100
CLOCK = r"(?:[T\s]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|\+\d{2}:?\d{2})?)?"
DAY = re.compile(rf"^(\d{{4}})\s*[-/.年_]\s*(\d{{1,2}})\s*[-/.月_]\s*(\d{{1,2}})\s*日?{CLOCK}$")
PLAIN_DAY = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:\.0+)?$")
MONTH = re.compile(r"^(\d{4})\s*(?:([-/_])|([.])|年)\s*(\d{1,2})\s*(?:月份?)?$")
PLAIN_MONTH = re.compile(r"^(\d{4})(\d{2})(?:\.0+)?$")
SERIAL = re.compile(r"^(\d{5})(?:\.\d+)?$")
EPOCH = dt.date(1899, 12, 30)


class NotADate(ValueError):
    """The text is no day or month; the message says what to write instead."""


def _made(year: str, month: str, day: str) -> dt.date:
    try:
        made = dt.date(int(year), int(month), int(day))
    except ValueError as error:
        raise NotADate("no such day in the calendar") from error
    if not FIRST_YEAR <= made.year <= LAST_YEAR:
        raise NotADate(f"year outside {FIRST_YEAR}–{LAST_YEAR}")
    return made


def _made_month(year: str, month: str) -> dt.date:
    if not 1 <= int(month) <= 12:
        raise NotADate(f"there is no month {int(month)}: write {year}-01 to {year}-12")
    return _made(year, month, "1")


def _serial(text: str) -> dt.date | None:
    match = SERIAL.match(text)
    if not match:
        return None
    made = EPOCH + dt.timedelta(days=int(match.group(1)))
    if not FIRST_YEAR <= made.year <= LAST_YEAR:
        raise NotADate("a number that is no Excel date of our time")
    return made


def _day(text: str) -> dt.date | None:
    match = DAY.match(text) or PLAIN_DAY.match(text)
    return _made(*match.groups()[:3]) if match else _serial(text)


def _month(text: str) -> dt.date | None:
    match = MONTH.match(text)
    if match:
        year, _, point, month = match.groups()
        if point and month == "1":
            raise NotADate("2024.1 can be January or October: write 2024-01 or 2024-10")
        return _made_month(year, month)
    match = PLAIN_MONTH.match(text)
    return _made_month(match.group(1), match.group(2)) if match else None


def _tidy(text: str) -> str | None:
    text = half_width(text).translate(INVISIBLE).replace("\u2212", "-").strip()
    return None if text in NOTHING else text


def day(text: str) -> dt.date | None:
    """Return a day, None for an empty cell. A month alone or a form that can be read two ways raises `NotADate`."""
    tidy = _tidy(text)
    if tidy is None:
        return None
    made = _day(tidy)
    if made is None:
        raise NotADate(
            "a day is needed, as 2024-03-01"
            if MONTH.match(tidy) or PLAIN_MONTH.match(tidy)
            else "no day: write 2024-03-01"
        )
    return made


def month(text: str) -> dt.date | None:
    """Return the first day of a month, from a month or any day in it; None for an empty cell."""
    tidy = _tidy(text)
    if tidy is None:
        return None
    made = _month(tidy) or _day(tidy)
    if made is None:
        raise NotADate("no month: write 2024-03, or give the year in a column 年份 beside it")
    return made.replace(day=1)
