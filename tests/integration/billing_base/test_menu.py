"""The Billing app: who sees it, and that everything in it opens."""

from .common import BillingBaseCase


class TestMenu(BillingBaseCase):
    def _visible(self, user):
        menus = self.env["ir.ui.menu"].with_user(user)
        return menus.browse(menus._visible_menu_ids())

    def _open(self, action, user):
        """Do what the web client does with the action of a menu."""
        action_sudo = action.sudo()
        if action_sudo._name == "ir.actions.client":
            # A screen of its own; its tour opens it.
            self.assertTrue(action_sudo.tag)
            return
        if action_sudo._name == "ir.actions.server":
            values = action.with_user(user).sudo(False).run()
        else:
            values = action_sudo.read(["res_model", "view_mode"])[0]
        model = self.env[values["res_model"]].with_user(user)
        views = [(False, kind) for kind in values["view_mode"].split(",")]
        model.get_views([*views, (False, "search")])
        model.check_access("read")

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
                    self._open(menu.action, user)

    def test_users_work_with_invoices_and_managers_are_users(self):
        self.assertTrue(self.user.has_group("account.group_account_invoice"))
        self.assertTrue(self.manager.has_group("billing_base.group_billing_user"))
        self.assertTrue(
            self.env.ref("base.user_admin").has_group(
                "billing_base.group_billing_manager"
            )
        )
