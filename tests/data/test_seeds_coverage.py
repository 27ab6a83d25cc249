"""Against the publications themselves: nothing made up, and no number of theirs passed over in silence."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

pytestmark = pytest.mark.reference

NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")
SCALE = {"万": 10**4, "亿": 10**8}
# Dates and list numbers are no figures: 2023年11月底, 2019-06-27, "3." that begins a line, a page number alone.
NOT_FIGURES = re.compile(r"\d{4}年|\d{1,2}月(?:份)?(?:\d{1,2}日)?|\d{4}-\d{2}-\d{2}|^\d\.(?=\D)|^\d$", re.M)
ROUNDS_IN_WORDS = re.compile(r"[首一二两三四五六七八九十](?:至[一二三四五六七八九十])?批次?")
# Hurt text: a number that begins or ends with its point, a unit or counted noun with nothing before it.
HURT = re.compile(
    r"(?<!\d)\.\d+[万亿]|\d\.[万亿]|(?<=[额金到达超有])万[元个人]|(?:人均|提高|构|业务|约谈|达到|全市|向|伸至)[元个家]|〔〕|至年"
)


def spans(text, words):
    start = text.find(words)
    while start >= 0:
        yield start, start + len(words)
        start = text.find(words, start + 1)


def quotations(row):
    return re.findall("「([^「」]+)」", row["note"])


def covered(text, start, end, quoted):
    return any(a <= start and end <= b for words in quoted for a, b in spans(text, words))


def readings(text, match):
    """Return what the printed number may mean in base units: as it stands, or times the 万 or 亿 behind it."""
    number = Decimal("0" + match.group()) if match.group().startswith(".") else Decimal(match.group())
    band = re.match(r"-\d+万", text[match.end() :])  # 2-10万: the unit stands behind the second number
    scale = SCALE.get(text[match.end() : match.end() + 1], 10**4 if band else 1)
    return {number, number * scale}


def test_every_quotation_of_facts_stands_in_its_publication(facts, seeds):
    quoted = [(row["city"], words) for row in facts for words in quotations(row)]
    assert len(quoted) >= len(facts)
    assert [pair for pair in quoted if pair[1] not in seeds[pair[0]]] == []


def test_every_value_stands_as_a_number_in_its_own_quotation(facts, seeds):
    in_words = {"四": 4, "一": 1, "首": 1, "三": 3, "两": 2, "五": 5}
    for row in facts:
        if not row["value"]:
            continue
        text = "\n".join(quotations(row))
        found = {value for match in NUMBER.finditer(text) for value in readings(text, match)}
        if row["unit"] == "batch":
            found |= {Decimal(number) for word, number in in_words.items() if f"{word}批" in text}
        if "免起付线" in text:
            found.add(Decimal(0))
        if "两万元" in text:
            found.add(Decimal(20000))
        assert Decimal(row["value"]) in found, row


def test_every_left_out_quotation_stands_in_its_publication(left_out, sources, seeds):
    for row in left_out:
        assert row["quotation"] in seeds[row["city"]], row
        assert row["reason"] and row["topic"] and row["source_id"] in sources
        assert row["damaged"] in {"yes", "no"}


def test_every_number_printed_is_a_row_or_left_out_with_a_reason(facts, left_out, seeds):
    missing, seen = [], 0
    for city, text in seeds.items():
        dates = [m.span() for m in NOT_FIGURES.finditer(text)]
        skipped = [row["quotation"] for row in left_out if row["city"] == city]
        rows = [row for row in facts if row["city"] == city]
        for match in NUMBER.finditer(text):
            if any(a <= match.start() and match.end() <= b for a, b in dates):
                continue
            seen += 1
            values = readings(text, match)
            fitting = [row for row in rows if not row["value"] or Decimal(row["value"]) in values]
            quoted = [words for row in fitting for words in quotations(row)]
            if not covered(text, match.start(), match.end(), quoted + skipped):
                missing.append((city, match.group(), text[max(0, match.start() - 12) : match.end() + 8]))
    assert seen > 250
    assert missing == []


def test_every_count_of_rounds_written_in_words_is_quoted(facts, left_out, seeds):
    seen, missing = 0, []
    for city, text in seeds.items():
        quoted = [words for row in facts if row["city"] == city for words in quotations(row)]
        quoted += [row["quotation"] for row in left_out if row["city"] == city]
        for match in ROUNDS_IN_WORDS.finditer(text):
            seen += 1
            if not covered(text, *match.span(), quoted):
                missing.append((city, text[max(0, match.start() - 10) : match.end() + 10]))
    assert seen >= 8
    assert missing == []


def test_hurt_words_of_qingdao_are_damaged_rows_or_damaged_left_out(facts, left_out, seeds):
    text = seeds["qingdao"]
    quoted = [words for row in facts if row["qualifier"] == "damaged" for words in quotations(row)]
    quoted += [row["quotation"] for row in left_out if row["city"] == "qingdao" and row["damaged"] == "yes"]
    hurt = list(HURT.finditer(text))
    assert len(hurt) > 25
    assert [text[max(0, m.start() - 8) : m.end() + 8] for m in hurt if not covered(text, *m.span(), quoted)] == []


def test_batches_quote_the_publications_too(batches, seeds):
    quoted = [(row["city"], words) for row in batches if row["city"] for words in quotations(row)]
    assert len(quoted) >= 8
    assert [pair for pair in quoted if pair[1] not in seeds[pair[0]]] == []
