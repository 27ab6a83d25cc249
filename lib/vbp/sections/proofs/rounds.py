"""What the weighted cut of national rounds is of the published mean cut: the evidence that the estimates rest on."""

from __future__ import annotations

from decimal import Decimal

from vbp.facts import Published
from vbp.sections.html import Cell
from vbp.sections.proofs.proof import Proof, proof, read
from vbp.words import say


def cut_ratios(published: Published, lang: str) -> Proof:
    """Return saving / market / mean cut of the rounds that publish the three apart, beside the ratios worked by hand."""
    from vbp.estimate.rounds import cut_ratio, reference_rounds

    names = {row.batch_id: row.name_zh if lang == "zh" else row.name_en for row in published.batches}
    found = {item.batch_id: item.ratio for item in reference_rounds(published)}
    rows: list[tuple[list[Cell | str], bool]] = []
    for row in read("cut_ratios.csv"):
        ours = f"{found[row['batch_id']]:.3f}"
        rows.append(([names[row["batch_id"]], row["expected"], ours], Decimal(ours) == Decimal(row["expected"])))
    spread = cut_ratio(published)
    words = say("play_proof.spread", lang), say("play_proof.spread_how", lang)
    rows.append(
        (
            [*words, f"{spread.mean:.4f} · {spread.scale:.4f} · {spread.degrees}".replace("-", "−")],
            len(found) == len(rows),
        )
    )
    return proof(("round", "expected", "recomputed"), rows, lang, "cut-ratios")
