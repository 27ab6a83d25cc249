"""Method pages: the same frame on each, and every worked example recomputed through the library."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ROOT
from worked import CALLS, blocks, called

from vbp.words import keys

FOLDER = ROOT / "docs" / "methods"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
FRAME = [
    "What it says · 说明什么",
    "Formula · 公式",
    "Worked example · 算例",
    "Limits · 局限",
    "Source · 来源",
    "How to read it · 怎样读",
    "中文摘要",
]
EXAMPLES = [
    pytest.param(page, block, id=f"{page.stem}-{number}") for page in PAGES for number, block in enumerate(blocks(page))
]


def as_printed(printed: Any, got: Any) -> Any:
    """Return what the library says with as many decimals as the page prints; half up, as the pages round."""
    if isinstance(printed, list):
        return [as_printed(one, other) for one, other in zip(printed, got, strict=True)]
    if isinstance(printed, str):
        return got
    places = -int(Decimal(printed).as_tuple().exponent)
    return Decimal(repr(float(got)) if not isinstance(got, Decimal) else got).quantize(
        Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP
    )


@pytest.mark.parametrize("page, block", EXAMPLES)
def test_a_worked_example_follows_from_the_library(page: Path, block: dict[str, Any]):
    got = called(block["call"], block["given"])
    assert block["gives"]
    assert {name: as_printed(value, got[name]) for name, value in block["gives"].items()} == block["gives"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_keeps_the_frame_and_has_a_worked_example(page: Path):
    text = page.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == FRAME
    assert list(blocks(page))
    summary = text.rsplit("## 中文摘要", 1)[1]
    assert len(re.findall("[\u4e00-\u9fff]", summary)) >= 40
    assert not re.search("[\u4e00-\u9fff][,;:?]", summary), "Chinese in half-width punctuation"


def test_a_changed_number_is_noticed():
    block = next(blocks(FOLDER / "price-cut.md"))
    got = called(block["call"], block["given"])
    assert as_printed(Decimal("12600.01"), got["saving_yuan"]) != Decimal("12600.01")


def test_the_index_names_every_page_and_every_call_is_used():
    listed = re.findall(r"\(([\w-]+)\.md\)", (FOLDER / "README.md").read_text(encoding="utf-8"))
    assert sorted(listed) == [page.stem for page in PAGES], "add the page's row to docs/methods/README.md"
    assert len(PAGES) >= 19
    assert {block["call"] for page in PAGES for block in blocks(page) if "." not in block["call"]} == set(CALLS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_a_name_for_the_links_to_it(page: Path):
    assert f"how.{page.stem}" in keys(), f"add {page.stem}.zh and .en to [how] in lib/vbp/words/phrases/how.toml"


def test_a_call_that_is_nowhere_says_where_to_put_it():
    with pytest.raises(KeyError, match="full name of a function"):
        called("nosuch", {})


def test_links_between_pages_lead_somewhere():
    links = [
        (page, link) for page in FOLDER.glob("*.md") for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
    ]
    assert links
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []
