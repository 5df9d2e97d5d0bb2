"""What is sent is what was published."""

from odoo.exceptions import UserError

from .common import DistributionCase


class TestKeptTexts(DistributionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.content.sms_body = "First words {{ object.page_urls }}"
        cls.content.mail_template_id.subject = "First subject"
        cls.plan = cls.create_plan(
            ("email", 0, "not_paid"), ("sms", 3, "not_opened"), name="Words"
        )

    def words(self, attempt):
        content = attempt.content_id
        return content.mail_template_id.subject, content.sms_body.split(" {")[0]

    def change(self):
        self.content.sms_body = "Second words {{ object.page_urls }}"
        self.content.mail_template_id.subject = "Second subject"

    def test_a_text_edited_mid_run_is_sent_as_it_was_published(self):
        with self.at(0):
            move, _run = self.post()
            self.send()
        self.change()
        self.go_to(3.1)
        attempts = self.attempts_of(move)
        self.assertEqual(attempts.mapped("channel"), ["email", "sms"])
        for attempt in attempts:
            self.assertEqual(self.words(attempt), ("First subject", "First words"))

    def test_new_invoices_get_the_new_text_once_it_is_published(self):
        with self.at(0):
            old, _run = self.post()
            self.change()
            before, _run = self.post()
            self.content.action_use_in_plans()
            after, _run = self.post()
            self.send()
        for move, words in (
            (old, "First words"),
            (before, "First words"),
            (after, "Second words"),
        ):
            self.assertEqual(self.words(self.attempts_of(move))[1], words)
        self.go_to(3.1)
        self.assertEqual(
            [self.words(a)[1] for a in self.attempts_of(old)], ["First words"] * 2
        )
        self.assertEqual(
            [self.words(a)[1] for a in self.attempts_of(after)], ["Second words"] * 2
        )

    def test_all_languages_are_kept(self):
        self.env["res.lang"]._activate_lang("nb_NO")
        norwegian = self.content.with_context(lang="nb_NO")
        norwegian.sms_body = "Første ord {{ object.page_urls }}"
        norwegian.mail_template_id.subject = "Første emne"
        self.content.action_use_in_plans()
        kept = self.plan.live_version_id.step_ids[0].text_id
        norwegian.sms_body = "Andre ord {{ object.page_urls }}"
        kept_norwegian = kept.with_context(lang="nb_NO")
        self.assertIn("Første ord", kept_norwegian.sms_body)
        self.assertEqual(kept_norwegian.mail_template_id.subject, "Første emne")
        self.assertIn("First words", kept.sms_body)
        self.assertEqual(
            kept.mail_template_id.body_html.split(),
            (self.content.mail_template_id.body_html.split()),
        )

    def test_staff_see_what_is_not_in_use_yet(self):
        self.assertFalse(self.content.earlier_plan_ids)
        self.assertFalse(self.plan.new_text_ids)
        self.change()
        self.env.invalidate_all()
        self.assertEqual(self.content.earlier_plan_ids, self.plan)
        self.assertEqual(self.plan.new_text_ids, self.content)
        self.plan.action_use_new_texts()
        self.env.invalidate_all()
        self.assertFalse(self.content.earlier_plan_ids)

    def test_a_draft_somebody_works_on_stays_a_draft(self):
        draft = self.plan._get_draft()
        draft.step_ids[0].wait = 5
        live = self.plan.live_version_id
        self.change()
        self.content.action_use_in_plans()
        fresh = self.plan.live_version_id
        self.assertEqual((live.state, fresh.state), ("retired", "live"))
        self.assertEqual(fresh.step_ids.mapped("wait"), live.step_ids.mapped("wait"))
        self.assertEqual(draft.state, "draft")
        self.assertGreater(draft.number, fresh.number)
        draft.action_publish()
        self.assertEqual(self.plan.live_version_id.step_ids[0].wait, 5)

    def test_one_copy_for_each_wording(self):
        kept = self.plan.live_version_id.step_ids.text_id
        self.assertEqual(len(kept), 1)
        self.plan._get_draft().action_publish()
        self.assertEqual(self.plan.live_version_id.step_ids.text_id, kept)
        self.change()
        self.content.action_use_in_plans()
        second = self.plan.live_version_id.step_ids.text_id
        self.assertNotEqual(second, kept)
        self.content.sms_body = "First words {{ object.page_urls }}"
        self.content.mail_template_id.subject = "First subject"
        self.content.action_use_in_plans()
        self.assertEqual(self.plan.live_version_id.step_ids.text_id, kept)

    def test_nobody_changes_what_was_published(self):
        kept = self.plan.live_version_id.step_ids.text_id
        for change in (
            lambda: kept.write({"sms_body": "Other"}),
            lambda: kept.with_context(lang="nb_NO").write({"active": True}),
            lambda: kept.mail_template_id.write({"subject": "Other"}),
            lambda: kept.update_field_translations("sms_body", {"en_US": "Other"}),
            lambda: kept.mail_template_id.update_field_translations(
                "subject", {"en_US": "Other"}
            ),
            lambda: self.plan.live_version_id.step_ids.write({"text_id": False}),
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                change()

    def test_kept_texts_are_not_offered(self):
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_dynamic_distribution.billing_distribution_content_action"
        )
        self.assertIn("original_id", action["domain"])
        names = self.env["billing.distribution.content"].name_search(self.content.name)
        self.assertEqual(
            [content_id for content_id, _name in names].count(self.content.id), 1
        )
        kept = self.plan.live_version_id.step_ids.text_id
        self.assertNotIn(kept.id, [content_id for content_id, _name in names])

    def test_what_is_tried_keeps_its_text_too(self):
        draft = self.plan._get_draft()
        draft._begin_trial()
        self.assertTrue(draft.step_ids.text_id)
        self.change()
        self.assertIn("First words", draft.step_ids[0]._get_content().sms_body)
