"""Every hospital's payout is explained on the page: one line of arithmetic a row, and the numbers in it follow."""

from __future__ import annotations

import re
from decimal import Decimal

from bs4 import BeautifulSoup

from vbp.sections import retained


def number(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("−", "-"))


def test_every_row_of_every_hospital_has_its_arithmetic(city):
    soup = BeautifulSoup(retained.explained(city, "zh").source, "html.parser")
    every = next(part for part in soup.select("details") if "每家医疗机构" in part.summary.text)
    folds = every.select(":scope > details")
    table = city.surplus.table
    assert len(folds) == table["hospital_id"].nunique() > 3
    lines = [line.text for fold in folds for line in fold.select("li")]
    assert len(lines) == len(table)
    pattern = re.compile(r"预算([\d,.−]+)－支出([\d,.−]+)＝([\d,.−]+)；基数([\d,.−]+)×([\d.]+)%，应拨([\d,.]+)元")
    found = [match for line in lines if (match := pattern.search(line))]
    assert len(found) > 20
    for match in found:
        budget, spent, net, base, percent, due = map(number, match.groups())
        assert abs(budget - spent - net) <= Decimal("0.01")
        assert due == 0 or abs(base * percent / 100 - due) <= Decimal("0.02")
    assert sum(number(match[6]) for match in found) == city.surplus.total_yuan


def test_each_fold_says_how_to_go_down_to_the_ledger(city):
    soup = BeautifulSoup(retained.explained(city, "en").source, "html.parser")
    commands = [code.text for code in soup.select("details code")]
    assert len(commands) == city.surplus.table["hospital_id"].nunique()
    assert all(re.fullmatch(r"vbp explain data/inputs/demo --hospital H\d+ --batch DEMO-\w+", one) for one in commands)


def test_the_total_stands_in_words_as_on_the_card(city):
    text = BeautifulSoup(retained.surplus(city, "zh").source, "html.parser").text
    card = next(card for card in city.cards if card.key == "payout")
    assert f"合计{card.shown('zh')}（{city.surplus.total_yuan:,}元）" in text
    assert city.surplus.profile.title.say("zh") in text
