"""The demo companies are books one can work with, and nothing else is touched."""

from collections import Counter

from ... import common


class TestDemo(common.KvittCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # There already in a database with demo data, else loaded now.
        cls.env["billing.demo"]._load()
        cls.norway = cls.env.ref("billing_demo.company_no")
        cls.sweden = cls.env.ref("billing_demo.company_se")
        cls.moves = cls.env["account.move"].search(
            [
                ("company_id", "in", (cls.norway + cls.sweden).ids),
                ("move_type", "=", "out_invoice"),
            ]
        )

    def test_companies_have_charts_currencies_and_customers(self):
        self.assertEqual(self.norway.chart_template, "no")
        self.assertEqual(self.sweden.chart_template, "se")
        self.assertEqual(self.norway.currency_id.name, "NOK")
        self.assertEqual(self.sweden.currency_id.name, "SEK")
        by_company = self.moves.grouped("company_id")
        self.assertGreaterEqual(len(by_company[self.norway].partner_id), 60)
        self.assertGreaterEqual(len(by_company[self.sweden].partner_id), 15)

    def test_invoices_are_in_every_state(self):
        states = {
            (move.state, move.payment_state)
            for move in self.moves
            if move.company_id == self.norway
        }
        self.assertLessEqual(
            {
                ("posted", "not_paid"),
                ("posted", "partial"),
                ("posted", "paid"),
                ("posted", "reversed"),
                ("draft", "not_paid"),
                ("cancel", "not_paid"),
            },
            states,
        )

    def test_there_are_open_invoices_enough_for_a_bank_file(self):
        open_moves = self.moves.filtered(
            lambda move: (
                move.company_id == self.norway
                and move.state == "posted"
                and move.payment_state in ("not_paid", "partial")
            )
        )
        self.assertGreaterEqual(len(open_moves), 170)
        self.assertTrue(
            open_moves.filtered(
                lambda move: move.invoice_date_due < move.company_id._billing_today()
            )
        )

    def test_posted_invoices_carry_references_of_the_scheme(self):
        for key, length in (("no", 15), ("se", 16)):
            # What addons charge beside them is in journals of their own.
            sales = self.env.ref(f"billing_demo.journal_SALE_{key}")
            posted = self.moves.filtered(
                lambda move, sales=sales: (
                    move.journal_id == sales and move.state == "posted"
                )
            )
            references = posted.mapped("payment_reference")
            self.assertEqual({len(text) for text in references}, {length})
            self.assertEqual(len(set(references)), len(posted))
            self.assertTrue(all(move.billing_reference_scheme_id for move in posted))

    def test_most_customers_are_reached_and_some_no_longer(self):
        for company in (self.norway, self.sweden):
            customers = self.moves.filtered(
                lambda move, company=company: move.company_id == company
            ).partner_id
            health = Counter(customers.mapped("billing_contact_health"))
            self.assertLessEqual({"good", "lost"}, set(health), company.name)
            self.assertGreater(health["good"], len(customers) * 0.8)
            lost = customers.filtered("billing_contact_needed")
            self.assertEqual(len(lost._billing_address_tasks()), len(lost))

    def test_loading_again_changes_nothing(self):
        def counts():
            return [
                self.env[model].with_context(active_test=False).search_count([])
                for model in (
                    "account.move",
                    "account.journal",
                    "billing.reference.scheme",
                    "res.company",
                    "res.partner",
                    "res.users",
                )
            ]

        before = counts()
        self.env["billing.demo"]._load()
        self.assertEqual(counts(), before)

    def test_cores_own_demo_company_is_left_alone(self):
        main = self.env.ref("base.main_company")
        journals = self.env["account.journal"].search(
            [
                ("company_id", "=", main.id),
                ("invoice_reference_model", "=", "kvitt"),
            ]
        )
        self.assertFalse(journals)
        self.assertEqual(self.env.ref("base.user_admin").company_id, main)

    def test_staff_and_customers_can_log_in(self):
        for login, group in (
            ("accountant", "billing_base.group_billing_user"),
            ("service", "billing_base.group_billing_user"),
            ("manager", "billing_base.group_billing_manager"),
            ("kari", "base.group_portal"),
            ("ase", "base.group_portal"),
        ):
            user = self.env.ref(f"billing_demo.user_{login}")
            self.assertTrue(user.has_group(group), login)
            self.env["res.users"].sudo(False).authenticate(
                {"login": login, "password": login, "type": "password"},
                {"interactive": False},
            )
        self.assertFalse(
            self.env.ref("billing_demo.user_service").has_group(
                "billing_base.group_billing_manager"
            )
        )
