"""Damage: bytes spoilt, columns crossed; what a plain reader of the same file has must come, or a refusal."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.fuzz.case import Case, Skipped, pick


def _damage(case: Case, change: Callable[[bytes], bytes]) -> None:
    sheet = pick(case)
    if sheet.suffix == ".xls" or case.folder.book or sheet.parts > 1 or sheet.suffix == ".parquet" or sheet.damage:
        return
    sheet.damage = change
    case.spoilt = sheet.table
    case.harden("reader")


def cut(case: Case) -> None:
    share = case.rng.random()
    _damage(case, lambda data: data[: max(int(len(data) * share), 1)])


def cut_near_end(case: Case) -> None:
    left = case.rng.randint(1, 40)
    _damage(case, lambda data: data[:-left] or data[:1])


def flip(case: Case) -> None:
    seed = case.rng.random()

    def change(data: bytes) -> bytes:
        rng, spoilt = random.Random(seed), bytearray(data)
        for _ in range(rng.randint(1, 4)):
            spoilt[rng.randrange(len(spoilt))] = rng.choice(
                [rng.randrange(256), ord(rng.choice('0123456789,".\n\r-')) if rng.random() < 0.8 else 0]
            )
        return bytes(spoilt)

    _damage(case, change)


def book_damaged(case: Case) -> None:
    """The one workbook of all tables is cut off, or some of its bytes are others."""
    if case.spoilt or any(sheet.damage or sheet.export for sheet in case.folder.sheets.values()):
        raise Skipped("damaged already")
    case.folder.book = True
    share, seed = case.rng.random(), case.rng.random()

    def flipped(data: bytes) -> bytes:
        rng, spoilt = random.Random(seed), bytearray(data)
        for _ in range(rng.choice([1, 4, 40])):
            spoilt[rng.randrange(len(spoilt))] = rng.randrange(256)
        return bytes(spoilt)

    ways: list[Callable[[bytes], bytes]] = [flipped, flipped, lambda data: data[: max(int(len(data) * share), 1)]]
    case.folder.damage = case.rng.choice(ways)
    case.harden("reader")


def called_xls(case: Case) -> None:
    """A file that is called .xls and is none: text with tabs, a web page, a new workbook, an old one cut off."""
    sheet = pick(case)
    if case.folder.book or sheet.parts > 1 or sheet.suffix != ".csv" or sheet.damage or sheet.export:
        raise Skipped("no such file")
    sheet.suffix, sheet.inside = ".xls", case.rng.choice(["text", "html", "xlsx", "ole"])
    case.at.append((sheet.table, None, None))
    case.harden("either")


def emptied(case: Case) -> None:
    data = case.rng.choice([b"", b"\n\n\n", b"\xef\xbb\xbf", b"   ", b"\xff\xfe", b"PK\x03\x04", b"\x00" * 50])
    _damage(case, lambda _: data)


def doubled(case: Case) -> None:
    _damage(case, lambda data: data + data)


def columns_crossed(case: Case) -> None:
    """The headers of two columns have changed places."""
    sheet = pick(case)
    one, two = case.rng.sample(sheet.columns, 2)
    if (
        sheet.headers
        or sheet.spell
        or sheet.replaced
        or sheet.more
        or case.folder.book
        or sheet.suffix != ".csv"
        or sheet.below
    ):
        return
    sheet.headers = {one: two, two: one}
    sheet.plain_body = True
    case.spoilt = sheet.table
    case.harden("reader")
