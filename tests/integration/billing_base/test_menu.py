"""The Billing app: who sees it, and that everything in it opens."""

from .common import BillingBaseCase


class TestMenu(BillingBaseCase):
    def _visible(self, user):
        menus = self.env["ir.ui.menu"].with_user(user)
        return menus.browse(menus._visible_menu_ids())

    def test_app_is_for_billing_staff(self):
        root = self.env.ref("billing_base.menu_billing_root")
        configuration = self.env.ref("billing_base.menu_billing_configuration")
        clerk = self._new_user("clerk", "account.group_account_invoice")
        self.assertNotIn(root, self._visible(clerk))
        self.assertIn(root, self._visible(self.user))
        self.assertNotIn(configuration, self._visible(self.user))
        self.assertIn(configuration, self._visible(self.manager))

    def test_every_entry_opens_for_whoever_sees_it(self):
        root = self.env.ref("billing_base.menu_billing_root")
        admin = self.env.ref("base.user_admin")
        for user in (self.user, self.manager, admin):
            visible = self._visible(user)
            entries = visible.filtered_domain([("id", "child_of", root.id)]).filtered(
                lambda menu, visible=visible: menu.action and menu.parent_id in visible
            )
            self.assertGreaterEqual(len(entries), 5)
            for menu in entries:
                with self.subTest(user=user.login, menu=menu.complete_name):
                    action = menu.action.sudo()
                    model = self.env[action.res_model].with_user(user)
                    views = [(False, kind) for kind in action.view_mode.split(",")]
                    model.get_views([*views, (False, "search")])
                    model.check_access("read")

    def test_users_work_with_invoices_and_managers_are_users(self):
        self.assertTrue(self.user.has_group("account.group_account_invoice"))
        self.assertTrue(self.manager.has_group("billing_base.group_billing_user"))
        self.assertTrue(
            self.env.ref("base.user_admin").has_group(
                "billing_base.group_billing_manager"
            )
        )
