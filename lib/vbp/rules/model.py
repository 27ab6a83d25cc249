"""The model of a rule profile: every switch of the retained-surplus rules, its values and what is refused.

Formulas and where each value was seen: docs/rules.md; the words for people: `rules.*` of the phrase table.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

HIGHEST_RATIO = Decimal("0.50")
"""The retention ratio's cap in 医保发〔2020〕26号 (结余留用比例不高于50%)."""
HIGHEST_SCORE = Decimal(100)

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=60)]
Category = Literal["drug", "consumable", "reagent"]


class Strict(BaseModel):
    """A part of a profile: frozen, and a key that is not declared is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Strict):
    """One sentence in Chinese and English; a plain text stands for both."""

    zh: Text
    en: Text

    @model_validator(mode="before")
    @classmethod
    def _plain_text_is_both(cls, given: Any) -> Any:
        return {"zh": given, "en": given} if isinstance(given, str) else given

    def say(self, lang: str) -> str:
        """Return the sentence in `lang` ("zh", "en")."""
        return self.zh if lang == "zh" else self.en


class Source(Strict):
    """The document that a profile follows."""

    document: Text
    publisher: Text
    date: Text
    note: Words | None = None


class Effective(Strict):
    """The dates between which a profile applies; `to` empty means still in force."""

    from_date: date = Field(alias="from")
    to_date: date | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Effective:
        if self.to_date and self.to_date < self.from_date:
            raise ValueError("'to' lies before 'from'")
        return self


class Band(Strict):
    """One band of assessment scores: from (included) up to (left out, except 100) → retention ratio k."""

    lowest: Decimal = Field(alias="from", ge=0, le=HIGHEST_SCORE)
    highest: Decimal = Field(alias="to", ge=0, le=HIGHEST_SCORE)
    ratio: Decimal = Field(ge=0)


def _band_faults(bands: tuple[Band, ...]) -> list[str]:
    """Say what is wrong with single bands: a ratio above the cap, an empty band."""
    high = [
        f"the retention ratio (结余留用比例) {band.ratio} exceeds 0.50" for band in bands if band.ratio > HIGHEST_RATIO
    ]
    return high + [
        f"band {band.lowest}–{band.highest}: 'to' must be above 'from'" for band in bands if band.highest <= band.lowest
    ]


def _cover_faults(bands: tuple[Band, ...]) -> list[str]:
    """Say where sorted bands leave a gap between 0 and 100, or overlap."""
    edges = [Decimal(0), *(edge for band in bands for edge in (band.lowest, band.highest)), HIGHEST_SCORE]
    pairs = [(edges[i], edges[i + 1]) for i in range(0, len(edges), 2)]
    return [
        f"{'gap' if end < start else 'overlap'} between {min(end, start)} and {max(end, start)}"
        for end, start in pairs
        if end != start
    ]


class Indicator(Strict):
    """One indicator of the assessment: its weight in points and the share (0–1) at which it earns all or none.

    Points = weight × (value − none_at) / (full_at − none_at), kept between 0 and the weight.
    """

    weight: Decimal = Field(gt=0, le=HIGHEST_SCORE)
    full_at: Decimal
    none_at: Decimal

    @model_validator(mode="after")
    def _apart(self) -> Indicator:
        if self.full_at == self.none_at:
            raise ValueError("'full_at' and 'none_at' must differ")
        return self

    def points(self, value: Decimal) -> Decimal:
        """Return the points that a value earns, between 0 and the weight."""
        earned = self.weight * (value - self.none_at) / (self.full_at - self.none_at)
        return min(max(earned, Decimal(0)), self.weight)


IndicatorName = Literal["completion", "selected_share", "non_selected_share", "paid_within_30_days", "cost_growth"]


class Assessment(Strict):
    """How a score becomes the retention ratio k, and what an absent score means."""

    bands: tuple[Band, ...] = Field(min_length=1)
    no_score: Literal["zero", "unknown"] = "zero"
    weights: dict[IndicatorName, Indicator] | None = None

    @field_validator("bands")
    @classmethod
    def _lawful(cls, bands: tuple[Band, ...]) -> tuple[Band, ...]:
        ordered = tuple(sorted(bands, key=lambda band: band.lowest))
        if faults := [*_band_faults(ordered), *_cover_faults(ordered)]:
            raise ValueError("; ".join(faults))
        return ordered

    @field_validator("weights")
    @classmethod
    def _weights_sum_to_100(
        cls, weights: dict[IndicatorName, Indicator] | None
    ) -> dict[IndicatorName, Indicator] | None:
        total = sum((indicator.weight for indicator in (weights or {}).values()), Decimal(0))
        if weights is not None and total != HIGHEST_SCORE:
            raise ValueError(f"the weights sum to {total}, not to 100")
        return weights

    def ratio(self, score: Decimal) -> Decimal:
        """Return the retention ratio k of a score between 0 and 100."""
        return [band.ratio for band in self.bands if band.lowest <= score][-1]


class Settlement(Strict):
    """The switches of the settlement itself; rules.md §1.3 names where each value was seen."""

    unit: Literal["spec", "generic", "batch", "hospital"]
    flooring: Literal["each_item", "net_first"]
    share_basis: Literal["volume", "visits"]
    non_selected: Literal["all", "leave_out_evaluated", "leave_out_cheaper", "none"]
    elsewhere: Literal["neutral", "non_selected"]
    base_volume: Literal["reported", "last_year_actual"]
    eligibility: Literal["each_item", "all_items", "batch_total"]
    completion_threshold: Decimal = Field(gt=0, le=2)
    completion_by: Literal["hospital", "county_group"]
    funds: Literal["apart", "together"]
    renewal: Literal["rounds_out", "all"]
    payment_reform_exclusion: bool
    cross_year: Literal["end_year", "split_by_amount"]
    county_groups: Literal["settled", "left_out"]
    categories: tuple[Category, ...] = Field(min_length=1)
    pre_price_decimals: int = Field(ge=0, le=8)
    rounding: Literal["half_up", "half_even", "down"]
    missing_inputs: Literal["withhold", "settle_rest"]

    @property
    def scored_by_item(self) -> bool:
        """Whether each item carries its own score and ratio (Guangxi), not the hospital's row."""
        return self.unit in ("spec", "generic")

    @property
    def needs(self) -> tuple[str, ...]:
        """Return the optional items columns that these switches cannot do without."""
        return {
            "leave_out_evaluated": ("nonselected_evaluated_yuan",),
            "leave_out_cheaper": ("nonselected_cheaper_yuan",),
        }.get(self.non_selected, ())


class Profile(Strict):
    """One place's rules: name, source, dates, switches, bands, and what of it stands on no primary text."""

    name: Slug
    title: Words
    place: Words
    source: Source
    effective: Effective
    settlement: Settlement
    assessment: Assessment
    unverified: dict[str, Words] = Field(default_factory=dict)
    published: tuple[Words, ...] = ()
    not_published: tuple[Words, ...] = ()
    extends: Slug | None = None

    @model_validator(mode="after")
    def _unverified_names_a_switch(self) -> Profile:
        known = {f"settlement.{key}" for key in Settlement.model_fields}
        known |= {f"assessment.{key}" for key in Assessment.model_fields} | {"effective", "source"}
        if strange := sorted(set(self.unverified) - known):
            raise ValueError(f"'unverified' names no parameter: {', '.join(strange)}; e.g. settlement.eligibility")
        return self

    def is_unverified(self, parameter: str) -> bool:
        """Return whether `parameter` ("settlement.eligibility") stands on no primary text."""
        return parameter in self.unverified

    def with_switches(self, **switches: object) -> Profile:
        """Return a copy with other settlement switches, checked anew (for what-if and sensitivity)."""
        document = self.model_dump(by_alias=True)
        document["settlement"] = {**document["settlement"], **switches}
        return Profile.model_validate(document)

    def with_bands(self, bands: list[tuple[object, object, object]]) -> Profile:
        """Return a copy with other bands, given as (from, to, ratio), checked anew."""
        document = self.model_dump(by_alias=True)
        document["assessment"]["bands"] = [{"from": low, "to": high, "ratio": k} for low, high, k in bands]
        return Profile.model_validate(document)

    def parameters(self) -> list[tuple[str, object]]:
        """Return every switch as ("settlement.unit", "batch"), in the order of the model."""
        pairs: list[tuple[str, object]] = [
            (f"settlement.{key}", getattr(self.settlement, key)) for key in Settlement.model_fields
        ]
        return [*pairs, ("assessment.no_score", self.assessment.no_score)]
