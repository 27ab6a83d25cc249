"""Sections: what a reader is told, escaped, with gaps as gaps."""

from __future__ import annotations

import re

import pytest

import vbp
from vbp import sections
from vbp.demo import make_demo
from vbp.errors import InputError
from vbp.facts import load_published


def words(html) -> str:
    return re.sub(r"<[^>]+>", " ", html.source)


@pytest.fixture(scope="module")
def quanzhou():
    return vbp.open_city("quanzhou")


def test_the_headline_names_value_mark_scope_and_baseline(quanzhou):
    text = words(sections.headline(quanzhou, "zh"))
    assert "约11.24亿元" in text
    assert "约65.57%" in text
    assert "基准：原文未写明" in text
    assert "公布" in text


def test_a_city_of_hurt_figures_has_no_headline_but_says_why():
    text = words(sections.headline(vbp.open_city("qingdao"), "zh"))
    assert "没有可作要点的完整数字" in text
    gaps = words(sections.gaps(vbp.open_city("qingdao"), "zh"))
    assert "缺损" in gaps
    assert "7多万元" in gaps


def test_every_published_figure_stands_in_the_tables(quanzhou):
    source = sections.published_figures(quanzhou, "en").source
    assert source.count("<tr>") - source.count("<thead>") == len(quanzhou.facts)


def test_a_countys_figure_is_told_as_another_places():
    zhoukou = vbp.open_city("zhoukou")
    assert "554.8" not in words(sections.headline(zhoukou, "zh"))
    assert "商水县" in words(sections.gaps(zhoukou, "zh"))


def test_where_nothing_follows_the_page_says_so_and_gives_the_rounds_of_the_time():
    nantong = vbp.open_city("nantong")
    assert "不足以推算" in words(sections.follows(nantong, "zh"))
    text = words(sections.beside_national(nantong, "en"))
    assert "national rounds held by then: 1" in text
    assert "National drug pilot 4+7" in text


def test_an_overview_has_a_row_for_a_city_without_a_figure():
    text = words(sections.side_by_side(load_published(), ("surplus_payout",), "zh"))
    assert "1.08亿元" in text
    assert "数字缺损" in text
    assert text.count("未公布") == 3


def test_a_synthetic_folder_never_stands_under_a_real_city(tmp_path):
    folder = make_demo(tmp_path / "quanzhou", hospitals=9, months=24)
    with pytest.raises(InputError, match="may not stand under"):
        vbp.open_city("quanzhou", inputs=folder)
    place = vbp.open_city("demo", inputs=folder)
    assert place.synthetic
    assert "演示数据" in words(sections.title(place, "zh"))
    assert {row.mark for row in place.estimate.estimates} == {"synthetic"}


def test_an_unknown_city_without_inputs_lists_what_exists():
    with pytest.raises(InputError, match="for your own data give an inputs folder"):
        vbp.open_city("atlantis")


def test_a_folder_without_amounts_by_round_says_what_would_be_needed(tmp_path):
    folder = make_demo(tmp_path / "place", hospitals=9, months=24)
    (folder / "batch_usage.csv").unlink()
    place = vbp.open_city("place", inputs=folder)
    assert place.estimate.estimates == ()
    assert "amount_basis = before" in place.estimate.text("en")
