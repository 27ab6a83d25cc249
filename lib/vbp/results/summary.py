"""What `summary.json` holds of a place's computed results: the objects that the page shows, money as decimal strings."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from vbp.results.missing import Missing
from vbp.results.tables import completion_total, surplus_by_hospital, surplus_flow

if TYPE_CHECKING:
    from vbp.results.computed import Computed

PARTS = ("prices", "completion", "savings", "decomposition", "benefit", "surplus", "impact", "settlement", "projection")
RESULT = {"decomposition": "spending_change", "impact": "scan"}


def summary(place: Computed) -> dict[str, Any] | None:
    """Return the results by part; a part without its tables says what is missing; None without a ledger."""
    if place.panels is None or isinstance(place.panels, Missing):
        return None
    return {name: _part(place, name) for name in PARTS}


def _part(place: Computed, name: str) -> dict[str, Any]:
    found = getattr(place, RESULT.get(name, name))
    if isinstance(found, Missing):
        return {"missing": {"zh": found.text("zh"), "en": found.text("en")}}
    made: dict[str, Any] = globals()[f"_{name}"](place, found)
    return made


def _percent(value: Any) -> Decimal | None:
    return None if value is None or value != value else Decimal(str(value)).quantize(Decimal("0.0001"))


def _prices(place: Computed, found: Any) -> dict[str, Any]:
    total = place.price_total
    assert total is not None and not isinstance(total, Missing)
    names = ("simple_cut_percent", "weighted_cut_percent")

    def row(one: dict[Any, Any]) -> dict[str, Any]:
        keys = {key: one[key] for key in ("batch_id", "baseline", "items") if key in one}
        return {**keys, **{name: _percent(one[name]) for name in names}}

    return {
        "total": [row(one) for one in total.table.to_dict("records")],
        "by_batch": [row(one) for one in found.table.to_dict("records")],
    }


def _completion(place: Computed, found: Any) -> dict[str, Any]:
    counts = {str(state): int(count) for state, count in found.table["state"].value_counts().items()}
    rows = [
        {
            "batch_id": row["batch_id"],
            "agreement_year": int(row["agreement_year"]),
            "items": int(row["items"]),
            **{f"{name}_percent": _percent(row[name] * 100) for name in ("rate", "rate_by_amount", "elapsed")},
        }
        for row in found.rolled("batch_year").to_dict("records")
    ]
    return {"as_of": found.as_of, **completion_total(found), "states": counts, "by_batch_year": rows}


def _savings(place: Computed, found: Any) -> dict[str, Any]:
    return {
        "as_of": found.as_of,
        "totals": dict(found.totals),
        "by_batch": found.by("batch").to_dict("records"),
        "by_hospital": found.by("hospital").to_dict("records"),
        "left_out": len(found.left_out),
        "left_out_share": f"{found.left_out_share:.6f}",
    }


def _decomposition(place: Computed, found: Any) -> dict[str, Any]:
    return {"by_batch": found.table.to_dict("records")}


def _benefit(place: Computed, found: Any) -> dict[str, Any]:
    rows = {row["payer"] or "fund": row["saving_yuan"] for row in found.table.to_dict("records")}
    return {"saving_yuan": found.saving_yuan, "by_payer": rows}


def _surplus(place: Computed, found: Any) -> dict[str, Any]:
    return {
        "profile": found.profile.name,
        "total_retained_yuan": found.total_yuan,
        "rows": len(found.table),
        "rows_not_known_or_due": int(sum(value is None for value in found.table["retained_yuan"])),
        "by_hospital": surplus_by_hospital(found).to_dict("records"),
        "flow": dict(surplus_flow(found)),
    }


def _impact(place: Computed, found: Any) -> dict[str, Any]:
    table = found.table
    verdicts = {str(name): int(count) for name, count in table["level_verdict"].value_counts().items()}
    return {"series": len(table), "verdicts": verdicts, "discoveries": len(found.discoveries), "alpha": found.alpha}


def _settlement(place: Computed, found: Any) -> dict[str, Any]:
    row = found.total.iloc[0].to_dict()
    shares = ("on_time_share_amount", "on_time_share_count", "direct_share_amount")
    return {
        "as_of": found.as_of,
        "invoices": int(row["invoices"]),
        "unpaid": int(row["unpaid"]),
        "amount_yuan": row["amount_yuan"],
        **{name: None if row[name] != row[name] else f"{row[name]:.6f}" for name in shares},
    }


def _projection(place: Computed, found: Any) -> dict[str, Any]:
    projections = place.projections
    assert isinstance(projections, tuple)
    return {"rounds": [{"batch_id": one.batch_id, "quantities": one.document()["quantities"]} for one in projections]}
