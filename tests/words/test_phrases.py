"""The table of phrases: both languages, the same places, Chinese in full-width punctuation, every vocabulary named."""

from __future__ import annotations

import re
import string

import pytest

from tests.tools.fullwidth import fullwidth
from vbp.errors import UsageError
from vbp.facts import load_published
from vbp.words import LANGUAGES, keys, say, scope_label
from vbp.words.phrases import table


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_phrase_has_both_languages_and_the_same_places():
    assert len(table()) > 300
    assert [key for key, texts in table().items() if set(texts) != set(LANGUAGES)] == []
    assert [key for key, texts in table().items() if places(texts["zh"]) != places(texts["en"])] == []


def test_chinese_phrases_are_chinese_and_set_in_full_width_punctuation():
    assert [key for key, texts in table().items() if fullwidth(texts["zh"]) != texts["zh"]] == []


def test_english_phrases_hold_no_chinese_but_the_mandatory_mark_and_document_numbers():
    allowed = re.compile("演示数据|中文|医保发|示范市|合计|集采|中选|盒|片|支|粒|万元|结余留用|约定采购量|带量采购")
    mixed = [
        key
        for key, texts in table().items()
        if re.search("[\u4e00-\u9fff]", allowed.sub("", texts["en"])) and not key.startswith("page.other_language")
    ]
    assert mixed == []


@pytest.mark.parametrize(
    "group, values",
    [
        ("qualifier", lambda p: {f.qualifier for f in p.facts}),
        ("status", lambda p: {f.status for f in p.facts}),
        ("level", lambda p: {b.level or "none" for b in p.batches}),
        ("category", lambda p: {b.category for b in p.batches}),
        ("baseline", lambda p: {b.cut_baseline or "none" for b in p.batches}),
        ("theme", lambda p: {t.theme for t in p.themes}),
    ],
)
def test_every_word_of_the_published_vocabulary_has_a_phrase(group, values):
    wanted = values(load_published())
    assert wanted
    assert {name for name in wanted if f"{group}.{name}" not in keys()} == set()


def test_every_scope_in_the_facts_has_a_name_in_both_languages():
    scopes = {fact.scope for fact in load_published().facts}
    assert len(scopes) > 20
    for scope in scopes:
        for lang in LANGUAGES:
            assert not re.search(
                r"(city|institution|rounds|band|urban|county|place|patients):", scope_label(scope, lang)
            ), scope


def test_every_unit_in_the_facts_has_a_phrase():
    plain = {"yuan", "percent"}
    assert {fact.unit for fact in load_published().facts if f"unit.{fact.unit}" not in keys()} == plain


def test_a_language_that_is_not_there_is_wrong_usage_and_names_those_that_are():
    with pytest.raises(UsageError, match="unknown language 'fr'; known: zh, en"):
        say("play.day", "fr")
