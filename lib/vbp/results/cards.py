"""The headline of a place with its own tables: each figure once, for page, chart titles and `summary.json`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from vbp.results.missing import Missing, missing
from vbp.results.tables import completion_total, partly_seen
from vbp.words import MISSING, money, percent, say
from vbp.words.said import Said

if TYPE_CHECKING:
    from vbp.results.computed import Computed
    from vbp.savings import Savings


@dataclass(frozen=True)
class Card:
    """One headline figure: value with unit (yuan, percent), mark, what it is measured against; or what it lacks.

    `low`, `high` are the ends of a 90 % interval for estimates.
    """

    key: str
    value: Decimal | None
    unit: str
    mark: str
    notes: tuple[Said, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    lacking: Missing | None = None

    def label(self, lang: str) -> str:
        """Return the figure's name."""
        return say(f"card.{self.key}", lang)

    def shown(self, lang: str) -> str:
        """Return the value as people read it, — where it is lacking."""
        return MISSING if self.value is None else _shown(self.value, self.unit, lang)

    def interval(self, lang: str) -> str:
        """Return the interval in words, empty for a figure without one."""
        if self.low is None or self.high is None:
            return ""
        return say(
            "card.interval", lang, low=_shown(self.low, self.unit, lang), high=_shown(self.high, self.unit, lang)
        )

    def where(self, lang: str) -> str:
        """Return kind, baseline, interval in one line; for a lacking figure why."""
        if self.lacking is not None:
            return self.lacking.text(lang)
        parts = [self.interval(lang), *(note.text(lang) for note in self.notes)]
        return say("section.separator", lang).join(part for part in parts if part)

    def as_json(self) -> dict[str, Any]:
        """Return the card as `summary.json` holds it."""
        return {
            "key": self.key,
            "name": {"zh": self.label("zh"), "en": self.label("en")},
            "value": self.value,
            "unit": self.unit,
            "mark": self.mark,
            "low": self.low,
            "high": self.high,
            "notes": {"zh": self.where("zh"), "en": self.where("en")},
        }


def _shown(value: Decimal, unit: str, lang: str) -> str:
    return money(value, lang) if unit == "yuan" else percent(value, 1)


def cards(place: Computed) -> tuple[Card, ...]:
    """Return the headline cards of a place; none without inputs or without a ledger."""
    if place.panels is None or isinstance(place.panels, Missing):
        return ()
    made = (*_saving(place), _cut(place), _completion(place), _payout(place), _payments(place), *_next_round(place))
    return tuple(card for card in made if card is not None)


def _lacking(key: str, unit: str, why: object) -> Card:
    return Card(key, None, unit, "computed", lacking=why if isinstance(why, Missing) else missing("no_payout"))


def _saving(place: Computed) -> tuple[Card, ...]:
    found = place.savings
    if found is None or isinstance(found, Missing):
        return (_lacking("realised", "yuan", found),)
    notes = (Said("card.baseline_p0"), Said("card.span", {"span": span_of(place, found)}), *_left_out(found))
    made = [Card("realised", found.totals["realised"], "yuan", "computed", notes)]
    if isinstance(place.completion, Missing):
        return (*made, _lacking("official", "yuan", place.completion))
    agreed = Said("card.span", {"span": span_of(place, found, agreed=True)})
    return (
        *made,
        Card("official", found.totals["official"], "yuan", "computed", (Said("card.baseline_agreed"), agreed)),
    )


@dataclass(frozen=True)
class Span:
    """A first and a last month, one of them where they are the same."""

    first: str
    last: str

    def say(self, lang: str) -> str:
        """Return the span: 2021-01至2024-12."""
        return self.first if self.first == self.last else say("card.months", lang, first=self.first, last=self.last)


def span_of(place: Computed, found: Savings, *, agreed: bool = False) -> Span:
    """Return the months that the savings cover: from the first round that the ledger sees running, or (`agreed`) from the
    first agreement on, to the day of the result.
    """
    panels = place.panels
    assert panels is not None and not isinstance(panels, Missing)
    first = panels.items["start_date"].min() if agreed else panels.prices["start_date"].min()
    first = first if agreed else max(first, panels.totals["first_month"].iloc[0])
    return Span(f"{first:%Y-%m}", f"{found.as_of:%Y-%m}")


def _left_out(found: Savings) -> tuple[Said, ...]:
    share = Decimal(repr(found.left_out_share)) * 100
    if not len(found.left_out):
        return ()
    return (Said("card.left_out", {"count": len(found.left_out), "share": percent(share, 1)}),)


def _cut(place: Computed) -> Card:
    found = place.price_total
    if found is None or isinstance(found, Missing):
        return _lacking("cut", "percent", found)
    row = found.table.iloc[0].to_dict()
    simple = Decimal(row["simple_cut_percent"]).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    weighted = row["weighted_cut_percent"]
    baseline = Said(f"card.against_{row['baseline']}")
    said = Said("card.simple", {"simple": percent(simple, 1), "items": int(row["items"])})
    if weighted is None or weighted != weighted:
        return Card(
            "cut_simple", simple, "percent", "computed", (baseline, Said("card.items", {"items": int(row["items"])}))
        )
    value = Decimal(weighted).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return Card("cut", value, "percent", "computed", (baseline, said))


def _completion(place: Computed) -> Card:
    found = place.completion
    if found is None or isinstance(found, Missing):
        return _lacking("completion", "percent", found)
    total, panels = completion_total(found), place.panels
    assert panels is not None and not isinstance(panels, Missing)
    part = int(partly_seen(panels, found.as_of)["items"].sum())
    notes = (
        *(
            []
            if total["elapsed_percent"] is None
            else [Said("card.elapsed", {"elapsed": percent(total["elapsed_percent"], 1)})]
        ),
        Said("card.completed", {"done": total["ended_done"], "ended": total["ended"]}),
        Said("card.until", {"day": min(found.as_of, found.data_until).isoformat()}),
        *([Said("card.partly_seen", {"count": part})] if part else []),
    )
    return Card("completion", total["rate_percent"], "percent", "computed", notes)


def _payout(place: Computed) -> Card:
    found = place.surplus
    if found is None or isinstance(found, Missing):
        return _lacking("payout", "yuan", found)
    still = sum(value is None for value in found.table["retained_yuan"])
    if not found.total_yuan and still:
        return _lacking("payout", "yuan", missing("open_payout", count=still))
    paid = sum(value is not None and value > 0 for value in found.table["retained_yuan"])
    notes = (
        Said("card.profile", {"profile": found.profile.title}),
        Said("card.paid_rows", {"paid": paid, "rows": len(found.table), "open": still}),
    )
    return Card("payout", found.total_yuan, "yuan", "computed", notes)


def _payments(place: Computed) -> Card | None:
    found = place.settlement
    if found is None or isinstance(found, Missing):
        return None
    row = found.total.iloc[0]
    share = row["on_time_share_amount"]
    value = None if share != share else Decimal(repr(float(share) * 100)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    notes = (Said("card.invoices", {"invoices": int(row["invoices"]), "unpaid": int(row["unpaid"])}),)
    return Card("on_time", value, "percent", "computed", notes)


@dataclass(frozen=True)
class Name:
    """A name with a form in each language, shortened for a sentence."""

    zh: str
    en: str

    def say(self, lang: str) -> str:
        """Return the name in `lang`."""
        return self.zh if lang == "zh" else self.en


def round_name(place: Computed, batch_id: str) -> Name:
    """Return a round's name, its identifier where the folder names none."""
    from vbp.charts.names import batch_names, named, short

    zh, en = (short(named(batch_names(place, lang), batch_id)) for lang in ("zh", "en"))  # type: ignore[arg-type]
    return Name(zh, en)


def _next_round(place: Computed) -> tuple[Card, ...]:
    found = place.projection
    if found is None or isinstance(found, Missing):
        return ()
    made = []
    for quantity in ("realised", "payout"):
        numbers = found.interval(quantity)
        if all(number == number for number in numbers):
            middle, low, high = (Decimal(f"{number:.2f}") for number in numbers)
            note = Said("card.first_year", {"batch": round_name(place, found.batch_id)})
            made.append(Card(f"next_{quantity}", middle, "yuan", "estimated", (note,), low, high))
    return tuple(made)
