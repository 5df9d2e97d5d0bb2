"""Direct debit from the page of an invoice, as a customer with a telephone does it.

The bank's page and BankID are the demo's, which answer at once: what is timed is what
we ask of the customer.
"""

import re
import time

import pytest
from playwright.sync_api import expect

from . import accessibility, people
from .test_keyboard import reach

#: Seconds that a customer has, the machine's own time included.
MINUTE = 60
CLEARING, NUMBER = "5000", "0000027"


def check(page, where):
    """Return what keeps somebody from using the page."""
    return [
        f"{where}: {fault}"
        for fault in (
            *accessibility.violations(page),
            *accessibility.layout_faults(page),
        )
    ]


def open_all(page):
    page.evaluate(
        "() => document.querySelectorAll('details').forEach((d) => { d.open = true; })"
    )


def card(customer):
    return customer.page.locator("#direct_debit")


def confirm(world, invoice):
    """Let the bank confirm what waits for it."""
    world.query(
        """UPDATE billing_mandate
              SET state = 'active', active_from = CURRENT_DATE, at_bank = TRUE
            WHERE partner_id = %s AND state IN ('draft', 'sent')""",
        invoice["partner_id"],
    )


def mandates(world, invoice):
    return world.query(
        "SELECT state, bank_account FROM billing_mandate WHERE partner_id = %s"
        " ORDER BY id",
        invoice["partner_id"],
    )


@pytest.fixture
def swedish(meet, world):
    """Somebody who is signed in, and an invoice of theirs."""

    def sit_down(screen=people.PHONE, **options):
        login = world.take_signed_in()
        customer = meet(people.Customer, screen, **options)
        # Odoo's own page of signing in is not shown without scripts.
        customer.page.goto("/web/login")
        token = customer.page.locator("input[name=csrf_token]").first
        customer.context.request.post(
            f"{customer.line.url}/web/login",
            form={
                "csrf_token": token.get_attribute("value"),
                "login": login,
                "password": login,
            },
        )
        invoice = world.logins[login]
        customer.page.goto(f"/my/invoices/{invoice['id']}")
        return customer, invoice

    return sit_down


class TestNorway:
    def test_one_click_to_the_bank_and_back_within_a_minute(
        self, meet, world, measured
    ):
        customer = meet()
        invoice = world.take()
        customer.visit(invoice, "")
        page = customer.page
        found = check(page, "invoice")
        begun = time.monotonic()
        card(customer).get_by_role("checkbox").check()
        card(customer).get_by_role("button", name="Start AvtaleGiro").click()
        # The form goes on by itself.
        page.wait_for_url(re.compile("/billing/demo/agreement"))
        expect(page.get_by_text(invoice["reference"])).to_be_visible()
        found += check(page, "demo of the bank's page")
        page.get_by_role("link", name="Agree", exact=True).click()
        page.wait_for_url(re.compile(r"/my/invoices/\d+\?"))
        expect(card(customer)).to_have_attribute("data-stage", "waiting")
        took = time.monotonic() - begun
        measured("Norway, seconds to sign up", f"{took:.1f}")
        assert took < MINUTE
        found += check(page, "waiting")
        assert not found, "\n".join(dict.fromkeys(found))
        # Whatever the address said, nobody has a mandate yet.
        assert mandates(world, invoice) == []

    @pytest.mark.nightly
    def test_back_by_the_browser_does_not_send_there_again(self, meet, world):
        customer = meet()
        customer.visit(world.take(), "")
        page = customer.page
        # Without the script that goes on, one sees the page that hands over.
        page.route("**/handover.js", lambda route: route.fulfill(body=""))
        card(customer).get_by_role("button", name="Start AvtaleGiro").click()
        expect(page.get_by_role("heading", name="On to your bank")).to_be_visible()
        found = check(page, "on to the bank")
        assert not found, "\n".join(found)
        page.get_by_role("link", name="Back to the invoice").click()
        expect(card(customer)).to_have_attribute("data-stage", "waiting")
        page.unroute("**/handover.js")
        card(customer).get_by_role("button", name="To my bank").click()
        page.wait_for_url(re.compile("/billing/demo/agreement"))
        page.go_back()
        expect(card(customer)).to_have_attribute("data-stage", "waiting")

    def test_without_scripts(self, meet, world):
        customer = meet(java_script_enabled=False)
        customer.visit(world.take(), "")
        page = customer.page
        card(customer).get_by_role("button", name="Start AvtaleGiro").click()
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("link", name="Do not agree").click()
        expect(card(customer)).to_have_attribute("data-stage", "waiting")
        expect(card(customer).get_by_role("button", name="To my bank")).to_be_visible()

    @pytest.mark.nightly
    def test_with_the_keyboard_alone(self, meet, world):
        customer = meet(people.Customer, people.DESK)
        customer.visit(world.take(), "")
        page = customer.page
        reach(page, "^Also what I have received")
        page.keyboard.press("Space")
        reach(page, "^Start AvtaleGiro")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/billing/demo/agreement"))
        reach(page, "^Agree$")
        page.keyboard.press("Enter")
        expect(card(customer)).to_have_attribute("data-stage", "waiting")


class TestSweden:
    def sign_up(self, page, number=NUMBER):
        page.get_by_label("Clearing number").fill(CLEARING)
        page.get_by_label("Account number").fill(number)
        page.get_by_label("I agree").check()
        page.get_by_role("button", name="Sign with BankID").click()
        page.wait_for_url(re.compile("/billing/demo/bankid"))
        page.get_by_role("button", name="Sign", exact=True).click()
        page.wait_for_url(re.compile("/direct_debit$"))

    def test_signed_stopped_and_changed_each_within_a_minute(
        self, swedish, world, measured
    ):
        customer, invoice = swedish()
        page = customer.page
        begun = time.monotonic()
        card(customer).get_by_role("link", name="Start Autogiro").click()
        found = check(page, "form")
        self.sign_up(page)
        expect(page.get_by_role("heading", level=1)).to_contain_text("on its way")
        took = time.monotonic() - begun
        measured("Sweden, seconds to sign up", f"{took:.1f}")
        assert took < MINUTE
        found += check(page, "on its way")
        [(state, account)] = mandates(world, invoice)
        assert (state, account) == ("draft", f"{CLEARING}00000{NUMBER}")

        confirm(world, invoice)
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_contain_text("is on")
        open_all(page)
        found += check(page, "on, all open")
        begun = time.monotonic()
        self.sign_up(page, "0000019")
        took = time.monotonic() - begun
        measured("Sweden, seconds to another account", f"{took:.1f}")
        assert took < MINUTE
        expect(page.get_by_text("Your new account takes over")).to_be_visible()
        assert [state for state, _account in mandates(world, invoice)] == [
            "active",
            "draft",
        ]

        begun = time.monotonic()
        page.get_by_text("Stop Autogiro").click()
        page.get_by_role("button", name="Stop now").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("is off")
        took = time.monotonic() - begun
        measured("Sweden, seconds to stop", f"{took:.1f}")
        assert took < MINUTE
        found += check(page, "off")
        assert not found, "\n".join(dict.fromkeys(found))
        assert {state for state, _account in mandates(world, invoice)} == {"ended"}

    def test_with_the_keyboard_alone(self, swedish, world):
        customer, invoice = swedish(people.DESK)
        page = customer.page
        reach(page, "^Start Autogiro")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/direct_debit"))
        reach(page, "^Clearing number")
        page.keyboard.type(CLEARING)
        reach(page, "^Account number")
        page.keyboard.type(NUMBER)
        reach(page, "^I agree")
        page.keyboard.press("Space")
        reach(page, "^Sign with BankID")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/billing/demo/bankid"))
        reach(page, "^Sign$")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("on its way")
        reach(page, "^Stop Autogiro")
        page.keyboard.press("Enter")
        reach(page, "^Stop now")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("is off")
        assert [state for state, _account in mandates(world, invoice)] == ["ended"]

    def test_what_is_wrong_stands_above_and_is_kept(self, swedish):
        customer, _invoice = swedish(java_script_enabled=False)
        customer.expect("422")
        page = customer.page
        card(customer).get_by_role("link", name="Start Autogiro").click()
        page.get_by_label("Clearing number").fill("5000")
        page.get_by_label("Account number").fill("1234567")
        page.get_by_label("I agree").check()
        page.get_by_role("button", name="Sign with BankID").click()
        expect(page.get_by_role("alert")).to_contain_text("do not fit together")
        expect(page.get_by_label("Account number")).to_have_value("1234567")

    @pytest.mark.nightly
    def test_in_the_customers_language_on_the_narrowest_screen(self, swedish):
        customer, invoice = swedish({"width": 320, "height": 640}, locale="sv-SE")
        page = customer.page
        page.goto(f"/sv/my/invoices/{invoice['id']}/direct_debit")
        assert page.locator("html").get_attribute("lang") == "sv-SE"
        open_all(page)
        found = check(page, "320 px")
        page.emulate_media(color_scheme="dark")
        found += check(page, "320 px, dark")
        assert not found, "\n".join(dict.fromkeys(found))
