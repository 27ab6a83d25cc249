"""Every verb once, in one process: `python verbs.py INPUTS OUT`. What each prints, and every file it writes, lands in OUT.

Run under another locale, clock, zone, home or path it must give the same bytes; the test compares.
"""

from __future__ import annotations

import contextlib
import io
import re
import sys
from pathlib import Path

EXPORT_HEAD = "月份,医疗机构代码,医疗机构名称,产品流水号,通用名,剂型,规格,包装规格,生产企业,单位,采购数量,采购金额\n"
EXPORT_ROW = "2024-03,0501,市一院,00417,阿司匹林肠溶片,片剂,100mg,100mg*30片/盒,甲药,盒,{n},{yuan}.00\n"


def main() -> None:
    """Run the verbs."""
    from vbp.cli import main as vbp

    inputs, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True)
    series = out / "series.csv"
    points = "".join(f"{n},{100 + n % 5 + (n > 20) * 30},{n % 2},{int(n > 10)}\n" for n in range(40))
    series.write_text("t,y,unit,treated\n" + points, encoding="utf-8")
    basket = out / "basket.csv"
    basket.write_text("period,product_id,price,quantity\n1,甲,10,5\n1,乙,3,9\n2,甲,8,7\n2,乙,4,6\n", encoding="utf-8")
    panel = out / "did.csv"
    panel.write_text(
        "unit,t,treated,y\n"
        + "".join(f"u{u},{t},{int(u < 2)},{10 + u + t + (u < 2 and t > 5) * 4}\n" for u in range(8) for t in range(10)),
        encoding="utf-8",
    )
    export = out / "导出.csv"
    export.write_bytes((EXPORT_HEAD + "".join(EXPORT_ROW.format(n=n, yuan=n * 10) for n in range(1, 40))).encode("gbk"))
    hospital, batch = "H001", "B1"
    for name, *words in (
        ("facts", "facts", "quanzhou", "--csv"),
        ("estimate", "estimate", "jiujiang", "--json"),
        ("check", "check", inputs, "--json"),
        ("annotate", "check", inputs, "--annotate", out / "annotated.xlsx"),
        ("template", "template", out / "template.xlsx"),
        ("demo", "demo", out / "demo", "--hospitals", 9, "--months", 24),
        ("panel", "panel", inputs, "--out", out / "panels"),
        ("savings", "savings", inputs, "--json"),
        ("completion", "completion", inputs, "--csv"),
        ("surplus", "surplus", inputs),
        ("statement", "statement", inputs, "--out", out / "statement.xlsx", "--notices", out / "notices"),
        ("explain", "explain", inputs, "--hospital", hospital, "--batch", batch),
        ("project", "project", inputs, "--json"),
        ("index", "index", basket, "--json"),
        ("its", "its", series, "--outcome", "y", "--time", "t", "--date", 21, "--json"),
        (
            "did",
            "did",
            panel,
            "--outcome",
            "y",
            "--unit",
            "unit",
            "--time",
            "t",
            "--treated",
            "treated",
            "--date",
            6,
            "--json",
        ),
        ("scan", "scan", inputs, "--json"),
        ("import", "import", export, "--profile", "platform-cn", "--out", out / "imported", "--json"),
        ("wrong", "surplus", inputs / "nowhere"),
    ):
        printed, told = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(told):
            try:
                vbp([str(word) for word in words])
            except SystemExit as stop:
                status = stop.code
        text = f"status {status}\n{printed.getvalue()}\n--\n{told.getvalue()}"
        text = text.replace(str(out), "OUT").replace(str(inputs), "INPUTS")
        text = re.sub(
            r"'((?:OUT|INPUTS)[^']*)'", r"\1", text
        )  # a path with spaces stands in quotes in the next command
        (out / f"{name}.said").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
