"""Everything on the page can be done with the keyboard alone.

In English, which the tests know the words of.
"""

import re

from playwright.sync_api import expect

from . import accessibility, people


def reach(page, name):
    """Press Tab until what has this name has the keyboard.

    :param name: regular expression
    :raises AssertionError: the keyboard does not get there
    """
    stops = []
    for _press in range(150):
        page.keyboard.press("Tab")
        stop = accessibility.focus(page)
        if stop is None:
            break
        stops.append(stop["name"])
        if re.search(name, stop["name"]):
            assert stop["visible"], f"one does not see that «{name}» has the keyboard"
            return
    raise AssertionError(f"no way to «{name}» by {stops}")


class TestKeyboard:
    def test_the_whole_page(self, meet, world):
        customer = meet(people.Customer, people.DESK)
        customer.visit(world.states["nb_NO"]["open"])
        stops = accessibility.tab_through(customer.page)
        assert len(stops) > 5
        assert all(stop["name"] for stop in stops), stops
        assert not [stop for stop in stops if not stop["visible"]]
        assert not [stop for stop in stops if not stop["onScreen"]]

    def test_skips_to_the_content(self, meet, world):
        customer = meet(people.Customer, people.DESK)
        customer.visit(world.states["nb_NO"]["open"])
        customer.page.keyboard.press("Tab")
        customer.page.keyboard.press("Enter")
        expect(customer.page.locator("#main")).to_be_focused()

    def test_writing(self, meet, world):
        customer = meet(people.Customer, people.DESK)
        customer.visit(world.take(), "")
        page = customer.page
        reach(page, "^Your message")
        page.keyboard.type("Is this the meter in the cellar?")
        reach(page, "^Send$")
        page.keyboard.press("Enter")
        message = customer.section("conversation").get_by_text("meter in the cellar")
        expect(message.first).to_be_visible()
        # The next question can be typed at once.
        expect(page.locator("#conversation-text")).to_have_value("")

    def test_objecting(self, meet, world):
        customer = meet(people.Customer, people.DESK)
        customer.visit(world.take(), "")
        page = customer.page
        reach(page, "^Something is wrong")
        page.keyboard.press("Enter")
        reach(page, "^What is wrong")
        page.keyboard.press("ArrowDown")
        reach(page, "^In your own words")
        page.keyboard.type("I moved out in March.")
        reach(page, "^Send$")
        page.keyboard.press("Enter")
        expect(page.locator("[data-state]").first).to_have_attribute(
            "data-state", "disputed"
        )
        expect(page.get_by_text("Somebody looks into it").first).to_be_visible()

    def test_paying(self, meet, world):
        customer = meet(people.Customer, people.DESK)
        customer.visit(world.take(), "")
        page = customer.page
        reach(page, r"^Pay\s.*\d")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/pay"))
        page.wait_for_selector("button[name=o_payment_submit_button]:enabled")
        reach(page, "^Pay")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/my/invoices/[0-9]+[^/]*$"))
        expect(page.locator("[data-state]").first).to_have_attribute(
            "data-state", "paid"
        )
