"""What there is to see about fees in the demo companies."""

from ... import common


class TestFeeDemo(common.KvittCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # There already in a database with demo data, else loaded now.
        cls.env["billing.demo"]._load()
        cls.norway = cls.env.ref("billing_demo.company_no")
        cls.sweden = cls.env.ref("billing_demo.company_se")

    def of(self, model, company):
        return self.env[model].search([("company_id", "=", company.id)])

    def test_claims_are_on_every_step(self):
        for company, last in ((self.norway, "notice"), (self.sweden, "demand")):
            reminders = self.of("billing.reminder", company)
            sent = reminders.filtered(lambda reminder: reminder.state == "sent")
            self.assertLessEqual({"soft", "reminder", last}, set(sent.mapped("kind")))
            self.assertIn("prepared", reminders.mapped("state"))
            for reminder in sent:
                self.assertLess(reminder.day, company._billing_today())
            cases = self.of("billing.collection.case", company)
            self.assertLessEqual({"rejected", "paid"}, set(cases.mapped("state")))
        states = self.of("billing.collection.batch", self.norway).mapped("state")
        self.assertEqual(set(states), {"draft", "delivered"})
        self.assertTrue(self.of("billing.disconnection.notice", self.norway))

    def test_fees_were_paid_dropped_and_objected_to(self):
        for company in (self.norway, self.sweden):
            charges = self.of("billing.charge", company)
            self.assertLessEqual(
                {"booked", "paid", "waived"}, set(charges.mapped("state"))
            )
            waivers = self.of("billing.waiver", company)
            self.assertEqual(set(waivers.mapped("origin")), {"rule", "staff"})
            self.assertTrue(self.of("billing.charge.objection", company))
        # Who has not agreed on fees in Sweden pays none.
        charged = self.of("billing.charge", self.sweden).partner_id
        agreed = self.of("billing.law.agreement", self.sweden).partner_id
        self.assertFalse(charged - agreed)

    def test_analysis_has_something_to_tell(self):
        for company in (self.norway, self.sweden):
            simulation = self.of("billing.fee.simulation", company)
            self.assertEqual(simulation.state, "done")
            totals = simulation._totals()
            self.assertTrue(all(sums["letters"] for sums in totals.values()))
            figures = self.env["billing.fee.report"]._figures(company)
            self.assertTrue(figures.paid and figures.conversations)

    def test_the_history_tells_when_it_was(self):
        events = self.env["billing.event"].search(
            [("company_id", "=", self.norway.id), ("kind", "=", "reminder.sent")]
        )
        reminders = self.of("billing.reminder", self.norway)
        days = set(reminders.filtered("sent_at").mapped("day"))
        self.assertEqual({event.occurred_at.date() for event in events}, days)

    def test_loading_again_changes_nothing(self):
        def counts():
            return [
                self.env[model].search_count([])
                for model in (
                    "billing.reminder",
                    "billing.charge",
                    "billing.waiver",
                    "billing.law.agreement",
                    "billing.collection.case",
                    "billing.fee.simulation",
                    "account.move",
                )
            ]

        before = counts()
        self.env["billing.demo"]._load()
        self.assertEqual(counts(), before)
