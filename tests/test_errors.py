"""Problems as lines and as JSON: the place in the user's own file, all at once, the nearest names first."""

from __future__ import annotations

import json

import pytest

from vbp.errors import InputError, Problem, unknown


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (Problem("is empty"), "error: is empty (input)"),
        (Problem("is empty", "missing", table="usage"), "error: usage: is empty (missing)"),
        (
            Problem("is empty", "missing", table="usage", file="采购.csv", row=7, column="金额"),
            "error: 采购.csv, row 7, column 金额: is empty (missing)",
        ),
        (Problem("no number", "number", "warning", value=""), "warning:  []: no number (number)"),
        (Problem("no number", "number", file="a.csv", value="１２"), "error: a.csv [１２]: no number (number)"),
        (Problem("odd", row=0), "error: row 0: odd (input)"),
    ],
)
def test_a_line_names_every_part_of_the_place_that_is_known(problem: Problem, line: str) -> None:
    assert problem.line() == line


def test_an_error_holds_all_problems_in_order_however_they_came() -> None:
    three = [Problem("one"), Problem("two", level="warning"), Problem("three", row=3)]
    for given in (three, tuple(three), iter(three), (problem for problem in three)):
        error = InputError(given)
        assert error.problems == tuple(three) and str(error).splitlines() == [problem.line() for problem in three]
    assert InputError("broken").problems == (Problem("broken"),) and InputError(three[2]).problems == (three[2],)


def test_the_json_of_a_problem_has_the_keys_of_the_contract_and_survives_chinese() -> None:
    made = json.loads(json.dumps(Problem("为空", "missing", table="usage", row=2).as_json(), ensure_ascii=False))
    assert set(made) == {"level", "table", "file", "row", "column", "rule", "value", "message"}
    assert made["message"] == "为空" and made["row"] == 2 and made["file"] is None


@pytest.mark.parametrize(
    ("given", "known", "wanted"),
    [
        ("quanzhu", ["qingdao", "quanzhou"], "did you mean quanzhou"),
        ("金額", ["数量", "金额"], "did you mean 金额"),
        ("xyz", ["quanzhou"], "; known: quanzhou"),
        ("x", [], "known: (none)"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_and_the_list(given: str, known: list[str], wanted: str) -> None:
    said = unknown("name", given, known)
    assert wanted in said and repr(given) in said
    assert all(name in said for name in known)
