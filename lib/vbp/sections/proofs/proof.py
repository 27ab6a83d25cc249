"""One proof: a table of known answers beside our own, and how many hold."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from vbp import paths
from vbp.sections.explore.needs import said
from vbp.sections.html import Cell, Html, table
from vbp.words import say


@dataclass(frozen=True)
class Proof:
    """A table whose rows hold or do not; Jupyter shows the table."""

    html: Html
    holds: tuple[bool, ...]

    def _repr_html_(self) -> str:
        return self.html.source


def read(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of known answers."""
    with (paths.data() / "reference" / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def proof(columns: Sequence[str], rows: Sequence[tuple[Sequence[Cell | str], bool]], lang: str, name: str) -> Proof:
    """Return rows of words, each with whether it holds, under columns named by the phrases `play_field.*`."""
    heads = [*(say(f"play_field.{column}", lang) for column in columns), say("column.holds", lang)]
    cells = [(*row, say("validation.holds" if held else "validation.does_not", lang)) for row, held in rows]
    return Proof(table(heads, cells, name=name), tuple(held for _, held in rows))


def all_hold(proofs: Sequence[Proof], lang: str) -> Html:
    """Return how many known answers were met over several proofs, in a sentence."""
    held = [one for each in proofs for one in each.holds]
    return said(say("play_proof.all", lang, count=len(held), held=sum(held), wrong=len(held) - sum(held)))
