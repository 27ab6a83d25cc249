"""Estimates from an inputs folder: its `batch_usage`, with cuts from its own `batches` table or from the published rounds."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from vbp.errors import InputError, Problem, unknown
from vbp.estimate.amounts import RoundCut, estimate_from_amounts
from vbp.estimate.draws import DRAWS, SEED
from vbp.estimate.priors import load_priors
from vbp.estimate.result import EstimateSet
from vbp.estimate.rounds import cut_ratio
from vbp.facts import Published
from vbp.funds import COMMON, Terms
from vbp.rules import profile_of_place

if TYPE_CHECKING:
    from vbp.tables import Inputs


def estimate_from_inputs(inputs: Inputs, published: Published, *, seed: int = SEED, draws: int = DRAWS) -> EstimateSet:
    """Estimate from amounts by round (`batch_usage`) of an inputs folder.

    Raises
    ------
    InputError
        Where the folder has no `batch_usage`, or a round in it has no known cut.
    """
    if not inputs.has("batch_usage"):
        raise InputError(
            Problem(
                "no table batch_usage (hospital_id, batch_id, period_start, period_end, amount_yuan, amount_basis); "
                "estimates from a user's own data need it",
                "missing_table",
                file=str(inputs.folder),
            )
        )
    usage = inputs.frame("batch_usage")
    rounds = round_cuts(inputs, published)
    absent = sorted(set(usage["batch_id"]) - set(rounds))
    if absent:
        raise InputError(
            Problem(
                unknown("batch_id", name, sorted(rounds)) + "; add its average_cut_percent to the table batches",
                "no_cut",
                table="batch_usage",
                column="batch_id",
                value=name,
            )
            for name in absent
        )
    fund = inputs.frame("fund") if inputs.has("fund") else None
    used = {name: row for name, row in rounds.items() if name in set(usage["batch_id"])}
    return estimate_from_amounts(
        inputs.slug,
        usage,
        used,
        cut_ratio(published),
        load_priors(),
        fund,
        terms=COMMON
        if fund is None
        else Terms.of(profile_of_place(inputs.place.rule_profile, inputs.folder).settlement),
        synthetic=inputs.place.synthetic,
        seed=seed,
        draws=draws,
    )


def round_cuts(inputs: Inputs, published: Published) -> dict[str, RoundCut]:
    """Return every round whose cut is known: the published ones, and over them the folder's own `batches`."""
    rounds = {
        row.batch_id: RoundCut(
            row.batch_id,
            row.name_zh,
            row.name_en,
            row.average_cut_percent / 100,
            "simple",
            row.cut_baseline or "unknown",
        )
        for row in published.batches
        if row.average_cut_percent is not None and row.cut_known
    }
    if inputs.has("batches"):
        rounds |= {str(row["batch_id"]): _own(row) for row in inputs.frame("batches").to_dict("records")}
    return rounds


def _own(row: dict[Any, Any]) -> RoundCut:
    batch = str(row["batch_id"])
    share = row.get("agreed_share")
    return RoundCut(
        batch,
        _text(row, "name_zh") or batch,
        _text(row, "name_en") or batch,
        Decimal(str(row["average_cut_percent"])) / 100,
        _text(row, "cut_kind") or "simple",
        _text(row, "cut_baseline") or "unknown",
        None if share is None or share != share else Decimal(str(share)),
    )


def _text(row: dict[Any, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None or value != value else str(value)
