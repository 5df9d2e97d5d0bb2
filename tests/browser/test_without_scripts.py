"""A browser without scripts reads the page, and sends its forms."""

import re

from playwright.sync_api import expect


class TestWithoutScripts:
    def test_all_there_is_to_know_is_there(self, meet, world):
        invoice = world.states["nb_NO"]["open"]
        customer = meet(java_script_enabled=False)
        customer.visit(invoice)
        body = customer.page.locator("body").inner_text()
        digits = re.sub(r"\s", "", body)
        assert invoice["reference"] in digits
        assert f"{invoice['open']:.2f}".replace(".", ",") in digits
        # What only a script could do is not offered.
        expect(customer.page.locator("[data-copy]:visible")).to_have_count(0)
        expect(customer.section("pay")).to_be_visible()
        expect(customer.section("help").locator("summary").first).to_be_visible()

    def test_writes_and_objects(self, meet, world):
        customer = meet(java_script_enabled=False)
        customer.visit(world.take(), "")
        page = customer.page
        page.fill("#conversation-text", "Is this <b>the</b> meter in the cellar?")
        customer.section("conversation").locator("button[type=submit]").click()
        thread = customer.section("conversation")
        expect(thread.get_by_text("<b>the</b> meter")).to_be_visible()

        page.click("#help-dispute summary")
        page.select_option("#help-dispute-reason", index=1)
        page.fill("#help-dispute-text", "I moved out in March.")
        page.click("#help-dispute button[type=submit]")
        expect(page.locator(".k-said")).to_contain_text("Somebody looks into it")
        expect(page.locator("[data-state]").first).to_have_attribute(
            "data-state", "disputed"
        )

    def test_what_is_wrong_stands_beside_the_form(self, meet, world):
        customer = meet(java_script_enabled=False)
        customer.expect("422")
        customer.visit(world.take(), "")
        page = customer.page
        page.click("#help-paid summary")
        page.fill("#help-paid-day", "2019-01-31")
        page.fill("#help-paid-amount", "12,50")
        page.click("#help-paid button[type=submit]")
        expect(page.locator("#help-paid [role=alert]")).to_contain_text("long before")
        expect(page.locator("#help-paid-amount")).to_have_value("12,50")

    def test_paying_says_how_without_scripts(self, meet, world):
        customer = meet(java_script_enabled=False)
        invoice = world.states["nb_NO"]["open"]
        customer.visit(invoice, "")
        customer.section("pay").locator("a.k-pay-button").click()
        # Chromium that is told to run no scripts parses the page as if it could.
        [words] = customer.page.locator("main noscript").all_text_contents()
        assert "pay in your bank" in words
