"""Contact points: in step with the partner, and honest about what works."""

from datetime import datetime

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tools import mute_logger

from .common import BillingBaseCase


class TestContactPoint(BillingBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.points = cls.env["billing.contact.point"]
        cls.kari = cls._new_partner(email="Kari@Example.NO", phone="92 00 00 01")
        cls.email, cls.sms = cls.kari.billing_contact_point_ids

    def _addresses(self, partner, **context):
        points = self.points.with_context(**context).search(
            [("partner_id", "=", partner.id)]
        )
        return points.mapped(lambda point: (point.channel, point.address))

    # === IN STEP WITH THE PARTNER === #

    def test_new_customer_gets_normalised_points(self):
        self.assertRecordValues(
            self.kari.billing_contact_point_ids,
            [
                {
                    "channel": "email",
                    "address": "kari@example.no",
                    "state": "unverified",
                    "source": "partner",
                    "sequence": 10,
                    "consent_billing": True,
                    "consent_marketing": False,
                    "consent_tracking": False,
                },
                {
                    "channel": "sms",
                    "address": "+4792000001",
                    "state": "unverified",
                    "source": "partner",
                    "sequence": 20,
                    "consent_billing": True,
                    "consent_marketing": False,
                    "consent_tracking": False,
                },
            ],
        )

    def test_several_addresses_in_one_field_become_several_points(self):
        partner = self._new_partner(email='"A, B" <a@example.no>; b@example.no')
        self.assertEqual(
            self._addresses(partner),
            [("email", "a@example.no"), ("email", "b@example.no")],
        )

    def test_what_is_no_address_makes_no_point(self):
        partner = self._new_partner(email="nobody", phone="12")
        self.assertEqual(self._addresses(partner), [])

    def test_country_decides_on_the_number(self):
        partner = self._new_partner(phone="070-174 06 05")
        self.assertEqual(self._addresses(partner), [])
        partner.country_id = self.env.ref("base.se")
        self.assertEqual(self._addresses(partner), [("sms", "+46701740605")])

    def test_same_address_written_in_another_way_stays_the_same_point(self):
        self.email._record_success()
        self.kari.write({"email": "Kari N <KARI@example.no>", "phone": "+4792000001"})
        self.assertEqual(self.kari.billing_contact_point_ids, self.email | self.sms)
        self.assertEqual(self.email.state, "working")

    def test_changed_address_archives_the_old_point_and_finds_it_again(self):
        self.email._record_success()
        self.kari.email = "new@example.no"
        self.assertEqual(
            self._addresses(self.kari),
            [("email", "new@example.no"), ("sms", "+4792000001")],
        )
        self.assertFalse(self.email.active)
        self.kari.email = "kari@example.no"
        self.assertTrue(self.email.active)
        self.assertEqual(self.email.state, "working")
        self.assertEqual(
            len(self._addresses(self.kari, active_test=False)), 3, "nothing doubled"
        )

    def test_points_that_staff_added_stay(self):
        own = self.points.create(
            {
                "partner_id": self.kari.id,
                "channel": "email",
                "address": "Work@Example.no ",
            }
        )
        self.assertEqual(own.address, "work@example.no")
        self.kari.email = False
        self.assertTrue(own.active)
        self.assertFalse(self.email.active)

    def test_many_customers_are_synchronised_in_batch(self):
        def create(count):
            return self.env["res.partner"].create(
                [
                    {"name": str(n), "email": f"{n}@example.no", "phone": f"9200{n:04}"}
                    for n in range(count)
                ]
            )

        create(1)
        partners = create(100)
        self.assertEqual(len(partners.billing_contact_point_ids), 200)
        counts = []
        for batch in (partners[:10], partners):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            batch._billing_sync_contact_points()
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    def test_customers_from_before_the_installation_get_points(self):
        partner = self._new_partner(email="old@example.no")
        partner.billing_contact_point_ids.sudo().unlink()
        self.env["res.partner"]._billing_sync_all_contact_points()
        self.assertEqual(self._addresses(partner), [("email", "old@example.no")])

    # === ADDRESSES === #

    def test_wrong_address_is_refused(self):
        for channel, address in (("email", "x"), ("sms", "12"), ("email", "")):
            with self.subTest(address=address), self.assertRaises(ValidationError):
                self.points.create(
                    {
                        "partner_id": self.kari.id,
                        "channel": channel,
                        "address": address,
                    }
                )

    @mute_logger("odoo.sql_db")
    def test_same_point_twice_is_refused(self):
        with self.assertRaises(IntegrityError), self.cr.savepoint():
            self.points.create(
                {
                    "partner_id": self.kari.id,
                    "channel": "email",
                    "address": "KARI@EXAMPLE.NO",
                }
            )

    def test_another_address_has_not_been_tried(self):
        own = self.points.create(
            {"partner_id": self.kari.id, "channel": "sms", "address": "92000002"}
        )
        own._record_failure("hard", "unknown subscriber")
        own.address = "92 00 00 03"
        self.assertRecordValues(
            own,
            [
                {
                    "address": "+4792000003",
                    "state": "unverified",
                    "failure_reason": False,
                    "last_failure_at": False,
                }
            ],
        )

    def test_name_says_channel_and_address(self):
        self.assertEqual(self.sms.display_name, "SMS: +4792000001")

    # === WHAT WORKS === #

    def _kinds(self):
        return self.events.search(
            [("partner_id", "=", self.kari.id), ("kind", "=like", "contact.%")],
            order="id",
        ).mapped("kind")

    def test_success_makes_a_point_work(self):
        at = datetime(2026, 11, 21, 8)
        (self.email | self.sms)._record_success(at=at)
        self.assertEqual(self.email.state, "working")
        self.assertEqual(self.sms.last_success_at, at)
        self.assertEqual(self._kinds(), [], "what was expected is no news")

    def test_soft_failures_in_a_row_make_it_failing(self):
        self.email._record_success()
        for _nth in range(2):
            self.email._record_failure("soft", "mailbox full")
        self.assertEqual(self.email.state, "working")
        self.email._record_failure("soft", "mailbox full")
        self.assertEqual(self.email.state, "failing")
        self.assertEqual(self.email.failure_reason, "mailbox full")
        self.email._record_failure("soft", "mailbox full")
        self.email._record_success()
        self.assertRecordValues(
            self.email,
            [{"state": "working", "soft_failure_count": 0, "failure_reason": False}],
        )
        self.assertEqual(self._kinds(), ["contact.failing", "contact.working"])

    def test_success_between_failures_starts_the_count_again(self):
        for _nth in range(4):
            self.email._record_failure("soft", "busy")
            self.email._record_success()
        self.assertEqual(self.email.state, "working")

    def test_hard_failure_blocks_until_somebody_unblocks(self):
        self.email._record_failure("hard", "no such user")
        self.assertEqual(self.email.state, "blocked")
        self.email._record_success()
        self.assertEqual(self.email.state, "blocked")
        self.assertEqual(self.email.failure_reason, "no such user")
        self.email.with_user(self.user).action_unblock()
        self.assertRecordValues(
            self.email, [{"state": "unverified", "failure_reason": False}]
        )
        self.email.with_user(self.user).action_block()
        self.assertEqual(self.email.state, "blocked")
        self.assertEqual(self._kinds(), ["contact.blocked", "contact.blocked"])

    def test_points_in_different_states_are_noted_in_one_go(self):
        self.email._record_failure("hard", "no such user")
        (self.email | self.sms)._record_failure("soft", "busy")
        self.assertEqual(self.email.state, "blocked")
        self.assertEqual(self.sms.state, "unverified")
        self.assertEqual(self.sms.soft_failure_count, 1)

    def test_unknown_kind_of_failure_is_refused(self):
        with self.assertRaises(ValueError):
            self.email._record_failure("bounce", "x")

    # === ACCESS === #

    def test_company_of_the_customer_decides_who_sees_it(self):
        other_company = self._other_company()
        foreign = self._new_partner(
            email="x@example.no", company_id=other_company.id
        ).billing_contact_point_ids
        own_view = self.points.with_user(self.user)
        self.assertIn(self.email, own_view.search([]), "shared customer")
        self.assertNotIn(foreign, own_view.search([]))
        with self.assertRaises(AccessError):
            foreign.with_user(self.user).read(["address"])

    def test_users_edit_managers_delete_portal_sees_nothing(self):
        self.email.with_user(self.user).consent_marketing = True
        with self.assertRaises(AccessError):
            self.email.with_user(self.user).unlink()
        portal = self._new_user("portal_kari", "base.group_portal")
        with self.assertRaises(AccessError):
            self.email.with_user(portal).read(["address"])
        self.email.with_user(self.manager).unlink()
        self.assertFalse(self.email.exists())

    def test_staff_without_billing_rights_still_edit_customers(self):
        clerk = self._new_user("clerk", "base.group_user,base.group_partner_manager")
        self.kari.with_user(clerk).email = "other@example.no"
        self.assertIn(("email", "other@example.no"), self._addresses(self.kari))
