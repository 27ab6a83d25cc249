"""Explain one payout line by line: rule → formula with the numbers in → items → ledger rows (结余留用测算说明)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from vbp.errors import UsageError, unknown
from vbp.rules import Profile
from vbp.rules.model import HIGHEST_SCORE, Band
from vbp.surplus.columns import COST
from vbp.surplus.lines import records
from vbp.surplus.result import Settlement
from vbp.words import known, say

LedgerRows = Callable[[str, str, str, int], pd.DataFrame]
"""(hospital, batch, generic, year) → the purchases behind a cell, as `vbp.ledger.Panels.rows` returns them."""
SHOWN_SWITCHES = (
    "unit",
    "flooring",
    "non_selected",
    "base_volume",
    "eligibility",
    "completion_threshold",
    "funds",
    "rounding",
)


@dataclass(frozen=True)
class Part:
    """One part of an explanation: its number (1 rule, 2 formula, 3 items, 4 ledger), a heading and its lines."""

    number: int
    heading: str
    lines: tuple[str, ...]

    def numbered(self, lang: str) -> str:
        """Return the heading with its number before it, 一、 or 1."""
        return f"{'一二三四'[self.number - 1]}、{self.heading}" if lang == "zh" else f"{self.number}. {self.heading}"


@dataclass(frozen=True)
class Explanation:
    """The arithmetic behind the payouts of one hospital and batch; `table` holds the items with what each brings."""

    settlement: Settlement
    rows: tuple[int, ...]
    table: pd.DataFrame
    ledger: LedgerRows | None = None
    every_row: bool = False

    def parts(self, lang: str) -> tuple[Part, ...]:
        """Return the explanation as parts, the rule first, then each agreement year from formula to ledger."""
        parts = [_rule_part(self.settlement.profile, lang)]
        for row in self.rows:
            record = records(self.settlement.table.iloc[[row]])[0]
            items = self.table[self.table["agreement_year"] == record["agreement_year"]]
            parts += [
                _formula_part(self.settlement, row, record, items, lang),
                _items_part(record, items, self.settlement.profile, lang),
            ]
            if self.ledger is not None:
                parts.append(_ledger_part(record, items, self.ledger, lang, self.every_row))
        return tuple(parts)

    def text(self, lang: str) -> str:
        """Return the explanation as plain text."""
        return "\n\n".join(
            "\n".join((part.numbered(lang), *(f"  {line}" for line in part.lines))) for part in self.parts(lang)
        )

    def assumptions(self, lang: str) -> tuple[str, ...]:
        """Return the settlement's assumptions."""
        return self.settlement.assumptions(lang)


def explain(
    settlement: Settlement,
    hospital: str,
    batch: str,
    year: int | None = None,
    generic: str | None = None,
    ledger: LedgerRows | None = None,
) -> Explanation:
    """Explain the payouts of one hospital and batch, in all agreement years or one, all items or one generic.

    Raises
    ------
    UsageError
        Where the hospital, batch, year or generic is not in the settlement; the nearest names are given.
    """
    table = settlement.table
    mine = table[table["hospital_id"] == hospital]
    _known("hospital", hospital, table["hospital_id"].unique(), len(mine) > 0)
    _known("batch", batch, mine["batch_id"].unique(), batch in set(mine["batch_id"]))
    mine = mine[mine["batch_id"] == batch]
    if year is not None:
        _known("agreement year", str(year), mine["agreement_year"].unique(), year in set(mine["agreement_year"]))
        mine = mine[mine["agreement_year"] == year]
    items = settlement.items_of(hospital_id=hospital, batch_id=batch)
    if generic is not None:
        _known("generic", generic, items["generic"].unique(), generic in set(items["generic"]))
        items = items[items["generic"] == generic]
    return Explanation(settlement, tuple(int(place) for place in mine.index), items, ledger, generic is not None)


def _known(kind: str, given: str, names: Any, found: bool) -> None:
    if not found:
        raise UsageError(unknown(kind, given, [str(name) for name in names][:200]))


def _plain(value: Any) -> str:
    """Return a number with separators and without trailing zeros: 70,000 and 1.2."""
    if value is None:
        return "?"
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _yuan(value: Decimal | None) -> str:
    """Return an amount: to the fen where that is exact, to six decimals, else to four (`_is` marks these)."""
    if value is None:
        return "?"
    if value == round(value, 2):
        return f"{value:,.2f}"
    return _plain(value) if value == round(value, 6) else f"{value:,.4f}"


def _is(value: Decimal | None, equal: str) -> str:
    """Return what stands after a formula: the sign of equality, ≈ where decimals beyond the sixth are cut, and the amount."""
    sign = equal if value is None or value == round(value, 6) else "≈"
    return f"{sign} {_yuan(value)}"


def _equal(lang: str) -> str:
    return "＝" if lang == "zh" else "="


def _colon(lang: str) -> str:
    return "：" if lang == "zh" else ": "


def _rule_part(profile: Profile, lang: str) -> Part:
    return Part(1, say("explain.rule", lang, profile=profile.name), profile_lines(profile, lang))


def profile_lines(profile: Profile, lang: str) -> tuple[str, ...]:
    """Return a rule profile as lines: source, note, switches and score bands, with what stands on no primary text."""
    lines = [
        say(
            "explain.source",
            lang,
            title=profile.title.say(lang),
            document=profile.source.document,
            publisher=profile.source.publisher,
            date=profile.source.date,
        )
    ]
    if profile.source.note:
        lines.append(profile.source.note.say(lang))
    for name in SHOWN_SWITCHES:
        lines.append(_switch(profile, name, lang))
    bands = ("；" if lang == "zh" else "; ").join(_band(band, lang) for band in profile.assessment.bands)
    lines.append(f"{say('rules.bands', lang)}{_colon(lang)}{bands}" + _mark(profile, "assessment.bands", lang))
    return tuple(lines)


def _band(band: Band, lang: str) -> str:
    """Return one band of scores and its ratio: 60分及以上：50%."""
    kind = "band_below" if band.lowest == 0 else "band_above" if band.highest == HIGHEST_SCORE else "band_between"
    ratio = f"{_plain(band.ratio * 100)}%"
    return say(f"rules.{kind}", lang, low=_plain(band.lowest), high=_plain(band.highest), ratio=ratio)


def _switch(profile: Profile, name: str, lang: str) -> str:
    from vbp.surplus.show import switch_text

    given = getattr(profile.settlement, name)
    value = f"{_plain(given * 100)}%" if name == "completion_threshold" else switch_text(given, lang)
    return f"{say(f'rules.{name}', lang)}{_colon(lang)}{value}" + _mark(profile, f"settlement.{name}", lang)


def _mark(profile: Profile, parameter: str, lang: str) -> str:
    why = profile.unverified.get(parameter)
    return say("explain.unverified", lang, why=why.say(lang)) if why else ""


def _formula_part(settlement: Settlement, row: int, record: dict[str, Any], items: pd.DataFrame, lang: str) -> Part:
    score = next((value for value in items["score"] if value is not None), None)
    heading = say(
        "explain.formula", lang, hospital=record["hospital_id"], batch=record["batch_id"], year=record["agreement_year"]
    )
    counted = int(settlement.judged.counted[settlement.lines.row == row].sum())
    ratio, due, equal = record["ratio"], record["retained_yuan"], _equal(lang)
    lines = [
        say("explain.budget", lang, result=_is(record["budget_yuan"], equal), count=counted),
        say("explain.expenditure", lang, result=_is(record["expenditure_yuan"], equal)),
        say(
            "explain.net",
            lang,
            budget=_yuan(record["budget_yuan"]),
            spent=_yuan(record["expenditure_yuan"]),
            result=_is(record["net_yuan"], equal),
        ),
        say("explain.base", lang, result=_is(record["base_yuan"], equal)),
        say(
            "explain.ratio",
            lang,
            score=_plain(score) if score is not None else "—",
            ratio="?" if ratio is None else f"{_plain(ratio * 100)}%",
        ),
    ]
    if due is None:
        lines.append(say("explain.pending", lang))
    else:
        lines.append(
            say("explain.retained", lang, ratio=_plain(ratio), base=_yuan(record["base_yuan"]), due=_yuan(due))
        )
    lines += [f"{reason.code}{_colon(lang)}{reason.text(lang)}" for reason in settlement.reasons_of(row)]
    return Part(2, heading, tuple(lines))


def _fund(name: object, lang: str) -> str:
    """Return a fund in words where the phrase table has it: employee is 职工医保基金."""
    return say(f"payer.{name}", lang) if known(f"payer.{name}") else str(name)


def _bracketed(text: str, lang: str) -> str:
    """Return text in the language's brackets; nothing where it is empty."""
    return "" if not text else f"（{text}）" if lang == "zh" else f" ({text})"


def _items_part(record: dict[str, Any], items: pd.DataFrame, profile: Profile, lang: str) -> Part:
    lines: list[str] = []
    for item in records(items):
        lines += _item_lines(item, profile, lang)
    return Part(3, say("explain.items", lang, count=len(items), year=record["agreement_year"]), tuple(lines))


def _item_lines(item: dict[str, Any], profile: Profile, lang: str) -> list[str]:
    parts = [str(item[part]) for part in ("generic", "spec") if item.get(part)]
    name = " ".join([*parts, _fund(item["fund"], lang)] if item.get("fund") else parts)
    codes = " ".join(item["codes"])
    share = [item["fund_ratio"], item["insured_share"]]
    weight = "×".join(_plain(value) for value in share)
    if profile.settlement.payment_reform_exclusion and item.get("excluded_share"):
        weight += f"×(1−{_plain(item['excluded_share'])})"
    spent = "" if profile.settlement.non_selected == "none" else f"+{_plain(item['counted_nonselected_yuan'])}"
    agreed, actual = item["agreed_quantity_units"], item["actual_quantity_units"]
    done = f"{actual / agreed:.2%}" if agreed and actual is not None else "—"
    state = say("explain.counted" if item["counted"] else "explain.left_out", lang)
    lines = [say("explain.item", lang, name=name, state=state, codes=_bracketed(codes, lang))]
    lines.append(
        f"  B = {_plain(item['volume_units'])}×{_plain(item['pre_price_yuan'])}×{weight} "
        f"{_is(item['budget_yuan'], '=')}"
    )
    price, cost = item["selected_price_yuan"], item[COST]
    # a price per pack divided by its units is shown to ten decimals, its amounts are exact
    equal = "=" if None in (price, cost) or cost == price * agreed else "≈"
    lines.append(f"  E = ({_plain(agreed)}×{_plain(price)}{spent})×{weight} {_is(item['expenditure_yuan'], equal)}")
    lines.append(
        "  "
        + say(
            "explain.completion",
            lang,
            actual=_plain(actual),
            agreed=_plain(agreed),
            done=done,
            surplus=_is(item["surplus_yuan"], _equal(lang)),
        )
    )
    sources = [
        say(f"explain.{kind}_{item[column]}", lang)
        for kind, column in (("p0", "pre_price_source"), ("p1", "selected_price_source"))
        if item.get(column)
    ]
    return [*lines, *(f"  {source}" for source in sources)]


def _ledger_part(record: dict[str, Any], items: pd.DataFrame, ledger: LedgerRows, lang: str, every: bool) -> Part:
    """Return the purchases behind each generic: summed by class, and each row where one generic was asked for."""
    lines: list[str] = []
    for generic in items["generic"].drop_duplicates():
        rows = ledger(record["hospital_id"], record["batch_id"], generic, int(record["agreement_year"]))
        lines.append(say("explain.ledger_item", lang, generic=generic, count=len(rows)))
        for name, part in rows.groupby("class", observed=True, sort=False):
            lines.append(
                "  "
                + say(
                    "explain.ledger_class",
                    lang,
                    name=say(f"purchase.{name}", lang),
                    count=len(part),
                    units=_plain(Decimal(int(part["quantity_milliunits"].sum())).scaleb(-3)),
                    amount=_yuan(Decimal(int(part["amount_fen"].sum())).scaleb(-2)),
                )
            )
        if every:
            lines += [f"    {_ledger_line(row, lang)}" for row in records(rows)]
    return Part(4, say("explain.ledger", lang, year=record["agreement_year"]), tuple(lines))


def _ledger_line(row: dict[str, Any], lang: str) -> str:
    dated = row.get("date") is not None and not pd.isna(row.get("date"))
    return say(
        "explain.ledger_row",
        lang,
        when=str(row["date"])[:10] if dated else str(row["month"])[:7],
        product=row["product_id"],
        name=say(f"purchase.{row['class']}", lang),
        units=_plain(Decimal(int(row["quantity_milliunits"])).scaleb(-3)),
        amount=_yuan(Decimal(int(row["amount_fen"])).scaleb(-2)),
    )
