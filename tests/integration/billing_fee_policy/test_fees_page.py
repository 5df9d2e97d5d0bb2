"""What customers read about fees, without signing in."""

from ...common import KvittHttpCase


class TestFeesPage(KvittHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company, cls.other = cls.env["res.company"].create(
            [
                {"name": name, "country_id": cls.env.ref("base.no").id}
                for name in ("Nordlys", "Sørlys")
            ]
        )
        policies = cls.env["billing.dunning.policy"]
        policies.search([]).action_draft()
        policies._create_shipped_policies(cls.company | cls.other)
        for company in cls.company | cls.other:
            policies.search(
                [("company_id", "=", company.id)], limit=1
            ).action_activate()
        cls.other.billing_fee_page = False
        rules = cls.env["billing.waiver.rule"].search([])
        rules.active = False
        cls.rule = rules.create(
            {"name": "Loyal", "relation_months": 24, "company_id": cls.company.id}
        )

    def read(self, path="/billing/fees", lang="en-US"):
        return self.url_open(path, headers={"Accept-Language": lang})

    def test_the_criteria_of_a_company(self):
        answer = self.read(self.company._billing_fee_page_url())
        self.assertEqual(answer.status_code, 200)
        self.assertIn('lang="en-US"', answer.text)
        self.assertIn("You have been our customer for at least 2 years.", answer.text)
        self.assertIn("Once in a calendar year", answer.text)
        self.assertNotIn("<script", answer.text)
        self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
        # There is one with a page, so nobody has to choose.
        self.assertIn(self.company.name, self.read().text)

    def test_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("nb_NO")
        self.rule.with_context(lang="nb_NO").customer_text = "Du er en gammel kunde."
        answer = self.read(lang="nb-NO")
        self.assertIn('lang="nb-NO"', answer.text)
        self.assertIn("Du er en gammel kunde.", answer.text)
        self.assertIn('hreflang="en-US"', answer.text)

    def test_what_is_not_published_is_not_shown(self):
        secret = self.rule.create({"name": "Secret", "customer_text": "Only friends."})
        self.assertIn("Only friends.", self.read().text)
        secret.is_published = False
        self.assertNotIn("Only friends.", self.read().text)
        # A rule that treats equals unequally does not decide, and so is not told.
        secret.write(
            {
                "is_published": True,
                "tag_ids": self.env["res.partner.category"].create({"name": "F"}).ids,
            }
        )
        self.company.billing_waiver_objective = True
        text = self.read().text
        self.assertNotIn("Only friends.", text)
        self.assertIn("the same for all our customers", text)

    def test_rules_that_keep_the_fee_are_read_in_order(self):
        self.rule.create({"name": "Often", "effect": "keep", "relation_months": 12})
        text = self.read().text
        self.assertIn("the first that fits decides", text)
        self.assertIn("Then the fee stays.", text)

    def test_companies_with_and_without_a_page(self):
        self.assertEqual(self.read(f"/billing/fees/{self.other.id}").status_code, 404)
        self.assertEqual(self.other._billing_fee_page_url(), "")
        self.other.billing_fee_page = True
        text = self.read().text
        self.assertIn("Who sent you the invoice?", text)
        self.assertIn(f"/billing/fees/{self.other.id}", text)
        # Who reminds nobody is not named.
        self.env["billing.dunning.policy"].search(
            [("company_id", "=", self.other.id)]
        ).action_draft()
        self.assertNotIn("Who sent you the invoice?", self.read().text)
