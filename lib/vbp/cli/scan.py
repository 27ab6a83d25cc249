"""An interrupted time series for every generic × measure of one or more inputs folders · 政策影响扫描.

Ranked, with false-discovery control (Benjamini–Hochberg and -Yekutieli). A series that cannot be assessed is listed
with its reason.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd

    from vbp.cli.panels import Opened
    from vbp.impact.scan import ScanResult

SHOWN = [
    "rank",
    "generic",
    "measure",
    "date",
    "points",
    "level",
    "level_low",
    "level_high",
    "p_shown",
    "q_bh",
    "level_verdict",
]


def run(
    inputs: Annotated[list[Path], typer.Argument(help="inputs folders; one city each")],
    measure: Annotated[list[str] | None, typer.Option(help="only these measures")] = None,
    harmonics: Annotated[int, typer.Option(help="pairs of sine and cosine")] = 0,
    effect: Annotated[str, typer.Option(help="level, level+slope")] = "level+slope",
    phase_in: Annotated[int, typer.Option(help="months from the date on that are left out")] = 0,
    anticipation: Annotated[int, typer.Option(help="months before the date that are left out")] = 0,
    exclude: Annotated[list[str] | None, typer.Option(help="window left out, such as 2020-01:2020-04")] = None,
    alpha: Annotated[float, typer.Option(help="false-discovery rate")] = 0.05,
    lang: Annotated[str, typer.Option(help="zh or en")] = "zh",
    json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="every column as CSV")] = False,
) -> None:
    """Scan, print the ranked table, a CSV or one JSON document."""
    from vbp.cli.language import language
    from vbp.cli.output import one_form, print_csv, print_json, print_table
    from vbp.errors import UsageError, unknown
    from vbp.impact.scan import scan

    language(lang)
    one_form(json, csv)
    if not 0 < alpha < 1:
        raise UsageError("the false-discovery rate lies between 0 and 1")
    places, frame, dates = _series(inputs)
    synthetic = any(place.synthetic for place in places)
    if measure:
        known = sorted(frame["measure"].unique())
        for name in measure:
            if name not in known:
                raise UsageError(unknown("measure", name, known))
        frame = frame[frame["measure"].isin(measure)]
    result = scan(
        frame,
        dates,
        keys=("city", "generic"),
        alpha=alpha,
        harmonics=harmonics,
        effect=effect,
        phase_in=phase_in,
        anticipation=anticipation,
        exclude=tuple(exclude or ()),
    )
    if json:
        print_json({"synthetic": synthetic, **document(result)})
    elif csv:
        print_csv(result.table, synthetic)
    else:
        columns = SHOWN if len(inputs) == 1 else ["city", *SHOWN]
        print(" · ".join(place.title(lang) for place in places))
        print_table(_shown(result.table, lang)[columns], "", lang)
        print(result.text(lang))


def _series(folders: list[Path]) -> tuple[list[Opened], pd.DataFrame, dict[tuple[str, str], tuple[str, ...]]]:
    """Return the folders opened, the series of every one with key city × generic, and their dates."""
    import pandas as pd

    from vbp.cli.panels import open_panels
    from vbp.impact.ledger_series import panels_series

    frames: list[pd.DataFrame] = []
    dates: dict[tuple[str, str], tuple[str, ...]] = {}
    places = [open_panels(folder, "a scan (政策影响扫描)", ()) for folder in folders]
    for place in places:
        slug = place.inputs.slug
        series, found = panels_series(place.panels, place.inputs.frame("products"))
        frames.append(series.assign(city=slug))
        dates |= {(slug, generic): given for generic, given in found.items()}
    return places, pd.concat(frames, ignore_index=True), dates


def _shown(table: pd.DataFrame, lang: str) -> pd.DataFrame:
    """Return the table with changes and their intervals as people read them: per cent, or points for shares."""
    columns = {
        name: [_change(value, family, lang) for value, family in zip(table[name], table["family"], strict=True)]
        for name in ("level", "level_low", "level_high")
    }
    return table.assign(**columns)


def _change(value: float, family: str, lang: str) -> str:
    import math
    from decimal import Decimal

    from vbp.words import MISSING, percent, value_label

    if value != value:
        return MISSING
    if family == "log":
        return percent(100 * math.expm1(value), 1)
    return value_label(Decimal(repr(float(100 * value))).quantize(Decimal("0.1")), "percentage_point", lang)


def document(result: ScanResult) -> dict[str, Any]:
    """Return the scan as JSON: rows in rank order, counts, words."""
    from vbp.cli.output import records

    return {
        "rows": records(result.table),
        "alpha": result.alpha,
        "series": len(result.table),
        "discoveries": len(result.discoveries),
        "assumptions": list(result.assumptions),
        "text": {"zh": result.text("zh"), "en": result.text("en")},
    }
