"""How well customers are reached, and what happens when nothing works any more."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tests import Form

from odoo.addons.billing_base.core import contact

from .common import BillingBaseCase


class HealthCase(BillingBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.points = cls.env["billing.contact.point"]
        cls.kari = cls._new_partner(email="kari@gmial.com", phone="92 00 00 01")
        cls.email, cls.sms = cls.kari.billing_contact_point_ids

    def tasks(self, partner=None):
        return (partner or self.kari)._billing_address_tasks()

    def kinds(self, kind):
        return self.events.search([("kind", "=", kind)])


class TestAddresses(HealthCase):
    def addresses(self, partner):
        return {point.channel: point for point in partner.billing_contact_point_ids}

    def test_a_whole_postal_address_is_a_contact_point_and_the_last_resort(self):
        partner = self._new_partner(
            street="Fjellveien 12", street2="c/o Ås", zip="6899", city="Lysvik"
        )
        letter = partner.billing_contact_point_ids
        self.assertRecordValues(
            letter,
            [
                {
                    "channel": "letter",
                    "address": "Fjellveien 12, c/o Ås, 6899 Lysvik, NO",
                    "sequence": 90,
                    "source": "partner",
                }
            ],
        )
        partner.city = False
        self.assertFalse(letter.active, "a letter would not arrive")
        partner.city = "Lysvik"
        self.assertTrue(letter.active)

    def test_moving_gives_a_new_point_that_has_not_been_tried(self):
        self.kari.write({"street": "Fjellveien 12", "zip": "6899", "city": "Lysvik"})
        self.addresses(self.kari)["letter"]._record_failure("hard", "returned")
        self.kari.write({"street": "Strandgata 3"})
        letter = self.addresses(self.kari)["letter"]
        self.assertEqual(letter.address, "Strandgata 3, 6899 Lysvik, NO")
        self.assertEqual(letter.state, "unverified")

    def test_efaktura_and_mailbox_come_from_their_fields(self):
        self.kari.write(
            {
                "billing_efaktura_address": " 1234 5678 ",
                "billing_mailbox_address": "kari.nordmann#12AB",
            }
        )
        found = self.addresses(self.kari)
        self.assertEqual(found["efaktura"].address, "12345678")
        self.assertEqual(found["mailbox"].address, "kari.nordmann#12AB")
        self.assertEqual(
            contact.preferred(self.kari.billing_contact_point_ids)[0],
            found["efaktura"],
            "who has eFaktura asked for it",
        )
        self.kari.billing_efaktura_address = False
        self.assertFalse(found["efaktura"].active)

    def test_ehf_takes_what_has_the_form_of_a_participant(self):
        point = self.points.create(
            {
                "partner_id": self.kari.id,
                "channel": "ehf",
                "address": "0192: 987 654 321",
            }
        )
        self.assertEqual(point.address, "0192:987654321")
        with self.assertRaisesRegex(ValidationError, "«987654321».*EHF"):
            point.address = "987654321"


class TestHealth(HealthCase):
    def health(self):
        return self.kari.billing_contact_health

    def test_it_is_as_good_as_what_is_left(self):
        self.assertEqual(self.health(), "good")
        self.email._record_failure("hard", "no such user")
        self.assertEqual(self.health(), "good", "the phone may work")
        for _nth in range(3):
            self.sms._record_failure("soft", "switched off")
        self.assertEqual(self.health(), "weak")
        self.sms._record_failure("hard", "unknown subscriber")
        self.assertEqual(self.health(), "lost")
        (self.email | self.sms).consent_billing = False
        self.assertEqual(self.health(), "declined")
        self.kari.write({"email": False, "phone": False})
        self.assertEqual(self.health(), "none")

    def test_customers_are_searched_by_it(self):
        def partner(name, **values):
            return self._new_partner(name, email=f"{name}@kunde.example", **values)

        good, weak, lost, declined = map(partner, ("good", "weak", "lost", "declined"))
        none = self._new_partner("none", street="A 1", zip="0150", city="Oslo")
        for _nth in range(3):
            weak.billing_contact_point_ids._record_failure("soft", "full")
        lost.billing_contact_point_ids._record_failure("hard", "gone")
        declined.billing_contact_point_ids.consent_billing = False
        everyone = good | weak | lost | declined | none
        self.assertEqual(
            everyone.mapped("billing_contact_health"),
            ["good", "weak", "lost", "declined", "none"],
        )

        def search(*domain):
            found = Domain("id", "in", everyone.ids) & Domain(*domain)
            return self.env["res.partner"].with_user(self.user).search(found)

        for customer in everyone:
            health = customer.billing_contact_health
            with self.subTest(health=health):
                self.assertEqual(
                    search("billing_contact_health", "=", health), customer
                )
        self.assertEqual(
            search("billing_contact_health", "in", ("good", "none")), good | none
        )
        self.assertEqual(
            search("billing_contact_health", "!=", "good"), everyone - good
        )
        self.assertEqual(search("billing_contact_needed", "=", True), weak | lost)
        self.assertEqual(
            search("billing_contact_needed", "=", False), good | declined | none
        )
        self.assertEqual(
            self.points.search(
                [
                    ("partner_id", "in", everyone.ids),
                    ("partner_id.billing_contact_needed", "=", True),
                ]
            ).partner_id,
            weak | lost,
        )

    def test_a_clerk_without_billing_rights_does_not_see_it(self):
        clerk = self._new_user("clerk", "base.group_user,base.group_partner_manager")
        with self.assertRaises(AccessError):
            self.kari.with_user(clerk).read(["billing_contact_health"])


class TestAsking(HealthCase):
    def lose(self, partner=None):
        points = (partner or self.kari).billing_contact_point_ids
        points._record_failure("hard", "no such address")

    def test_staff_are_asked_for_another_address_when_the_last_one_fails(self):
        self.email._record_failure("hard", "no such user")
        self.assertFalse(self.tasks(), "the phone is left")
        self.sms._record_failure("hard", "unknown subscriber")
        task = self.tasks()
        self.assertRecordValues(
            task,
            [
                {
                    "res_id": self.kari.id,
                    "summary": "Ask the customer for another e-mail address or phone "
                    "number",
                    "user_id": False,
                }
            ],
        )
        self.assertEqual(self.kinds("contact.needed").partner_id, self.kari)

    def test_the_customers_own_contact_at_the_company_gets_the_task(self):
        self.kari.user_id = self.user
        self.lose()
        self.assertEqual(self.tasks().user_id, self.user)
        self.assertFalse(
            self.env["mail.mail"].search(
                [("recipient_ids", "in", self.user.partner_id.ids)]
            ),
            "an e-mail for each bounce helps nobody",
        )

    def test_it_is_asked_once(self):
        self.lose()
        self.sms._unblock()
        self.assertFalse(self.tasks(), "may work again")
        self.sms._record_failure("hard", "unknown subscriber")
        self.assertFalse(self.tasks(), "not twice a day")
        self.assertEqual(len(self.kinds("contact.needed")), 1)

    def test_an_open_task_is_enough(self):
        self.lose()
        task = self.tasks()
        self.kinds("contact.needed").with_context(
            billing_event_retention=True
        ).sudo().unlink()
        self.sms.sudo().state = "failing"
        self.sms._record_failure("hard", "unknown subscriber")
        self.assertEqual(self.tasks(), task)

    def test_a_customer_who_wants_no_messages_is_not_asked(self):
        self.sms.consent_billing = False
        self.email.consent_billing = False
        self.lose()
        self.assertFalse(self.tasks())

    def test_whatever_may_work_closes_the_task(self):
        cases = {
            "added by hand": lambda: self.points.create(
                {"partner_id": self.kari.id, "channel": "sms", "address": "92000009"}
            ),
            "changed on the customer": lambda: self.kari.write(
                {"email": "kari@kunde.example"}
            ),
            "tried again": lambda: self.sms._unblock(),
            "changed by hand": lambda: self.points.search(
                [("partner_id", "=", self.kari.id), ("source", "=", "manual")]
            ).write({"address": "92000010"}),
        }
        for name, settle in cases.items():
            with self.subTest(name=name), self.cr.savepoint() as savepoint:
                self.lose()
                if name == "changed by hand":
                    own = self.points.create(
                        {
                            "partner_id": self.kari.id,
                            "channel": "sms",
                            "address": "92000008",
                        }
                    )
                    own._record_failure("hard", "unknown")
                self.assertTrue(self.tasks() or name == "changed by hand")
                settle()
                self.assertFalse(self.tasks())
                self.env.flush_all()
                savepoint.rollback()
                self.env.invalidate_all()

    def test_a_late_delivery_closes_it_too(self):
        for point in (self.email, self.sms):
            for _nth in range(3):
                point._record_failure("soft", "busy")
        self.assertTrue(self.tasks())
        self.sms._record_success()
        self.assertFalse(self.tasks())

    def test_many_bounces_take_as_many_statements_as_few(self):
        def customers(count, start):
            return self.env["res.partner"].create(
                [
                    {"name": f"c{nth}", "email": f"c{nth}@kunde.example"}
                    for nth in range(start, start + count)
                ]
            )

        counts = []
        for count, start in ((3, 0), (10, 100), (40, 1000)):
            points = self.points.browse(
                customers(count, start).billing_contact_point_ids.ids
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            points._record_failure("hard", "no such user")
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
            self.assertEqual(len(self.tasks(points.partner_id)), count)
        self.assertEqual(counts[1], counts[2])

    def test_staff_may_have_deleted_the_type_of_task(self):
        kind = self.env.ref("billing_base.mail_activity_type_address")
        # Those of the demo's customers, done ones too.
        tasks = self.env["mail.activity"].sudo().with_context(active_test=False)
        tasks.search([("activity_type_id", "=", kind.id)]).unlink()
        kind.unlink()
        self.lose()
        self.assertFalse(self.tasks())
        self.assertTrue(self.kinds("contact.needed"))
        self.env["res.partner"]._billing_leave_address_tasks()

    def test_tasks_outlive_the_addon_as_ordinary_ones(self):
        self.lose()
        task = self.tasks()
        self.env["res.partner"]._billing_leave_address_tasks()
        self.assertEqual(
            task.activity_type_id, self.env.ref("mail.mail_activity_data_todo")
        )


class TestFix(HealthCase):
    def test_a_slip_is_recognised_once_it_matters(self):
        self.assertFalse(self.email.suggestion, "nobody complained yet")
        self.email._record_failure("hard", "no such domain")
        self.assertEqual(self.email.suggestion, "kari@gmail.com")
        self.sms._record_failure("hard", "unknown subscriber")
        self.assertFalse(self.sms.suggestion)

    def test_one_click_uses_what_was_meant(self):
        self.email._record_failure("hard", "no such domain")
        self.email.consent_marketing = True
        (self.email | self.sms).with_user(self.user).action_use_suggestion()
        self.assertEqual(self.kari.email, "kari@gmail.com")
        self.assertFalse(self.email.active)
        new = self.points.search(
            [("partner_id", "=", self.kari.id), ("channel", "=", "email")]
        )
        self.assertRecordValues(
            new,
            [
                {
                    "address": "kari@gmail.com",
                    "state": "unverified",
                    "consent_billing": True,
                    "consent_marketing": True,
                }
            ],
        )
        event = self.kinds("contact.replaced")
        self.assertEqual(event.user_id, self.user)
        self.assertEqual(
            event.display_text, "E-mail kari@gmial.com replaced by kari@gmail.com."
        )

    def test_the_other_addresses_of_the_field_stay(self):
        self.kari.email = "kari@gmial.com, ola@kunde.example"
        self.email._replace("Kari@Gmail.com")
        self.assertEqual(self.kari.email, "Kari@Gmail.com, ola@kunde.example")
        self.assertEqual(
            self.kari.billing_contact_point_ids.filtered(
                lambda point: point.channel == "email"
            ).mapped("address"),
            ["ola@kunde.example", "kari@gmail.com"],
        )

    def test_phone_and_hand_made_points_are_replaced_too(self):
        self.sms._replace("92 00 00 02")
        self.assertEqual(self.kari.phone, "92 00 00 02")
        own = self.points.create(
            {"partner_id": self.kari.id, "channel": "sms", "address": "92000003"}
        )
        new = own._replace("92000004")
        self.assertEqual((own.active, new.active), (False, True))
        self.assertEqual(new.address, "+4792000004")
        new._record_failure("hard", "unknown subscriber")
        self.assertEqual(new._replace("92 00 00 04"), new, "the same again")
        self.assertEqual(new.state, "unverified", "it is right, somebody says")

    def test_an_address_known_to_fail_gets_another_try_when_staff_say_so(self):
        other = self.points.create(
            {"partner_id": self.kari.id, "channel": "email", "address": "b@kunde.no"}
        )
        other._block("complained")
        other.active = False
        self.assertEqual(self.email._replace("b@kunde.no"), other)
        self.assertRecordValues(other, [{"active": True, "state": "unverified"}])

    def test_what_is_no_address_is_refused_and_changes_nothing(self):
        with self.assertRaises(ValidationError):
            self.email._replace("kari at gmail")
        self.assertTrue(self.email.active)
        self.kari.write({"street": "A 1", "zip": "0150", "city": "Oslo"})
        letter = self.kari.billing_contact_point_ids - self.email - self.sms
        with self.assertRaisesRegex(UserError, "on the customer record"):
            letter._replace("B 2, 0150 Oslo")

    def test_the_form_offers_what_was_meant(self):
        self.email._record_failure("hard", "no such domain")
        action = self.email.with_user(self.user).action_fix()
        wizards = self.env["billing.contact.fix.wizard"].with_user(self.user)
        with Form(wizards.with_context(**action["context"])) as form:
            self.assertEqual(form.address, "kari@gmail.com")
            form.address = "kari@hotmail.com"
        form.record.action_replace()
        self.assertEqual(self.kari.email, "kari@hotmail.com")

    def test_the_form_lets_the_old_one_be_tried_again(self):
        self.sms._record_failure("hard", "unknown subscriber")
        wizard = (
            self.env["billing.contact.fix.wizard"]
            .with_user(self.user)
            .create({"point_id": self.sms.id})
        )
        self.assertEqual(wizard.address, "+4792000001")
        wizard.action_try_again()
        self.assertEqual(self.sms.state, "unverified")

    def test_the_address_of_a_colleague_is_not_theirs_to_change(self):
        colleague = self._new_user("colleague", "base.group_system").partner_id
        colleague.email = "boss@fjordlys.example"
        point = colleague.billing_contact_point_ids.filtered(
            lambda point: point.channel == "email"
        )
        with self.assertRaises(AccessError):
            point.with_user(self.user)._replace("me@elsewhere.example")
        self.assertEqual(colleague.email, "boss@fjordlys.example")

    def test_only_billing_staff_fix(self):
        clerk = self._new_user("clerk", "base.group_user,base.group_partner_manager")
        wizards = self.env["billing.contact.fix.wizard"]
        with self.assertRaises(AccessError):
            wizards.with_user(clerk).create({"point_id": self.email.id})
        wizard = wizards.create({"point_id": self.email.id})
        for method in ("action_replace", "action_try_again"):
            with (
                patch.object(type(wizard), "check_access"),
                self.assertRaises(AccessError),
            ):
                getattr(wizard.with_user(clerk), method)()
