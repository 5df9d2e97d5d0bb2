"""Every state of the page: for everybody, on every screen, in every language."""

from urllib.parse import urlsplit

import pytest

from . import accessibility, people

#: Wide and narrow screens, and what WCAG 2.2 asks for: 320 px without scrolling aside.
SCREENS = (people.DESK, people.PHONE, {"width": 320, "height": 640})
#: The states of ``books``, and what the page calls each of them.
STATES = {
    "open": "open",
    "today": "today",
    "part": "open",
    "overdue": "overdue",
    "promised": "promised",
    "asked": "asked",
    "plan": "plan",
    "disputed": "disputed",
    "disputed_part": "open",
    "claimed": "claimed",
    "paused": "paused",
    "checking": "checking",
    "debit": "debit",
    "collection": "collection",
    "paid": "paid",
    "credited": "credited",
    "cancelled": "cancelled",
    "refund": "refund",
    "refunded": "refunded",
}


def check(page, where):
    """Return what is wrong with the page as it is shown now."""
    return [
        f"{where}: {fault}"
        for fault in (
            *accessibility.violations(page),
            *accessibility.layout_faults(page),
        )
    ]


def open_all(page):
    """Open whatever can be opened: forms, tables, explanations."""
    page.evaluate(
        "() => document.querySelectorAll('details').forEach((d) => { d.open = true; })"
    )


def check_everywhere(customer):
    """Return what is wrong on any screen, in the dark, and with everything open."""
    page = customer.page
    found = []
    for screen in SCREENS:
        page.set_viewport_size(screen)
        found += check(page, f"{screen['width']} px")
    page.emulate_media(color_scheme="dark")
    found += check(page, "dark")
    open_all(page)
    found += check(page, "dark, all open")
    page.emulate_media(color_scheme="light")
    found += check(page, "all open")
    return found


#: States that look like no other, and one of each kind of help: looked at after every
#: change, the others by night.
DAILY = ("open", "overdue", "plan", "disputed", "collection", "refund")


class TestStates:
    @pytest.mark.parametrize(
        "state",
        [
            state if state in DAILY else pytest.param(state, marks=pytest.mark.nightly)
            for state in STATES
        ],
    )
    def test_everybody_can_use_it(self, meet, world, state):
        customer = meet()
        customer.visit(world.states["nb_NO"][state])
        assert customer.page.locator("h1").inner_text().strip()
        shown = customer.page.locator("[data-state]").first
        assert shown.get_attribute("data-state") == STATES[state]
        assert customer.page.locator("html").get_attribute("lang") == "nb-NO"
        found = check_everywhere(customer)
        assert not found, "\n".join(dict.fromkeys(found))

    @pytest.mark.parametrize(
        "state", (pytest.param("open", marks=pytest.mark.nightly), "overdue")
    )
    @pytest.mark.parametrize("prefix, lang", (("/sv", "sv-SE"), ("", "en-US")))
    def test_in_other_languages(self, meet, world, state, prefix, lang):
        customer = meet(locale=lang)
        customer.visit(world.states["sv_SE"][state], prefix)
        assert customer.page.locator("html").get_attribute("lang") == lang
        found = check_everywhere(customer)
        assert not found, "\n".join(dict.fromkeys(found))

    @pytest.mark.parametrize("state", ("open", "overdue"))
    def test_with_type_twice_as_large(self, meet, world, state):
        customer = meet()
        session = customer.context.new_cdp_session(customer.page)
        session.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
        customer.visit(world.states["nb_NO"][state])
        size = "() => parseFloat(getComputedStyle(document.body).fontSize)"
        assert customer.page.evaluate(size) >= 32, "type does not follow the browser's"
        open_all(customer.page)
        found = accessibility.layout_faults(customer.page)
        assert not found, "\n".join(found)

    def test_a_link_that_has_expired(self, meet, world):
        customer = meet()
        customer.expect("410")
        answer = customer.visit(world.states["nb_NO"]["expired"])
        assert answer.status == 410
        found = check_everywhere(customer)
        assert not found, "\n".join(dict.fromkeys(found))

    def test_to_somebody_signed_in(self, meet, world):
        customer = meet()
        customer.sign_in("kari.test")
        customer.page.goto(urlsplit(world.logins["kari.test"]["link"]).path)
        found = check_everywhere(customer)
        assert not found, "\n".join(dict.fromkeys(found))
