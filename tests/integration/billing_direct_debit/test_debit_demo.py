"""What there is to see about direct debit in the demo companies."""

from ... import common


class TestDebitDemo(common.KvittCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # There already in a database with demo data, else loaded now.
        cls.env["billing.demo"]._load()
        cls.norway = cls.env.ref("billing_demo.company_no")
        cls.sweden = cls.env.ref("billing_demo.company_se")

    def of(self, model, company):
        return self.env[model].search([("company_id", "=", company.id)])

    def states(self, model, company):
        return set(self.of(model, company).mapped("state"))

    def test_mandates_claims_and_files_in_every_state(self):
        for company, mandates, claims in (
            (
                self.norway,
                {"active", "ended"},
                {"planned", "batched", "delivered", "paid", "failed", "refunded"},
            ),
            (
                self.sweden,
                {"draft", "sent", "active", "ended", "rejected"},
                {"planned", "delivered", "paid", "failed", "rejected"},
            ),
        ):
            self.assertLessEqual(mandates, self.states("billing.mandate", company))
            self.assertLessEqual(claims, self.states("billing.debit.claim", company))
            self.assertLessEqual(
                {"draft", "delivered"}, self.states("billing.debit.batch", company)
            )
            waiting = self.of("billing.debit.answer", company)
            self.assertEqual(set(waiting.mapped("state")), {"worklist"})
            for batch in self.of("billing.debit.batch", company):
                self.assertTrue(batch.state == "draft" or batch._raw(), batch.name)

    def test_analysis_has_something_to_tell(self):
        for company in (self.norway, self.sweden):
            done = set(self.of("billing.debit.failure.report", company).mapped("done"))
            self.assertLessEqual({"asked", "paid", "retry_paid"}, done)
            shares = self.of("billing.debit.adoption.report", company)
            latest = shares.grouped("date")[max(shares.mapped("date"))]
            self.assertTrue(0 < sum(latest.mapped("on_debit")) < len(latest))
            signups = self.of("billing.debit.signup.report", company)
            self.assertTrue(any(signups.mapped("saving")))
            self.assertTrue(any(signups.mapped("ended")))

    def test_a_campaign_waits_and_nobody_is_told(self):
        for company in (self.norway, self.sweden):
            campaign = self.of("billing.debit.campaign", company)
            self.assertEqual(campaign.state, "draft")
            self.assertTrue(campaign.planned_count)
        self.assertFalse(self.env["billing.mandate"].search([("tell", "!=", False)]))
        self.assertFalse(
            self.env["billing.distribution.run"].search_count(
                [
                    ("plan_id.trigger", "=", "debit_failed"),
                    ("company_id", "in", (self.norway + self.sweden).ids),
                ]
            )
        )

    def test_it_loads_once(self):
        before = self.env["billing.debit.claim"].search_count([])
        self.env["billing.demo"]._load()
        self.assertEqual(self.env["billing.debit.claim"].search_count([]), before)

    def test_the_history_tells_when_it_was(self):
        for mandate in self.of("billing.mandate", self.norway):
            [event] = self.env["billing.event"].search(
                [
                    ("kind", "=", "mandate.signed"),
                    ("partner_id", "=", mandate.partner_id.id),
                ]
            )
            self.assertEqual(event.occurred_at, mandate.signed_at)
