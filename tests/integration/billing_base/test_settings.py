"""The settings page: a switch for each addon, also for those that are not there."""

from unittest.mock import patch

from odoo.tests import Form

from odoo.addons.billing_base.models.res_config_settings import ADDONS

from .common import BillingBaseCase


class TestSettings(BillingBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(user=cls.env.ref("base.user_admin"))
        cls.modules = cls.env["ir.module.module"].sudo()

    def _module(self, state):
        """Return the module of the first switch, in ``state``."""
        module = self.modules.search([("name", "=", ADDONS[0])]) or self.modules.create(
            {"name": ADDONS[0]}
        )
        module.state = state
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        return module

    def test_every_addon_has_a_switch(self):
        fields = self.env["res.config.settings"].fields_get()
        for addon in ADDONS:
            self.assertIn(f"module_{addon}", fields)

    def test_addon_that_is_not_there_cannot_be_switched_on(self):
        self._module("uninstallable")
        settings = self.env["res.config.settings"].create({})
        self.assertIn(ADDONS[0], settings.billing_unavailable_addons)
        with self.assertRaisesRegex(AssertionError, "readonly"):
            Form(settings).module_billing_bank_file = True
        settings.execute()

    def test_addon_that_is_there_can_be_switched_on(self):
        module = self._module("uninstalled")
        form = Form(self.env["res.config.settings"])
        self.assertFalse(form.module_billing_bank_file)
        form.module_billing_bank_file = True
        installed = []
        with patch.object(
            self.env.registry["ir.module.module"],
            "button_immediate_install",
            lambda modules: installed.extend(modules.mapped("name")),
        ):
            form.save().execute()
        self.assertEqual(installed, [module.name])

    def test_switching_off_asks_before_it_uninstalls(self):
        module = self._module("installed")
        form = Form(self.env["res.config.settings"])
        self.assertTrue(form.module_billing_bank_file)
        form.module_billing_bank_file = False
        action = form.save().execute()
        self.assertEqual(action["res_model"], "base.module.uninstall")
        self.assertEqual(action["context"]["default_module_ids"], module.ids)

    def test_keeping_time_is_kept_per_company(self):
        other_company = self._other_company()
        self.env.user.company_ids |= self.company
        settings = self.env["res.config.settings"].with_company(self.company)
        settings.create({"billing_event_retention_months": 24}).execute()
        self.assertEqual(self.company.billing_event_retention_months, 24)
        self.assertEqual(other_company.billing_event_retention_months, 0)
