"""`docs/tables.md`, made from the schema: run `python -m vbp.schema.document` to write it anew."""

from __future__ import annotations

from vbp.schema import DEMANDED, KINDS, TABLES, Column, Table, vocabularies

HEAD = """# Tables of an inputs folder

Made from `lib/vbp/schema/*.toml` by `python -m vbp.schema.document`; do not edit by hand, a test compares.

A folder holds `city.yaml` (name_zh, name_en, province, rule_profile; population, insured, synthetic where known), or a workbook whose
sheet `city` is filled in as in the template, and tables as
`.csv`, `.xlsx`/`.xls` or `.parquet`, named as below in English or Chinese, or as sheets of one workbook. It must hold
{demanded};
every other table is asked for by the analysis that needs it. `?` marks a column that may be absent. A header's own
unit in brackets
is honoured (采购金额(万元), 采购数量(片/支/粒)); a table may come in parts by period (`usage-2023.csv`,
`usage-2024.csv`). A year and a month in columns of their own (年份 2024, 月份 3) are read as one month. A column 单位
beside a quantity says for each row what it counts: packs (盒, 瓶, 包 …) or minimum units (片, 支, 粒, 袋 …); both in one
file are made minimum units, packs × `units_per_pack`.

| type | meaning |
|---|---|
{kinds}
"""


def _range(column: Column) -> str:
    if column.low is None and column.high is None:
        return ""
    return " … ".join("" if bound is None else f"{bound:f}" for bound in (column.low, column.high)).strip()


def _words(column: Column) -> str:
    words = vocabularies()["yes_no"] if column.kind == "flag" else column.words
    return (
        ""
        if words is None
        else ", ".join(f"{word} ({forms[0]})" if forms else word for word, forms in words.words.items())
    )


def _line(column: Column, key: tuple[str, ...]) -> str:
    cells = (
        f"`{column.name}`{'' if column.required else ' ?'}{' 🔑' if column.name in key else ''}",
        column.kind,
        column.unit,
        f"{column.zh}; {column.en}",
        _range(column) or _words(column),
        ", ".join(column.headers),
        column.ocds,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _section(table: Table) -> str:
    lines = [
        f"## `{table.name}` {table.zh}",
        "",
        f"{table.en[0].upper()}{table.en[1:]}. Key: {', '.join(table.key)}. "
        f"File or sheet names: {', '.join((table.name, *dict.fromkeys((table.zh, *table.names))))}.",
    ]
    lines += [f"One of {' or '.join(f'`{name}`' for name in group)} is needed." for group in table.one_of]
    lines += ["Further columns (indicators) are kept as text."] if table.open else []
    lines += [
        "",
        "| column | type | unit | meaning | range or words | headers recognised | OCDS |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(_line(column, table.key) for column in table.columns)])


def document() -> str:
    """Return the text of docs/tables.md."""
    demanded = ", or ".join(" + ".join(f"`{name}`" for name in group) for group in DEMANDED)
    kinds = "\n".join(f"| {kind} | {meaning} |" for kind, meaning in KINDS.items())
    return (
        HEAD.format(demanded=demanded, kinds=kinds)
        + "\n"
        + "\n\n".join(_section(table) for table in TABLES.values())
        + "\n"
    )


def main() -> None:
    """Write docs/tables.md."""
    from vbp.paths import root

    path = root() / "docs" / "tables.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(document(), encoding="utf-8")
    print(path)


if __name__ == "__main__":
    main()
