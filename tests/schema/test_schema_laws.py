"""The schema against its readers: examples, units, bounds and words are what the readers of files take them for."""

from __future__ import annotations

from decimal import Decimal as D
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest

from vbp.schema import SCALES, TABLES, Column, Table, vocabularies
from vbp.tables import dates, texts, units
from vbp.tables.headers import named
from vbp.tables.kinds import PRECISION
from vbp.tables.numbers import clean
from vbp.tables.texts import compact
from vbp.tables.units import Unit, expected_basis
from vbp.template import header_of, write_template

EVERY = [(table, column) for table in TABLES.values() for column in table.columns]
NUMERIC = [(table, column) for table, column in EVERY if column.numeric]
IDS = [f"{table.name}.{column.name}" for table, column in EVERY]


def read(column: Column, text: str) -> Any:
    """One cell as the readers of files take it."""
    if column.numeric:
        got = clean(pa.array([text]), column, Unit())
        assert not got.refused
        return got.array.to_pylist()[0]
    if column.kind == "word":
        assert column.words is not None
        return texts.word(text, column.words)
    readers = {
        "date": dates.day,
        "month": dates.month,
        "flag": texts.flag,
        "code": texts.code,
        "term": texts.term,
        "name": texts.name,
    }
    return readers[column.kind](text)


@pytest.mark.parametrize(("table", "column"), EVERY, ids=IDS)
def test_a_columns_example_reads_as_its_kind_within_its_bounds(table: Table, column: Column) -> None:
    assert column.example or not column.required, "a required column shows how it is filled in"
    if not column.example:
        return
    value = read(column, column.example)
    assert value is not None
    if column.numeric:
        assert (column.low is None or value >= column.low) and (column.high is None or value <= column.high)
    if column.words is not None and column.kind == "word":
        assert value in column.words.words


@pytest.mark.parametrize(("table", "column"), NUMERIC, ids=[f"{table.name}.{column.name}" for table, column in NUMERIC])
def test_bounds_are_in_order_and_can_be_kept(table: Table, column: Column) -> None:
    assert column.low is None or column.high is None or column.low < column.high
    for bound in (column.low, column.high):
        if bound is not None and column.kind in SCALES:
            assert abs(bound) < D(10) ** (PRECISION[column.kind] - column.scale)
            assert bound == bound.quantize(D(1).scaleb(-column.scale)), "a bound finer than what is kept bounds nothing"


@pytest.mark.parametrize(("table", "column"), NUMERIC, ids=[f"{table.name}.{column.name}" for table, column in NUMERIC])
def test_the_templates_header_is_the_column_in_its_own_unit(table: Table, column: Column) -> None:
    hit = named(header_of(column), table)
    assert hit is not None and hit[0].name == column.name
    text = header_of(column)
    if "(" in text and column.kind in ("amount", "price", "quantity"):
        unit = units.parse(text.partition("(")[2].rstrip(")"), column)
        assert unit is not None and unit.factor == 1
        assert unit.basis in (None, expected_basis(column))


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_sister_column_of_the_other_basis_points_back(table: Table) -> None:
    for column in table.columns:
        if column.other_basis:
            sister = table.column(column.other_basis)
            assert sister.kind == column.kind and {expected_basis(column), expected_basis(sister)} == {"pack", "unit"}
    for group in table.one_of:
        assert len(group) > 1 and not any(table.column(name).required for name in group)
    assert len(set(table.column_names)) == len(table.columns)


def test_no_two_tables_claim_one_name_but_where_headers_decide() -> None:
    claims: dict[str, set[str]] = {}
    for table in TABLES.values():
        for name in (table.name, table.zh, *table.names):
            claims.setdefault(compact(name), set()).add(table.name)
    assert len(claims) > 40
    assert all(len(owners) == 1 for owners in claims.values()), {
        name: own for name, own in claims.items() if len(own) > 1
    }


@pytest.mark.parametrize("name", sorted(vocabularies()))
def test_every_form_of_a_word_reads_as_that_word_full_width_and_in_capitals_too(name: str) -> None:
    vocabulary = vocabularies()[name]
    assert vocabulary.words
    for word, forms in vocabulary.words.items():
        for form in (word, *forms):
            wide = "".join(chr(ord(letter) + 0xFEE0) if 0x20 < ord(letter) < 0x7F else letter for letter in form)
            for text in (form, f" {form} ", form.upper(), wide):
                if text.strip() in texts.NOTHING:
                    continue
                assert texts.lookup(vocabulary).get(compact(text)) == word


def test_excel_takes_every_drop_down_of_the_template(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_template(tmp_path / "t.xlsx"))
    lists = [
        (sheet.title, rule.formula1, str(rule.sqref))
        for sheet in book.worksheets
        for rule in sheet.data_validations.dataValidation
        if sheet.title in TABLES  # the sheet `city` is no table
    ]
    assert len(lists) > 10
    for sheet, formula, area in lists:
        words = formula.strip('"').split(",")
        assert len(formula) <= 255, "Excel calls a longer list a damaged file"
        letter = area.split(":")[0].rstrip("0123456789")
        column = next(
            column for column in TABLES[sheet].columns if header_of(column) == book[sheet][f"{letter}2"].value
        )
        vocabulary = vocabularies()["yes_no"] if column.kind == "flag" else column.words
        assert vocabulary is not None
        assert [texts.word(word, vocabulary) for word in words] == list(vocabulary.words)


@pytest.mark.parametrize("name", [table for table in TABLES if TABLES[table].columns])
def test_a_sheet_of_the_template_has_each_column_once_in_the_schemas_order(tmp_path: Path, name: str) -> None:
    sheet = openpyxl.load_workbook(write_template(tmp_path / "t.xlsx"))[name]
    heads = [cell.value for cell in sheet[2]]
    hits = [named(str(head), TABLES[name]) for head in heads]
    assert [hit[0].name for hit in hits if hit] == list(TABLES[name].column_names)
    for column, cell in zip(TABLES[name].columns, sheet[2], strict=True):
        assert column.name in cell.comment.text and ("必填" in cell.comment.text) == column.required
    assert str(sheet["A3"].value).startswith(("示例", "例如"))
