"""Messages of the company: whom they are for, when they are shown, what is counted."""

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time

from odoo.addons.billing_interactive_invoice.core import audience
from odoo.addons.billing_interactive_invoice.core.visitor_rights import (
    LINK,
    STAFF,
    Visitor,
)

from ..billing_base.common import LinkCase


class MessageCase(LinkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.messages = cls.env["billing.message"]
        cls.readings = cls.env["billing.message.reading"]
        cls.messages.search([]).action_stop()
        cls.customer = Visitor(LINK, partner_id=cls.kari.id)
        cls.staff = Visitor(STAFF, partner_id=cls.kari.id, user_id=cls.user.id)

    @classmethod
    def message(cls, kind="notice_other", publish=True, **values):
        message = cls.messages.create(
            {
                "company_id": cls.company.id,
                "kind": kind,
                "title": f"About {kind}",
                **({"reason": "Because."} if kind == "notice_price" else {}),
                **values,
            }
        )
        if publish:
            message.action_publish()
        return message

    def on_page(self, move=None, visitor=None):
        """Return what stands on the page, above the payment and below."""
        move_sudo = (move or self.invoice).sudo()
        move_sudo.invalidate_recordset()
        return move_sudo._billing_page_banners(visitor or self.customer)

    def shown(self, message, move=None, visitor=None):
        urgent, below = self.on_page(move, visitor)
        return message.sudo() in urgent | below

    def note(self, message, what, visitor=None, move=None):
        (move or self.invoice).sudo()._billing_note_message(
            visitor or self.customer, message.id, what
        )

    def figures(self, message):
        message.invalidate_recordset()
        return (
            message.reader_count,
            message.shown_count,
            message.clicked_count,
            message.closed_count,
        )


@freeze_time("2026-11-21 12:00:00")
class TestMessages(MessageCase):
    # === ON THE PAGE === #

    def test_urgent_notices_stand_above_the_payment_and_the_rest_below(self):
        tip = self.message("tip_saving")
        outage = self.message("notice_outage", is_urgent=True)
        self.assertEqual(self.on_page(), (outage.sudo(), tip.sudo()))
        sections = {
            section.code: section
            for section in self.invoice.sudo()._billing_page_sections(self.customer)
        }
        self.assertEqual(sections["notice"].values["messages"], outage.sudo())
        self.assertEqual(sections["messages"].values["messages"], tip.sudo())
        self.assertLess(sections["notice"].sequence, 20)
        self.assertGreater(sections["messages"].sequence, 60)

    def test_a_page_without_messages_has_no_section_for_them(self):
        sections = self.invoice.sudo()._billing_page_sections(self.customer)
        codes = {section.code for section in sections}
        self.assertFalse(codes & {"notice", "messages"})

    def test_a_page_carries_two_messages_service_first(self):
        offer = self.message("offer")
        tip = self.message("tip_app")
        price = self.message("notice_price")
        other = self.message()
        self._consent()
        self.assertEqual(self.on_page()[1], (other | price).sudo())
        price.action_stop()
        other.action_stop()
        self.assertEqual(self.on_page()[1], tip.sudo() + offer.sudo())

    def test_only_what_is_published_and_within_its_time_is_shown(self):
        draft = self.message(publish=False)
        early = self.message(date_from="2026-11-21 12:00:01")
        late = self.message(date_to="2026-11-21 12:00:00")
        stopped = self.message()
        stopped.action_stop()
        archived = self.message(active=False)
        for message in draft | early | late | stopped | archived:
            self.assertFalse(self.shown(message), message.title)
        with freeze_time("2026-11-21 12:00:01"):
            self.assertTrue(self.shown(early))
        with freeze_time("2026-11-21 11:59:59"):
            self.assertTrue(self.shown(late))

    def test_another_companys_messages_stay_with_it(self):
        other = self._other_company()
        message = self.messages.sudo().create({"company_id": other.id, "title": "Hi"})
        message.action_publish()
        self.assertFalse(self.shown(message))
        self.note(message, "shown")
        self.assertFalse(self.readings.sudo().search([("message_id", "=", message.id)]))
        self.assertFalse(self.messages.with_user(self.user).search([]) & message)

    def test_the_page_asks_the_database_as_often_for_many_messages_as_for_one(self):
        self.message("tip_other")
        move_sudo = self.invoice.sudo()

        def ask():
            self.env.invalidate_all()
            move_sudo._billing_page_banners(self.customer)

        ask()
        before = self.cr.sql_log_count
        ask()
        one = self.cr.sql_log_count - before
        for nth in range(8):
            self.message("tip_other", sequence=nth)
        ask()
        before = self.cr.sql_log_count
        ask()
        self.assertEqual(self.cr.sql_log_count - before, one)

    def test_where_nothing_is_published_the_page_asks_once(self):
        move_sudo = self.invoice.sudo()
        move_sudo.company_id.fetch(["name"])
        move_sudo._billing_page_banners(self.customer)
        with self.assertQueryCount(1):
            move_sudo._billing_page_banners(self.customer)

    # === OFFERS === #

    def _consent(self, agreed=True):
        self.kari.sudo().billing_contact_point_ids[:1].consent_marketing = agreed

    def test_offers_need_consent(self):
        offer = self.message("offer")
        self.assertFalse(self.shown(offer))
        self._consent()
        self.assertTrue(self.shown(offer))
        self._consent(False)
        self.assertFalse(self.shown(offer), "consent can be taken back")

    def test_consent_ends_with_its_contact_point(self):
        offer = self.message("offer")
        self._consent()
        self.kari.sudo().billing_contact_point_ids.active = False
        self.assertFalse(self.shown(offer))

    def test_no_offer_stands_beside_a_demand(self):
        offer = self.message("offer")
        tip = self.message("tip_other")
        self._consent()
        self.invoice._billing_place_hold("Meter is being checked")
        self.assertFalse(self.shown(offer))
        self.assertTrue(self.shown(tip))
        self.assertTrue(self.shown(offer, self.other))
        with freeze_time("2027-06-01"):
            self.assertFalse(self.shown(offer, self.other), "overdue by then")

    def test_tips_and_notices_need_no_consent(self):
        self.assertTrue(self.shown(self.message("tip_my_page")))
        self.assertTrue(self.shown(self.message("notice_waiting")))

    # === AUDIENCE === #

    def test_counting_and_showing_mean_the_same_customers(self):
        """The rule in the database and the rule on the page, over all invoices."""
        Category = self.env["res.partner.category"]
        vip = Category.create({"name": "VIP"})
        gold = Category.create({"name": "Gold", "parent_id": vip.id})
        power = self.env["product.category"].create({"name": "Power"})
        spot = self.env["product.category"].create(
            {"name": "Spot", "parent_id": power.id}
        )
        product = self.product_a.copy({"categ_id": spot.id, "name": "Spot price"})
        firm = self._new_partner("Firma AS", is_company=True, zip="0250", lang=False)
        buyer = self._new_partner(
            "Buyer", parent_id=firm.id, type="contact", category_id=gold.ids
        )
        ola = self._new_partner("Ola", zip="999 10", lang="en_US", category_id=vip.ids)
        self._new_partner("Site", parent_id=ola.id, type="delivery", zip="5501")
        moves = (
            self.invoice
            | self._new_invoices(partner=firm)
            | self._new_invoices(partner=buyer, invoice_date="2026-09-01")
            | self._new_invoices(partner=ola, invoice_date="2026-11-20")
            | self._new_invoices(
                partner=self.partner_a,
                invoice_line_ids=[
                    Command.create(
                        {
                            "product_id": product.id,
                            "price_unit": 5000.0,
                            "tax_ids": False,
                        }
                    )
                ],
            )
        )
        paid = self._new_invoices(partner=ola)
        self._register_payment(paid)
        moves |= paid
        moves |= paid._reverse_moves([{"invoice_date": "2026-11-10"}])
        moves[-1:].action_post()
        rules = [
            {},
            {"tag_ids": vip.ids},
            {"tag_ids": gold.ids},
            {"excluded_tag_ids": vip.ids},
            {"postcodes": "99*"},
            {"postcodes": "0200-0299, 5501"},
            {"product_category_ids": power.ids},
            {"customer_kind": "company"},
            {"customer_kind": "person"},
            *({"invoice_state": state} for state in audience.INVOICE_STATES),
            {"amount_from": 100.01},
            {"amount_to": 100.0},
            {"language_ids": self.env.ref("base.lang_en").ids},
            {"tag_ids": vip.ids, "invoice_state": "unpaid", "postcodes": "5*"},
        ]
        found_some = 0
        for values in rules:
            with self.subTest(rule=values):
                message = self.message(publish=False, **values).sudo()
                rule = message._audience_rule()
                met = moves.sudo().filtered(
                    lambda move, rule=rule: (
                        not audience.unmet(rule, move._billing_audience_facts())
                    )
                )
                counted = moves.sudo().search(
                    message._audience_domain() & message._audience_domain()
                )
                self.assertEqual(counted & moves.sudo(), met)
                found_some += 0 < len(met) < len(moves)
        self.assertGreaterEqual(found_some, 12, "the rules tell customers apart")

    def test_the_form_tells_how_many_are_reached(self):
        person = self._new_partner("Only one", zip="9876")
        self._new_invoices(2, partner=person)
        message = self.message(postcodes="9876", publish=False)
        self.assertEqual(message.reach_customer_count, 1)
        self.assertEqual(message.reach_invoice_count, 2)
        message.postcodes = "9875"
        self.assertEqual(message.reach_customer_count, 0)

    def test_a_list_of_postcodes_that_says_nothing_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "Oslo"):
            self.message(postcodes="0150, Oslo-Bergen")

    # === SEEN, CLICKED, CLOSED === #

    def test_each_customer_counts_once_a_day(self):
        message = self.message("tip_other")
        for _time in range(3):
            self.note(message, "shown")
        self.note(message, "shown", Visitor(LINK, partner_id=self.partner_a.id))
        self.note(message, "clicked")
        self.note(message, "clicked")
        self.assertEqual(self.figures(message), (2, 2, 1, 0))
        with freeze_time("2026-11-22 12:00:00"):
            self.note(message, "shown")
            self.note(message, "closed")
        self.assertEqual(self.figures(message), (2, 3, 1, 1))

    def test_what_staff_look_at_counts_nothing(self):
        message = self.message("tip_other")
        for what in ("shown", "clicked", "closed"):
            self.note(message, what, self.staff)
        self.assertEqual(self.figures(message), (0, 0, 0, 0))
        self.assertTrue(self.shown(message))

    def test_a_message_that_was_closed_stays_closed_until_published_again(self):
        message = self.message("tip_other")
        self.note(message, "closed")
        self.assertFalse(self.shown(message))
        self.assertFalse(self.shown(message, self.other), "on other invoices as well")
        self.assertTrue(
            self.shown(message, visitor=Visitor(LINK, partner_id=self.partner_a.id))
        )
        with freeze_time("2026-11-21 15:00:00"):
            message.action_stop()
            message.action_publish()
            self.assertTrue(self.shown(message))
            self.note(message, "shown")
            self.assertTrue(self.shown(message))
            self.note(message, "closed")
            self.assertFalse(self.shown(message))

    def test_a_message_with_a_cap_is_shown_on_so_many_days(self):
        message = self.message("tip_other", cap_days=2)
        for day in (21, 22):
            with freeze_time(f"2026-11-{day} 12:00:00"):
                self.assertTrue(self.shown(message))
                self.note(message, "shown")
                self.assertTrue(self.shown(message), "not taken away within the day")
        with freeze_time("2026-11-23 12:00:00"):
            self.assertFalse(self.shown(message))

    def test_the_figures_do_not_tell_who_it_was(self):
        one, two = self.message("tip_other"), self.message("tip_app")
        self.note(one, "shown")
        self.note(two, "shown")
        readings = self.readings.sudo().search([("message_id", "in", (one | two).ids)])
        self.assertEqual(len(set(readings.mapped("reader"))), 2)
        self.assertFalse(
            [
                name
                for name, field in self.readings._fields.items()
                if field.comodel_name in ("res.partner", "account.move")
            ]
        )

    def test_when_a_message_is_long_over_nobody_can_be_found_by_its_figures(self):
        over, running = self.message("tip_other"), self.message("tip_app")
        for message in over | running:
            self.note(message, "shown")
            self.note(message, "closed", Visitor(LINK, partner_id=self.partner_a.id))
        with freeze_time("2026-11-22 12:00:00"):
            self.note(over, "shown")
            over.action_stop()
            over.flush_recordset()
            self.readings._gc_readers()
        known = self.readings._known
        company_day = self.company._billing_today()
        self.assertTrue(known(over.sudo(), self.kari.id, company_day)[0])
        figures = self.figures(over)
        self.env.flush_all()
        self.cr.execute(
            "UPDATE billing_message SET write_date = '2026-07-01' WHERE id = ANY(%s)",
            [(over | running).ids],
        )
        self.readings._gc_readers()
        self.assertEqual(known(over.sudo(), self.kari.id, company_day)[0], {})
        self.assertTrue(known(running.sudo(), self.kari.id, company_day)[0])
        self.assertEqual(self.figures(over), figures)

    def test_a_notice_that_was_seen_is_noted_a_tip_is_not(self):
        notice = self.message("notice_price", title="New price")
        tip = self.message("tip_other")
        for _time in range(2):
            self.note(notice, "shown")
            self.note(tip, "shown")
            self.note(tip, "clicked")
        events = self.events.search(
            [("move_id", "=", self.invoice.id), ("kind", "=like", "message.%")]
        )
        self.assertEqual(
            sorted(events.mapped("display_text")),
            [
                "Kari Nordmann followed «About tip_other».",
                "Kari Nordmann saw «New price» on the page.",
            ],
        )
        self.assertFalse(any(events.mapped("customer_visible")))

    # === STAFF === #

    def test_staff_preview_what_is_not_published(self):
        draft = self.message("tip_other", publish=False, invoice_state="paid")
        move = self.invoice.with_context(billing_preview_message=draft.id)
        self.assertTrue(self.shown(draft, move, self.staff))
        self.assertFalse(self.shown(draft, move, self.customer))

    def test_the_preview_says_why_a_customer_does_not_see_it(self):
        offer = self.message("offer", invoice_state="paid")
        preview = self.env["billing.message.preview"].create(
            {"message_id": offer.id, "move_id": self.invoice.id}
        )
        self.assertFalse(preview.is_shown)
        self.assertEqual(
            preview.verdict.splitlines(),
            [
                "The invoice is paid, due or overdue otherwise.",
                "The customer has not agreed to offers.",
            ],
        )
        offer.invoice_state = False
        self._consent()
        preview.invalidate_recordset()
        self.assertTrue(preview.is_shown)
        url = preview.action_open_page()["url"]
        self.assertIn(f"/my/invoices/{self.invoice.id}?preview_message=", url)

    def test_the_preview_says_what_comes_first(self):
        tip = self.message("tip_other")
        self.message()
        self.message("notice_waiting")
        preview = self.env["billing.message.preview"].create(
            {"message_id": tip.id, "move_id": self.invoice.id}
        )
        self.assertEqual(preview.verdict, "Two messages come before it on this page.")

    def test_the_preview_begins_with_somebody_the_message_is_for(self):
        message = self.message(customer_kind="company", publish=False)
        firm = self._new_partner("Firma AS", is_company=True)
        invoice = self._new_invoices(partner=firm, invoice_date="2026-11-21")
        form = Form(
            self.env["billing.message.preview"].with_context(
                default_message_id=message.id
            )
        )
        self.assertEqual(form.move_id, invoice)

    def test_the_form_lets_staff_write_and_publish(self):
        form = Form(self.messages.with_user(self.user))
        form.kind = "notice_outage"
        form.title = "Power cut"
        form.is_urgent = True
        with form.question_ids.new() as question:
            question.question = "When is it back?"
            question.answer = "By four."
        message = form.save()
        message.action_publish()
        self.assertTrue(self.shown(message))
        with Form(message) as form:
            form.kind = "tip_other"
        self.assertFalse(message.is_urgent, "only notices go above the payment")

    def test_users_write_managers_delete_and_nobody_what_was_seen(self):
        draft = self.message(publish=False).with_user(self.user)
        with self.assertRaises(AccessError):
            draft.unlink()
        draft.with_user(self.manager).unlink()
        published = self.message().with_user(self.manager)
        with self.assertRaisesRegex(UserError, "Archive it"):
            published.unlink()
        with self.assertRaises(AccessError):
            self.readings.with_user(self.manager).create({})

    def test_languages_without_words_of_their_own_are_named(self):
        self.env["res.lang"]._activate_lang("sv_SE")
        message = self.message(title="Power cut", publish=False)
        self.assertIn("Swedish", message.missing_lang_names)
        message.with_context(lang="sv_SE").title = "Strömavbrott"
        self.env.invalidate_all()
        self.assertNotIn("Swedish", message.missing_lang_names)

    # === WHAT MAY BE WRITTEN === #

    def test_a_price_change_says_why(self):
        with self.assertRaisesRegex(ValidationError, "why the price"):
            self.message("notice_price", reason=" ")

    def test_a_button_leads_somewhere(self):
        for values in (
            {"button_label": "Go"},
            {"button_label": "Go", "button_target": "url"},
            {
                "button_label": "Go",
                "button_target": "url",
                "button_url": "javascript:alert(1)",
            },
            {"link_label": "Go", "link_url": "//elsewhere.example"},
            {"link_url": "https://example.com"},
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self.message(**values)

    def test_a_picture_is_told_to_who_does_not_see_it(self):
        picture = (
            b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9Q"
            b"DwADhgGAWjR9awAAAABJRU5ErkJggg=="
        )
        with self.assertRaisesRegex(ValidationError, "what the picture shows"):
            self.message(picture=picture)
        self.assertTrue(self.message(picture=picture, picture_text="A pump"))
