"""Benefit profiles (待遇政策): a place's published reimbursement rules as YAML; a gap in a publication is `unknown`."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from vbp import paths
from vbp.errors import InputError, Problem, UsageError, unknown

Unknown = Literal["unknown"]
Amount = Decimal | Unknown
"""A published number, or the word unknown: no rule is ever filled in by guessing."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Band(_Strict):
    """A band of cost: `ratio` (0 to 1) on the part up to `to` yuan of cost, or until `to_paid` yuan have been paid.

    `to: null` without `to_paid` has no end.
    """

    to: Amount | None = None
    to_paid: Decimal | None = None
    ratio: Amount

    @field_validator("ratio")
    @classmethod
    def _between(cls, ratio: Amount) -> Amount:
        if isinstance(ratio, Decimal) and not 0 <= ratio <= 1:
            raise ValueError("a ratio lies between 0 and 1; write 0.87 for 87 %")
        return ratio


class Layer(_Strict):
    """One layer: deductible (起付线), bands counted as `bands_from` says, cap (封顶线; null: none)."""

    deductible: Amount
    bands: tuple[Band, ...] = Field(min_length=1)
    bands_from: Literal["zero", "deductible"] = "zero"
    cap: Amount | None = "unknown"


class Scheme(_Strict):
    """The layers for one kind of insured, setting and hospital; `serious` and `aid` are null where none applies."""

    name_zh: str
    name_en: str
    basic: Layer
    serious: Layer | None = None
    serious_aided: Layer | None = None
    aid: Layer | None = None


class Change(_Strict):
    """A published change of a rule: what, for whom, before, after, in which unit; unknown where not said."""

    item_zh: str
    item_en: str
    scope: str
    unit: str
    before: str | Decimal = "unknown"
    after: str | Decimal = "unknown"
    change: str | Decimal = "unknown"


class ObservedRatio(_Strict):
    """A published mean ratio of payment (not a rule): of cost in scope of policy (policy), or of all cost (actual)."""

    insurance: Literal["employee", "resident"]
    kind: Literal["policy", "actual"]
    percent: Decimal
    change_points: Amount = "unknown"
    year: int


class BenefitProfile(_Strict):
    """One place's published benefit rules, with source and dates."""

    profile: str
    name_zh: str
    name_en: str
    source: str
    effective_from: dt.date | Unknown
    effective_to: dt.date | Unknown | None = "unknown"
    schemes: dict[str, Scheme] = {}
    changes: tuple[Change, ...] = ()
    observed_ratios: tuple[ObservedRatio, ...] = ()

    def scheme(self, name: str) -> Scheme:
        """Return a scheme by name; a UsageError lists those that exist."""
        if name not in self.schemes:
            raise UsageError(unknown("scheme", name, tuple(self.schemes)))
        return self.schemes[name]

    def ratio(self, insurance: str, kind: str = "actual") -> Decimal | None:
        """Return a published mean ratio on the 0–1 scale, None where none is published."""
        for row in self.observed_ratios:
            if (row.insurance, row.kind) == (insurance, kind):
                return row.percent / 100
        return None


class _Text(yaml.SafeLoader):
    """YAML whose decimal numbers stay text, so that 0.87 is the Decimal 0.87 and not a float near it."""


_Text.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:float"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_profile(path: Path) -> BenefitProfile:
    """Read one profile; every problem of the file is listed in an InputError."""
    try:
        content: Any = yaml.load(path.read_text(encoding="utf-8"), Loader=_Text)  # a SafeLoader
    except (yaml.YAMLError, ValueError) as error:  # ValueError: no UTF-8, or a day that is in no calendar
        raise InputError(Problem(f"is no YAML: {error}", rule="yaml", file=str(path))) from None
    try:
        return BenefitProfile.model_validate(content)
    except ValidationError as error:
        raise InputError(
            [
                Problem(
                    item["msg"],
                    rule="profile",
                    file=str(path),
                    column=".".join(map(str, item["loc"])),
                    value=str(item["input"])[:80],
                )
                for item in error.errors()
            ]
        ) from None


def benefit_profiles() -> dict[str, Path]:
    """Return the benefit profiles of `data/benefit` by name."""
    return {path.stem: path for path in sorted((paths.data() / "benefit").glob("*.yaml"))}


def benefit_profile(name: str) -> BenefitProfile:
    """Return a benefit profile by name."""
    known = benefit_profiles()
    if name not in known:
        raise UsageError(unknown("benefit profile", name, tuple(known)))
    return read_profile(known[name])
