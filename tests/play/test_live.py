"""Tables that sort and search: words, units and gaps as in the static tables, numbers that sort as numbers, no network."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pandas as pd
import pytest

from vbp import play
from vbp.results.missing import missing_tables

FRAME = pd.DataFrame(
    {
        "hospital_id": ["H1", "<b>H2</b>"],
        "state": ["at_risk", "done"],
        "rate": [0.5, None],
        "retained_yuan": [Decimal("12345.60"), None],
        "quantity_packs": [9, 10],
    }
)


def data_of(source: str) -> list[list[object]]:
    """Return the rows that the table's script holds."""
    found = re.search(r'"data_json": ("(?:[^"\\]|\\.)*")', source)
    assert found
    return json.loads(json.loads(found[1]))


@pytest.fixture(scope="module")
def source() -> str:
    return play.live_table(FRAME, "zh").source


def read(source: str) -> str:
    """Return a script with its escapes read."""
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), source)


def test_a_live_table_needs_no_network(source: str) -> None:
    assert not re.search(r"(src|href)=[\"']https?:", source.split("data_json")[0].rsplit("<table", 1)[-1])
    assert "unpkg" not in source


def test_words_stand_in_the_language_and_hostile_names_as_text(source: str) -> None:
    rows = data_of(source)
    assert [row[1] for row in rows] == ["落后于序时进度", "已完成"]
    assert rows[1][0] == "&lt;b&gt;H2&lt;/b&gt;"
    for word in ("医疗机构", "完成率（数量）", "结余留用（万元）", "筛选：", "没有符合的行"):
        assert word in read(source), word


def test_numbers_stay_numbers_that_sort_and_gaps_stay_gaps(source: str) -> None:
    first, second = data_of(source)
    assert first[2:] == [0.5, 12345.6, 9]
    assert second[2:4] == ["___NaN___", "___NaN___"]
    assert "type === 'sort' || type === 'type') return x" in source
    assert "'—'" in read(source) and "/ 10000" in source


def test_columns_are_chosen_and_ordered() -> None:
    shown = play.live_table(FRAME, "en", ["rate", "hospital_id", "absent"]).source
    assert data_of(shown)[0] == [0.5, "H1"]


def test_what_is_missing_says_how_to_supply_it() -> None:
    assert "agreements" in play.live_table(missing_tables(["agreements"]), "zh").source


def test_frames_elsewhere_keep_their_plain_look() -> None:
    play.live_table(FRAME, "zh")
    assert "itables" not in FRAME._repr_html_()
