"""Texts that would act if any place let them; docs/security.md lists the same names."""

from __future__ import annotations

PAYLOADS: dict[str, str] = {
    "html": "<b>粗</b><img src=x onerror=document.title='owned'>",
    "script": "<script>document.title='owned';alert(1)</script>",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "javascript link": "[点](javascript:alert(1)) javascript:alert(1)",
    "closing tags": "</script></style></title></textarea><svg onload=alert(1)>",
    "markdown": "![x](http://192.0.2.1/x.png) `a` **b** $\\input{/etc/passwd}$",
    "formula =": "=cmd|' /C calc'!A0",
    "formula +": "+1+1",
    "formula -": "-2+3+cmd|' /C calc'!A0",
    "formula @": "@SUM(1+1)*cmd|' /C calc'!A0",
    "formula tab": "\t=1+1",
    "sql": "'; DROP TABLE usage; --",
    "sql quotes": "\"x\" OR 1=1; SELECT * FROM read_csv('/etc/passwd')",
    "template": "{{ 7*7 }}{% for x in ().__class__.__bases__ %}{% endfor %}${7*7}#{7*7}",
    "format": "%{y} %s %(name)s {0.__class__} {city}",
    "ansi": "\x1b[2J\x1b]0;owned\x07\x1b[31mrot",
    "bidi": "医院\u202egnp.exe",
    "control": "a\x01\x08b\x7f\x9bc",
    "path": "../../../etc/passwd",
    "path backslash": "..\\..\\windows\\system32",
    "long": "长" * 500,
    "emoji": "医院\U0001f3e5\U0001f489\u200d\U0001f469",
    "prototype": "__proto__",
    "yaml": "!!python/object/apply:os.system ['true']",
}
