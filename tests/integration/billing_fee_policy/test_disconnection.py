"""Notices of disconnection: prepared, checked, printed, and nothing by themselves."""

from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .collection_common import READY, CollectionCase

CHECKED = {
    "is_material": True,
    "is_harmless": True,
    "is_undisputed": True,
    "is_unaided": True,
}


@tagged("post_install", "-at_install")
class TestDisconnection(CollectionCase):
    shared = 1

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.notices = cls.env["billing.disconnection.notice"]
        cls.company.billing_is_grid = True
        cls.sweden = cls.env.ref("billing_fee_policy.disconnection_rule_se_electricity")

    def notice(self, moves=None, **values):
        moves = moves or self.ripe()
        return self.notices.with_user(self.user).create(
            {
                "company_id": self.company.id,
                "partner_id": moves.commercial_partner_id.id,
                "move_ids": [Command.set(moves.ids)],
                **values,
            }
        )

    def on(self, notice, days):
        """The notice as it is seen some days later."""
        self.env.invalidate_all()
        return notice.with_context(billing_date=READY + timedelta(days=days))

    def test_norway_from_the_letter_to_the_day_on_which_somebody_may_decide(self):
        move = self.ripe()
        notice = self.notice(move)
        self.assertEqual(notice.rule_id.paragraph, "forbrukerkjøpsloven § 48 a")
        self.assertEqual(notice.amount, 1249)
        texts = {section.code: section.text for section in notice.section_ids}
        self.assertEqual(
            list(texts), ["claim", "cure", "danger", "contact", "costs", "social"]
        )
        self.assertIn(move.name, texts["claim"])
        self.assertIn("28 days", texts["cure"])
        self.assertIn("1 May 2026", texts["cure"])
        self.assertIn("NAV", texts["social"])
        self.assertEqual(len(notice.against_sending.splitlines()), 4, "unchecked")
        with self.assertRaisesRegex(UserError, "Nobody has looked"):
            notice.action_sent()
        notice.write(CHECKED)
        self.assertFalse(notice.against_sending)
        notice.action_sent()
        self.assertEqual(notice.deadline, READY + timedelta(days=28))
        self.assertIn("last day to pay is not over", notice.against_cut)
        self.assertIn("last day to pay is not over", self.on(notice, 28).against_cut)
        self.assertEqual(
            self.on(notice, 29).against_cut,
            "Nobody tried to tell the customer in person.",
        )
        notice.person_tried_on = READY
        self.assertFalse(self.on(notice, 29).against_cut)
        move._billing_place_hold("Depends on a respirator")
        self.assertIn("waits for another reason", self.on(notice, 29).against_cut)
        with self.assertRaisesRegex(UserError, "are kept"):
            notice.unlink()
        notice.action_withdraw()
        kinds = self.events.search(
            [("move_id", "=", move.id), ("kind", "=like", "disconnection.%")],
            order="id",
        ).mapped("kind")
        self.assertEqual(
            kinds,
            [
                "disconnection.prepared",
                "disconnection.sent",
                "disconnection.withdrawn",
            ],
        )

    def test_what_was_paid_or_disputed_is_not_cut(self):
        move = self.ripe()
        notice = self.notice(move, **CHECKED, person_tried_on=READY)
        notice.action_sent()
        self.hold(move, "dispute")
        self.assertEqual(self.on(notice, 40).against_cut, "The customer objects.")
        self.pay(move)
        self.assertIn("Nothing is owed.", self.on(notice, 40).against_cut)

    def test_sweden_warns_counts_from_service_and_tells_the_social_board(self):
        move = self.ripe()
        straight = self.notice(move, rule_id=self.sweden.id, **CHECKED)
        self.assertIn("warned first", straight.against_sending)
        straight.unlink()
        warning = self.notice(move, rule_id=self.sweden.id, step="warning", **CHECKED)
        self.assertEqual(warning.section_ids.mapped("code"), ["claim", "cure"])
        warning.action_sent()
        self.assertEqual(warning.deadline, READY + timedelta(days=14))
        action = warning.action_follow()
        notice = self.notices.with_user(self.user).browse(action["res_id"])
        notice.write({**CHECKED, "planned_on": READY + timedelta(days=15)})
        self.assertIn("warning gave is not over", notice.against_sending)
        later = self.on(notice, 15)
        self.assertFalse(later.against_sending)
        later.action_sent()
        self.assertFalse(later.deadline)
        self.assertIn("when the customer was served", later.against_cut)
        with self.assertRaises(ValidationError), self.cr.savepoint():
            later.served_on = READY
        later.served_on = READY + timedelta(days=19)
        self.assertEqual(later.deadline, READY + timedelta(days=40))
        self.assertEqual(
            self.on(notice, 41).against_cut, "The social board was not told."
        )
        notice.authority_told_on = READY + timedelta(days=15)
        self.assertFalse(self.on(notice, 41).against_cut)
        self.assertTrue(self.on(notice, 40).against_cut)

    def test_a_letter_that_lacks_something_is_not_sent(self):
        notice = self.notice(**CHECKED)
        notice.section_ids.filtered(lambda s: s.code == "danger").text = ""
        self.assertIn("Danger to life", notice.against_sending)
        notice.action_write_texts()
        self.assertFalse(notice.against_sending)
        notice.planned_on = READY + timedelta(days=1)
        self.assertIn("By when paying", notice.against_sending)
        with self.assertRaisesRegex(UserError, "not here yet"):
            notice.action_sent()

    def test_days_that_nobody_put_in_make_no_letter(self):
        telecom = self.env.ref("billing_fee_policy.disconnection_rule_no_telecom")
        notice = self.notice(rule_id=telecom.id, **CHECKED)
        self.assertIn("Nobody has said how long", notice.against_sending)
        self.assertIn("emergency calls", notice.section_ids[-1].text)
        telecom.days = 30
        notice.action_write_texts()
        self.assertFalse(notice.against_sending)

    def test_only_the_grid_company_cuts_electricity(self):
        self.company.billing_is_grid = False
        self.assertIn("Only the grid company", self.notice(**CHECKED).against_sending)

    def test_one_customer_and_the_own_company(self):
        other = self.new(partner=self._new_partner("Ola"))
        with self.assertRaises(ValidationError):
            self.notice(self.ripe(), move_ids=[Command.set(other.ids)])
        with self.assertRaisesRegex(UserError, "one customer"):
            (self.ripe() + other).with_user(self.user).action_billing_disconnection()
        stranger = self._new_user(
            "stranger", "billing_base.group_billing_user", self._other_company()
        )
        notice = self.notice()
        with self.assertRaises(AccessError):
            notice.with_user(stranger).action_withdraw()

    def test_the_letters_are_printed_in_the_customers_language(self):
        notice = self.notice(
            rule_id=self.sweden.id, authority="Socialnämnden, Sundsvall"
        )
        reports = self.env["ir.actions.report"].with_context(
            force_report_rendering=False
        )
        html = reports._render_qweb_html(
            "billing_fee_policy.report_disconnection_notice", notice.ids
        )[0].decode()
        for text in (notice.move_ids.name, "Kari Nordmann", "ellagen", "21 days"):
            self.assertIn(text, html)
        html = reports._render_qweb_html(
            "billing_fee_policy.report_disconnection_board", notice.ids
        )[0].decode()
        for text in ("Socialnämnden", "Kari Nordmann", "Storgata 1", "1,249.00"):
            self.assertIn(text, html)
