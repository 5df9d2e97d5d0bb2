"""What the nights of learning propose, and what managers make of it."""

from datetime import date, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from odoo.addons.billing_dynamic_distribution.core.optimiser import Arm

from .common import MONDAY
from .optimiser_common import HistoryCase

#: Customers of each kind.
SIZE = 120


class ProposalCase(HistoryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls.email_sms_letter()
        cls.live = cls.plan.live_version_id
        # A plan of the same kind that begins with an SMS, for other customers.
        cls.other = cls.create_plan(
            ("sms", 0, "not_paid"), ("email", 3, "not_opened"), name="Other"
        )
        cls.writers = cls.create_customers(SIZE)
        cls.texters = cls.create_customers(SIZE)

    def past(self, count=SIZE, mail=0.5, sms=0.8, **values):
        """Invoices that began with e-mail and with SMS."""
        self.write_history(self.live, self.writers[:count], paid=mail, **values)
        self.write_history(
            self.other.live_version_id,
            self.texters[:count],
            channel="sms",
            paid=sms,
            cost=0.5,
            **values,
        )

    def learn(self, day=0):
        with self.at(day):
            self.learner._learn(self.company)
        return self.proposals.search([("plan_id", "=", self.plan.id)])

    def new_user(self, group, company=None):
        company = company or self.company
        return new_test_user(
            self.env,
            f"proposal-{group}-{company.id}",
            groups=f"billing_base.group_billing_{group}",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )


class TestLearning(ProposalCase):
    def test_facts_are_what_was_written(self):
        self.write_history(
            self.live,
            self.create_customers(10),
            paid=0.6,
            opened=0.3,
            hour=19,
            cost=0.25,
        )
        with self.at(0):
            tallies = dict(self.learner._tally(self.company, "posted")[self.plan.id])
        [(key, tally)] = tallies.items()
        self.assertEqual(key, ("private_new", Arm("email", "evening", "3")))
        self.assertEqual((tally.count, tally.opened, tally.paid), (10, 3, 6))
        self.assertAlmostEqual(tally.cost, 2.5)

    def test_customers_are_grouped_by_what_was_known_of_them(self):
        partners = self.create_customers(4)
        firms = self.create_customers(2, is_company=True)
        self.write_history(self.live, partners, paid=0.5, posted=date(2026, 3, 1))
        self.write_history(self.live, firms, paid=1.0, posted=date(2026, 3, 1))
        self.write_history(self.live, partners | firms, posted=date(2026, 9, 1))
        with self.at(0):
            tallies = self.learner._tally(self.company, "posted")[self.plan.id]
        groups = {}
        for (segment, _arm), tally in tallies:
            groups[segment] = groups.get(segment, 0) + tally.count
        self.assertEqual(
            groups,
            {
                "private_new": 4,
                "business_new": 2,
                "private_prompt": 2,
                "private_late": 2,
                "business_prompt": 2,
            },
        )

    def test_what_is_not_due_yet_teaches_nothing(self):
        self.write_history(
            self.live, self.create_customers(5), posted=date(2026, 11, 20)
        )
        with self.at(0):
            self.assertFalse(self.learner._tally(self.company, "posted"))

    def test_learning_takes_the_same_number_of_queries_however_many(self):
        counts = []
        for size in (5, 60):
            self.past(size)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            with self.at(0):
                self.learner._tally(self.company, "posted")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])

    def test_other_companies_teach_nothing(self):
        self.past(50)
        other = self.env["res.company"].create({"name": "Other"})
        with self.at(0):
            self.assertFalse(self.learner._tally(other, "posted"))

    def test_the_job_looks_at_every_company(self):
        self.past()
        with self.at(0):
            self.learner._cron_learn()
        self.assertTrue(self.proposals.search([("plan_id", "=", self.plan.id)]))

    def test_companies_that_do_not_want_it_are_left_alone(self):
        self.past()
        self.company.billing_optimise = False
        with self.at(0):
            self.learner._cron_learn()
        self.assertFalse(self.proposals.search([("plan_id", "=", self.plan.id)]))


class TestProposing(ProposalCase):
    def test_a_better_channel_is_proposed_in_words_and_figures(self):
        self.past()
        proposal = self.learn()
        self.assertEqual(len(proposal), 1)
        self.assertEqual(
            (proposal.factor, proposal.current, proposal.proposed),
            ("channel", "email", "sms"),
        )
        self.assertEqual(proposal.title, "Begin with SMS instead of E-mail")
        self.assertGreater(proposal.paid_low, 0.1)
        self.assertAlmostEqual(proposal.paid, 0.3, delta=0.08)
        self.assertLess(proposal.paid, proposal.paid_high)
        self.assertAlmostEqual(proposal.cost, 0.4, delta=0.1)
        self.assertEqual(
            (proposal.sample_current, proposal.sample_proposed), (SIZE, SIZE)
        )
        self.assertIn("of 100 invoices".lower(), proposal.reason.lower())
        self.assertIn("seen, not tried", proposal.reason)
        self.assertIn("Private, new", proposal.segment_html)
        self.assertTrue(proposal.can_approve)
        self.assertFalse(proposal.obstacle_text)

    def test_nothing_is_proposed_where_nothing_is_gained(self):
        self.past(mail=0.7, sms=0.7)
        self.assertFalse(self.learn())

    def test_the_next_night_brings_the_same_proposal_up_to_date(self):
        self.past()
        proposal = self.learn()
        self.past(100)
        self.assertEqual(self.learn(1), proposal)
        self.assertEqual(proposal.sample_proposed, SIZE + 100)

    def test_what_no_longer_holds_is_outdated(self):
        self.past(100)
        proposal = self.learn()
        for _time in range(4):
            self.past(mail=0.9, sms=0.5)
        self.learn(1)
        self.assertEqual(proposal.state, "outdated")

    def test_too_few_invoices_may_be_tried_but_not_approved(self):
        self.company.billing_optimise_sample = 500
        self.past()
        proposal = self.learn()
        self.assertEqual(proposal.obstacles, ["few"])
        self.assertFalse(proposal.can_approve)
        self.assertIn("Too few", proposal.obstacle_text)
        with self.assertRaisesRegex(UserError, "Too few"), self.at(0):
            proposal.action_approve()

    def test_what_costs_too_much_is_not_proposed(self):
        self.company.billing_optimise_cost_invoice = 0.3
        self.past()
        self.assertFalse(self.learn())

    def test_a_step_that_the_law_asks_for_is_left_alone(self):
        draft = self.live._copy_as_draft()
        draft.step_ids.sorted("sequence")[0].is_required = True
        with self.at(-200):
            draft._publish()
        self.write_history(draft, self.writers, paid=0.5)
        self.past()
        self.assertFalse(self.learn())

    def test_a_rejected_proposal_stays_away(self):
        self.past()
        proposal = self.learn()
        with self.at(0):
            proposal.action_reject()
        self.past(100)
        self.assertEqual(self.learn(1), proposal)
        self.assertEqual(proposal.state, "rejected")


class TestDeciding(ProposalCase):
    def setUp(self):
        super().setUp()
        self.past()
        self.proposal = self.learn()

    def test_one_click_and_one_click_back(self):
        with self.at(1):
            self.proposal.action_approve()
        new = self.plan.live_version_id
        self.assertEqual(self.proposal.state, "approved")
        self.assertEqual(new, self.proposal.new_version_id)
        self.assertEqual(new.note, "Begin with SMS instead of E-mail")
        # The e-mail steps in where the SMS was
        self.assertEqual(
            new.step_ids.sorted("sequence").mapped("channel"),
            ["sms", "email", "letter"],
        )
        with self.at(1):
            _move, run = self.post()
        self.assertEqual(run.version_id, new)
        with self.at(2):
            self.proposal.action_rollback()
        self.assertEqual(self.proposal.state, "rolled_back")
        self.assertEqual(self.plan.live_version_id, self.live)
        self.assertEqual(run.version_id, new, "what runs finishes what it began")
        self.learn(3)
        self.assertFalse(
            self.proposals.search(
                [("plan_id", "=", self.plan.id), ("state", "=", "proposed")]
            ),
            "what was rolled back is not proposed again",
        )

    def test_try_it_first_then_adopt(self):
        with self.at(1):
            self.proposal.action_try()
        trial = self.proposal.experiment_id
        self.assertEqual((self.proposal.state, trial.state), ("trying", "running"))
        self.assertEqual(self.plan.live_version_id, self.live)
        self.assertLess(trial.share, 0.1)
        self.learn(2)
        self.assertEqual(self.proposal.state, "trying")
        with self.at(30):
            trial.action_adopt()
        self.assertEqual(self.proposal.state, "approved")
        self.assertEqual(self.plan.live_version_id, trial.version_b_id)
        with self.at(31):
            self.proposal.action_rollback()
        self.assertEqual((self.proposal.state, trial.state), ("rolled_back",) * 2)
        self.assertEqual(self.plan.live_version_id, self.live)

    def test_a_try_that_ends_gives_the_proposal_back(self):
        with self.at(1):
            self.proposal.action_try()
            self.proposal.experiment_id.action_stop()
        self.assertEqual(self.proposal.state, "proposed")

    def test_a_plan_that_changed_is_compared_anew(self):
        with self.at(1):
            self.plan._get_draft()._publish()
            with self.assertRaisesRegex(UserError, "changed"):
                self.proposal.action_approve()

    def test_somebody_s_draft_is_not_overwritten(self):
        draft = self.plan._get_draft()
        with self.at(1), self.assertRaisesRegex(UserError, "editing"):
            self.proposal.action_approve()
        self.assertEqual(draft.state, "draft")
        self.assertEqual(self.plan.live_version_id, self.live)

    def test_nothing_is_decided_twice(self):
        with self.at(1):
            self.proposal.action_approve()
            with self.assertRaisesRegex(UserError, "already"):
                self.proposal.action_approve()

    def test_only_managers_decide(self):
        user = self.new_user("user")
        self.assertTrue(self.proposal.with_user(user).reason)
        for button in (
            "action_approve",
            "action_reject",
            "action_try",
            "action_rollback",
        ):
            with self.assertRaises(AccessError):
                getattr(self.proposal.with_user(user), button)()
        with self.at(1):
            self.proposal.with_user(self.new_user("manager")).action_approve()
        self.assertEqual(self.proposal.state, "approved")

    def test_other_companies_see_nothing(self):
        other = self.env["res.company"].create({"name": "Other"})
        stranger = self.new_user("manager", other)
        found = self.proposals.with_user(stranger).search([])
        self.assertNotIn(self.proposal.id, found.ids)

    def test_wait_and_time_of_day_go_into_the_plan(self):
        for factor, value, field in (
            ("wait", "5", "wait"),
            ("band", "evening", "send_window"),
        ):
            draft = self.live._copy_with(factor, value)
            first, second = draft.step_ids.sorted("sequence")[:2]
            found = first.send_window if factor == "band" else str(second[field])
            self.assertEqual(found, value)
            draft.unlink()


class TestCustomers(ProposalCase):
    def several(self, partner_count=30):
        """Customers who open SMS and no e-mail, among others who open both."""
        fans = self.create_customers(partner_count)
        for month in (3, 4, 5, 6, 7):
            for version, channel, share in (
                (self.live, "email", 0.0),
                (self.other.live_version_id, "sms", 1.0),
            ):
                self.write_history(
                    version,
                    fans,
                    channel=channel,
                    opened=share,
                    posted=date(2026, month, 2),
                )
        others = self.create_customers(partner_count)
        for month in (3, 4, 5, 6, 7):
            self.write_history(
                self.live, others, opened=1.0, posted=date(2026, month, 2)
            )
        return fans, others

    def learn_customers(self):
        with self.at(0):
            self.env["billing.distribution.preference"].sudo()._learn(self.company)

    def test_what_a_customer_opens_is_learned_where_the_company_wants_it(self):
        fans, others = self.several()
        self.learn_customers()
        self.assertFalse((fans | others)._billing_learned_channels(self.company))
        self.company.billing_optimise_customers = True
        self.learn_customers()
        learned = (fans | others)._billing_learned_channels(self.company)
        self.assertEqual(learned, dict.fromkeys(fans.ids, "sms"))
        # Switched off, nothing is kept
        self.company.billing_optimise_customers = False
        self.assertFalse(fans._billing_learned_channels(self.company))
        self.learn_customers()
        self.assertFalse(fans._billing_learned_channels(self.company))
        # Nor when nothing is learned any more
        self.company.billing_optimise_customers = True
        self.learn_customers()
        self.company.billing_optimise = False
        self.assertFalse(fans._billing_learned_channels(self.company))

    def test_who_objects_is_forgotten_and_stays_so(self):
        fans, _others = self.several()
        self.company.billing_optimise_customers = True
        self.learn_customers()
        fans[0].billing_learn_nothing = True
        for _night in range(2):
            learned = fans._billing_learned_channels(self.company)
            self.assertEqual(set(learned), set(fans[1:].ids))
            self.learn_customers()

    def test_what_the_customer_chose_holds(self):
        fans, _others = self.several()
        self.company.billing_optimise_customers = True
        self.learn_customers()
        chooser = fans[0].with_company(self.company)
        chooser.invoice_sending_method = "email"
        learned = fans._billing_learned_channels(self.company)
        self.assertNotIn(chooser.id, learned)
        self.assertEqual(len(learned), len(fans) - 1)

    def test_a_preferred_step_goes_where_the_customer_opens(self):
        preferred = self.create_plan(
            ("preferred", 0, "not_paid"), name="Preferred", sequence=1
        )
        self.env["billing.distribution.preference"].sudo().create(
            {
                "partner_id": self.kari.id,
                "company_id": self.company.id,
                "channel": "sms",
            }
        )
        with self.at(0):
            _move, run = self.post()
            self.assertEqual(run.plan_id, preferred)
            self.send()
        self.assertEqual(self.counter.channels(), ["sms"])
        self.counter.calls.clear()
        self.kari.with_company(self.company).invoice_sending_method = "email"
        with self.at(1):
            self.post()
            self.send()
        self.assertEqual(self.counter.channels(), ["email"])


class TestHours(ProposalCase):
    def hours(self, window, band=None, **values):
        """When the first message to Kari comes, on a Monday posted at ten."""
        self.create_plan(
            ("email", 0, "not_paid", {"send_window": window}),
            ("sms", 1, "not_opened", {"send_window": window}),
            name="Hours",
            sequence=1,
        )
        if band:
            self.company.billing_optimise_customers = True
            self.env["billing.distribution.preference"].sudo().create(
                {
                    "partner_id": self.kari.id,
                    "company_id": self.company.id,
                    "band": band,
                }
            )
        with self.at(0):
            _move, run = self.post()
        first = run.next_at
        self.go_to(first)
        return first, run.next_at

    def test_a_wished_hour_is_kept_to(self):
        evening = MONDAY.replace(hour=17)
        self.assertEqual(self.hours("evening"), (evening, evening + timedelta(days=1)))

    def test_each_customer_is_written_to_when_they_open(self):
        afternoon = MONDAY.replace(hour=14)
        self.assertEqual(
            self.hours("learned", "afternoon"),
            (afternoon, afternoon + timedelta(days=1)),
        )

    def test_of_whom_nothing_is_known_nothing_is_guessed(self):
        self.assertEqual(self.hours("learned"), (MONDAY, MONDAY + timedelta(days=1)))
