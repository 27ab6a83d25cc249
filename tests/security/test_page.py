"""Payloads as names on a report page, in headless Chromium: no dialog, no request, no foreign node; downloads are text."""

from __future__ import annotations

import pytest

from tests.results.paper import printed
from tests.security.payloads import PAYLOADS
from tests.security.places import hostile, written
from vbp.city import open_city


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_payload_acts_on_a_page(chromium, tmp_path, lang):
    from playwright.sync_api import sync_playwright

    city = open_city("demo", inputs=written(hostile(), tmp_path / "demo"))
    target = printed(city, lang, tmp_path)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(accept_downloads=True).new_page()
        acted: list[str] = []
        page.on("dialog", lambda dialog: (acted.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("pageerror", lambda error: acted.append(f"error {error}"))
        page.on("console", lambda message: acted.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: acted.append(request.url) if request.url.startswith("http") else None)
        page.goto(target.as_uri())
        page.wait_for_selector("body[data-drawn]", state="attached")
        page.evaluate("document.querySelectorAll('details').forEach(part => { part.open = true; })")
        page.mouse.move(300, 300)
        assert "owned" not in page.title()
        assert (
            page.locator("main script:not([type='application/json']), main img, main iframe, main table svg").count()
            == 0
        )
        assert page.locator("[onmouseover], [onerror], [onload], a[href^='javascript']").count() == 0
        assert page.evaluate("({}).owned === undefined && Object.prototype.hasOwnProperty('owned') === false")
        text = page.inner_text("main")
        assert PAYLOADS["sql"] in text or PAYLOADS["formula ="] in text
        assert "49" not in [cell.strip() for cell in page.locator("main td").all_inner_texts()]
        assert acted == []
        browser.close()
