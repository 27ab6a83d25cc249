"""Writes the method page of part 9. python docs/tutorial/method_page.py PAGE."""

import sys
from pathlib import Path

PAGE = """# Selected share · 中选使用比例

## What it says · 说明什么

How much of a hospital's use of the tendered varieties is the selected products.

## Formula · 公式

```
share = selected units / (selected units + non-selected units)
```

## Worked example · 算例

84,000 selected and 36,000 non-selected units: 70 %.

```yaml worked
call: vbp.selected_share.share_percent
given: {selected: 84000, nonselected: 36000}
gives: {share_percent: 70}
```

## Limits · 局限

Units of different varieties are added up; purchases outside the agreement years are not counted.

## Source · 来源

`vbp.selected_share`.

## How to read it · 怎样读

A low share calls for a look at why: clinical need, supply, habit.

## 中文摘要

中选使用比例是集采品种用量中中选产品所占的比例，按折算单位计算。算例：中选八万四千片、非中选三万六千片，比例为百分之七十。
"""

Path(sys.argv[1]).write_text(PAGE, encoding="utf-8")
print(f"{sys.argv[1]}: written")
