"""The sheet of parameters (profile, threshold, bands) and the sheet of sources and checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vbp.rules import Band, Profile
from vbp.statement import cells
from vbp.surplus import Settlement
from vbp.surplus.show import switch_text
from vbp.words import say

SHEET = "参数"
MOST_BANDS = 12
_THRESHOLD_ROW, _BANDS = 5, 8
THRESHOLD = f"{SHEET}!$B${_THRESHOLD_ROW}"
BAND_LOW = f"{SHEET}!$A${_BANDS}:$A${_BANDS + MOST_BANDS - 1}"
BAND_RATIO = f"{SHEET}!$B${_BANDS}:$B${_BANDS + MOST_BANDS - 1}"


def write_parameters(sheet: Any, profile: Profile, title: str, header: str) -> None:
    """Write threshold and bands as inputs that every formula uses, then the switches as words."""
    cells.page(sheet, (34, 26, 60), "A4", header, landscape=False)
    sheet.append([cells.title_cell(sheet, title)])
    sheet.append([cells.small_cell(sheet, f"{profile.title.zh}　{profile.source.document}　{profile.source.date}")])
    sheet.append([cells.small_cell(sheet, "浅黄底色为可改参数；公式单元格已锁定（无密码）。改动后各表随之重算。")])
    sheet.append([cells.head_cell(sheet, "参数"), cells.head_cell(sheet, "值"), cells.head_cell(sheet, "说明")])
    sheet.append(
        [
            cells.cell(sheet, "完成认定线（实际/约定）"),
            cells.cell(sheet, profile.settlement.completion_threshold, cells.SHARE, True),
            cells.cell(sheet, "实际采购量达到约定采购量的该比例，认定完成"),
        ]
    )
    sheet.append([])
    sheet.append(
        [
            cells.head_cell(sheet, "考核得分下限（含）"),
            cells.head_cell(sheet, "留用比例k（上限50%）"),
            cells.head_cell(sheet, "说明"),
        ]
    )
    bands = profile.assessment.bands
    for place in range(MOST_BANDS):
        sheet.append(_band(sheet, bands[place] if place < len(bands) else None, _BANDS + place))
    sheet.append([])
    sheet.append([cells.head_cell(sheet, head) for head in ("规则开关", "取值", "是否待核")])
    for name, value in profile.parameters():
        why = profile.unverified.get(name)
        sheet.append(
            [
                cells.cell(sheet, f"{say(f'rules.{name.split(chr(46))[-1]}', 'zh')}（{name}）"),
                cells.cell(sheet, switch_text(value, "zh")),
                cells.cell(sheet, why.zh if why else ""),
            ]
        )


def _band(sheet: Any, band: Band | None, n: int) -> list[Any]:
    """Return a band's cells; spare lines repeat the line above, so that LOOKUP never meets an empty cell."""
    if band is None:
        return [
            cells.cell(sheet, cells.Formula(f"A{n - 1}"), cells.PLAIN, True),
            cells.cell(sheet, cells.Formula(f"B{n - 1}"), cells.RATIO, True),
            cells.cell(sheet, "（备用，同上一档）"),
        ]
    return [
        cells.cell(sheet, band.lowest, cells.PLAIN, True),
        cells.cell(sheet, band.ratio, cells.RATIO, True),
        cells.cell(sheet, f"{band.lowest}–{band.highest}分"),
    ]


def write_sources(sheet: Any, settlement: Settlement, title: str, header: str, provenance: Sequence[str]) -> None:
    """Write where rules and inputs come from, what is unverified, and the library's checks."""
    cells.page(sheet, (26, 90), "A3", header, landscape=False)
    sheet.append([cells.title_cell(sheet, title)])
    sheet.append([cells.head_cell(sheet, "项目"), cells.head_cell(sheet, "内容")])
    profile = settlement.profile
    pairs = [
        ("规则", f"{profile.name}：{profile.title.zh}"),
        ("文件", profile.source.document),
        ("发文机关", profile.source.publisher),
        ("日期", profile.source.date),
        ("施行", f"{profile.effective.from_date} 起"),
        ("截至日期", str(settlement.as_of or "—")),
    ]
    pairs += [("文件说明", profile.source.note.zh)] if profile.source.note else []
    pairs += [("已公布", words.zh) for words in profile.published]
    pairs += [("未公布", words.zh) for words in profile.not_published]
    pairs += [("待核参数", f"{name}：{why.zh}") for name, why in profile.unverified.items()]
    pairs += [("测算说明", note) for note in settlement.notes("zh")]
    pairs += [
        ("核对", f"{check.text}：{'通过' if check.verdict == 'pass' else '不通过'}")
        for check in settlement.checks("zh")
    ]
    pairs += [("数据来源", line) for line in provenance]
    for name, text in pairs:
        sheet.append([cells.cell(sheet, name), cells.cell(sheet, text)])
