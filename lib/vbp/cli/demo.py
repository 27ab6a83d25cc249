"""Make a synthetic inputs folder of the invented 示范市, with planted effects (truth.json); marked 演示数据."""
from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def run(
    out: Annotated[Path, typer.Argument(help="the folder to make; an earlier demonstration there is replaced")],
    like: Annotated[str, typer.Option(help="a city of data/cities.csv whose counts and cuts to follow")] = "quanzhou",
    seed: Annotated[int, typer.Option(help="same seed, same bytes")] = 1,
    hospitals: Annotated[int, typer.Option(help="9 to 1000")] = 60,
    months: Annotated[int, typer.Option(help="24 to 84, from January 2020; the default shows all rounds")] = 60,
) -> None:
    """Make the folder and say what is in it."""
    import json

    from vbp.demo import make_demo
    from vbp.words import say

    folder = make_demo(out, like, seed, hospitals, months)
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    running = sum(1 for one in truth["rounds"] if not one["announced"])
    for lang in ("zh", "en"):
        print(say("demo.made", lang, folder=folder, hospitals=hospitals, months=months, seed=seed, like=like,
                  rounds=running, announced=len(truth["rounds"]) - running,
                  varieties=sum(1 for one in truth["generics"] if one["role"] == "tendered"),
                  rows=f"{truth['totals']['rows']:,}"))
