"""The whole chain on one folder, in this process: check, panels, savings, completion, surplus, statement, parts of the report.

Every case: an import by a profile of its own where it has one, reading, every rule of the check, the sum of every
column of numbers, the panels' totals. Of every case whose meaning was changed, and of a third of the others: savings,
completion and surplus and their totals, and with them in turn by the case's number (`TURNS`): price cuts, benefit and
payments; the summary; the JSON documents; the statement's workbook; one section of the report. Every fourth folder,
and half of those refused, is opened from disk a second time. Every hundredth case runs all of that, the scan, every
figure and the annotated workbook.
"""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.fuzz.truth import NUMBERS, Totals
from vbp.errors import InputError, Problem, UsageError

PARTS = (
    "title",
    "headline",
    "prices",
    "completion",
    "savings",
    "decomposition",
    "benefit",
    "surplus",
    "explained",
    "alternatives",
    "settlement",
    "projection",
    "rules",
    "method",
)
SLOW_PARTS = ("impact", "follows", "gaps", "rounds_table", "ranking_words", "published_figures", "beside_national")
CHARTS = (
    "rounds_timeline",
    "amounts_by_round",
    "price_drops",
    "price_volume",
    "completion_bullet",
    "share_area",
    "savings_heatmap",
    "decomposition_waterfall",
    "saving_by_payer",
    "payouts_by_hospital",
    "surplus_sankey",
    "payout_tornado",
    "counterfactual",
    "scan_multiples",
    "payments_on_time",
    "projection_fan",
    "estimate_intervals",
)


@dataclass
class Outcome:
    """What came out: `problems` of the check, refusals of later verbs, totals as the library has them, defects."""

    problems: tuple[Problem, ...] = ()
    refused: list[Problem] = field(default_factory=list)
    totals: Totals = field(default_factory=dict)
    defects: list[str] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)

    @property
    def errors(self) -> list[Problem]:
        """Every refusal, of the check or of a later verb."""
        return [*(problem for problem in self.problems if problem.level == "error"), *self.refused]


EXPORT = "export"
"""The folder in a folder that holds an export and the profile to import it by."""
RESULTS = ("savings", "completion", "surplus")
"""Results whose totals are held against the recomputed ones."""
OTHERS = ("prices", "benefit", "spending_change", "settlement")
TURNS = {
    "results": (3, 0),
    "from disk": (4, 0),
    "refused": (2, 0),
    "others": (4, 1),
    "summary": (5, 2),
    "documents": (5, 3),
    "statement": (8, 5),
}
"""How many cases a part has one turn in, and which of them; each section has one turn in `len(PARTS)`."""


def turn(part: str, number: int | None, thorough: bool = False) -> bool:
    """Whether a part has its turn in case `number` (None: every part has)."""
    every, at = TURNS[part]
    return thorough or number is None or number % every == at


def run(folder: Path, number: int | None = None, thorough: bool = False, changed: bool = True) -> Outcome:
    """Run the chain on a folder; nothing that goes wrong is raised. `number` chooses what has its turn (None: all);
    `thorough` adds the slow parts; `changed`: the meaning is another one, so that results are wanted whatever the turn.
    """
    outcome = Outcome()
    if not _imported(folder, outcome):
        return outcome
    checked = _guarded(outcome, "check", lambda: _check(folder, outcome))
    refused = checked is None or not checked.ok
    if refused and not turn("refused", number, thorough):
        return outcome
    from_disk = refused or turn("from disk", number, thorough)
    city = _guarded(outcome, "open", lambda: _open(folder, checked, from_disk))
    if city is not None:
        _guarded(outcome, "panels", lambda: _result(city, "panels", outcome))
        if changed or turn("results", number, thorough):
            _results(city, folder, number, thorough, outcome)
        else:
            outcome.missing |= set(RESULTS)
    if checked is not None and thorough:
        _guarded(outcome, "annotate", lambda: _annotate(checked, folder))
    return outcome


def _results(city: Any, folder: Path, number: int | None, thorough: bool, outcome: Outcome) -> None:
    for name in (*RESULTS, *(OTHERS if turn("others", number, thorough) else ())):
        _guarded(outcome, name, lambda name=name: _result(city, name, outcome))
    for part, action in (("summary", _summary), ("documents", _documents)):
        if turn(part, number, thorough):
            _guarded(outcome, part, lambda action=action: action(city, outcome))
    if turn("statement", number, thorough):
        _guarded(outcome, "statement", lambda: _statement(city, folder, outcome))
    _parts(city, number, thorough, outcome)


def _imported(folder: Path, outcome: Outcome) -> bool:
    """Import what stands in the folder's `export` by the profile beside it; whether the chain can go on."""
    export = folder / EXPORT
    if not export.is_dir():
        return True

    def action() -> bool:
        from vbp.imports import import_files

        done = import_files(sorted(export.glob("usage*")), str(export / "own.yaml"), folder)
        outcome.problems += done.problems
        assert done.text() and done.as_json()
        return True

    return bool(_guarded(outcome, "import", action))


def _guarded(outcome: Outcome, what: str, action: Callable[[], Any]) -> Any:
    """Run a part of the chain; a warning of numpy's is a defect too: a user would read it among the messages."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            return action()
    except InputError as error:
        outcome.refused += [problem for problem in error.problems if problem not in outcome.refused]
    except UsageError as error:
        outcome.defects.append(f"{what}: UsageError {error}")
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        mine = [frame for frame in traceback.extract_tb(error.__traceback__) if "/vbp/" in frame.filename]
        last = mine[-1] if mine else where
        outcome.defects.append(
            f"{what}: {type(error).__name__}: {str(error)[:200]} ({Path(last.filename).name}:{last.lineno} {last.name})"
        )
    return None


def _check(folder: Path, outcome: Outcome) -> Any:
    from vbp.check import check

    checked = check(folder)
    outcome.problems += checked.problems
    tables = checked.inputs.tables
    outcome.totals |= {f"rows.{name}": table.num_rows for name, table in tables.items()}
    assert isinstance(checked.text(), str) and checked.as_json()
    _sums(checked.inputs, outcome.totals)
    return checked


def _sums(inputs: Any, totals: Totals) -> None:
    import pyarrow.compute as pc

    for table, columns in NUMBERS.items():
        for column in columns:
            if inputs.has(table) and column in inputs.tables[table].column_names:
                totals[f"{table}.{column}"] = Decimal(pc.sum(inputs.tables[table][column]).as_py() or 0)
    usage = inputs.tables.get("usage")
    if usage is None:
        return
    if "amount_yuan" in usage.column_names:
        totals["usage.amount"] = Decimal(pc.sum(usage["amount_yuan"]).as_py() or 0)
    if not inputs.has("products"):
        return
    size = dict(
        zip(
            inputs.tables["products"]["product_id"].to_pylist()
            if "product_id" in inputs.tables["products"].column_names
            else [],
            inputs.tables["products"]["units_per_pack"].to_pylist()
            if "units_per_pack" in inputs.tables["products"].column_names
            else [],
            strict=False,
        )
    )
    packs = "quantity_packs" in usage.column_names and usage["quantity_packs"].null_count == 0
    name = "quantity_packs" if packs else "quantity_units"
    if {name, "product_id"} <= set(usage.column_names):
        rows = zip(usage["product_id"].to_pylist(), usage[name].to_pylist(), strict=True)
        totals["usage.units"] = sum(
            ((quantity or 0) * ((size.get(product) or 0) if packs else 1) for product, quantity in rows), Decimal(0)
        )


def _open(folder: Path, checked: Any, from_disk: bool) -> Any:
    """Open the folder as a report does, from disk; else from what the check has read, where it refuses nothing."""
    from vbp.city import City, open_city

    if from_disk or checked is None or not checked.ok:
        return open_city("fuzz", inputs=folder)
    from vbp.facts import load_published

    own = replace(checked.inputs, problems=checked.problems)
    place = own.place
    return City("fuzz", place.name_zh, place.name_en, place.synthetic, load_published(), (), own, None)


def _result(city: Any, name: str, outcome: Outcome) -> None:
    from vbp.results.missing import Missing

    found = getattr(city, name)
    if found is None or isinstance(found, Missing):
        outcome.missing.add(name)
        return
    TAKEN.get(name, lambda found, totals: None)(found, outcome.totals)


def _panels(panels: Any, totals: Totals) -> None:
    months = panels.product_month
    totals["panel.amount"] = int(months["amount_fen"].sum())
    totals["panel.quantity"] = int(months["quantity_milliunits"].sum())
    for name in ("selected", "nonselected", "elsewhere", "alternative", "outside"):
        mine = months[months["status"] == name]
        totals[f"panel.{name}"] = (int(mine["amount_fen"].sum()), int(mine["quantity_milliunits"].sum()))
    assert totals["panel.amount"] == int(panels.cells["amount_fen"].sum()), "panels differ among themselves"


def _completion(found: Any, totals: Totals) -> None:
    rows = found.rows
    totals["items.actual"] = int(rows["actual"].sum())
    totals["items.agreed"] = int(rows["agreed"].sum())
    assert found.text("zh")


def _savings(found: Any, totals: Totals) -> None:
    totals["savings.realised"] = found.totals["realised"]
    totals["savings.official"] = found.totals["official"]
    assert all(found.checks.values()), "savings' cuts do not add up"


def _surplus(found: Any, totals: Totals) -> None:
    totals["payout"] = found.total_yuan
    totals["payout.rows"] = {
        (row["hospital_id"], row["batch_id"], int(row["agreement_year"])): row["retained_yuan"]
        for row in found.table.to_dict("records")
    }


TAKEN: dict[str, Callable[[Any, Totals], None]] = {
    "panels": _panels,
    "completion": _completion,
    "savings": _savings,
    "surplus": _surplus,
}


def _summary(city: Any, outcome: Outcome) -> None:
    document = city.summary()
    for card in document["cards"]:
        if card["value"] is not None and card["key"] in ("realised", "official", "payout"):
            outcome.totals[f"card.{card['key']}"] = Decimal(str(card["value"]))


def _documents(city: Any, outcome: Outcome) -> None:
    """What `--json` of completion and surplus prints."""
    from vbp.results.missing import Missing

    if not isinstance(city.completion, Missing):
        assert city.completion.document()["rows"]
    if not isinstance(city.surplus, Missing):
        assert city.surplus.as_json()["total_retained_yuan"] == city.surplus.total_yuan


def _statement(city: Any, folder: Path, outcome: Outcome) -> None:
    from openpyxl import load_workbook

    from vbp.results.missing import Missing
    from vbp.statement import notice, write_statement

    settled = city.surplus
    if settled is None or isinstance(settled, Missing):
        return
    path = write_statement(settled, folder.parent / f"{folder.name}.statement.xlsx")[0]
    book = load_workbook(path, read_only=True)
    rows = list(book["汇总"].iter_rows(min_row=5, values_only=True))
    book.close()
    path.unlink()
    outcome.totals["statement.total"] = Decimal(str(rows[-1][10])).quantize(Decimal("0.01"))
    hospital = settled.table["hospital_id"].iloc[0]
    assert notice(settled, hospital, "zh")


def _parts(city: Any, number: int | None, thorough: bool, outcome: Outcome) -> None:
    from vbp import charts, sections

    mine = PARTS if number is None or thorough else (PARTS[number % len(PARTS)],)
    lang = "en" if (number or 0) // len(PARTS) % 2 else "zh"
    for name in (*mine, *(SLOW_PARTS if thorough else ())):
        page = _guarded(outcome, f"section {name}", lambda name=name: getattr(sections, name)(city, lang))
        text = str(getattr(page, "text", "") or getattr(page, "html", "") or page or "")
        if "Traceback" in text:
            outcome.defects.append(f"section {name} shows a traceback")
    if thorough:
        for name in CHARTS:
            _guarded(outcome, f"chart {name}", lambda name=name: getattr(charts, name)(city, lang))


def _annotate(checked: Any, folder: Path) -> None:
    from vbp.check.annotate import annotate

    path = folder.parent / f"{folder.name}.annotated.xlsx"
    annotate(checked.inputs, checked.problems, path)
    path.unlink()
