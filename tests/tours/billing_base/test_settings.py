import pytest

from ..common import TourCase


@pytest.mark.nightly
class TestSettings(TourCase):
    def test_addons_that_are_not_on_the_server_cannot_be_switched_on(self):
        self.env["ir.module.module"].search(
            [("name", "=", "billing_insights")]
        ).state = "uninstallable"
        self.new_user(
            "tour_admin", "base.group_system", "billing_base.group_billing_manager"
        )
        self.start_tour(
            "/odoo/action-billing_base.res_config_settings_action",
            "billing_base_settings",
            login="tour_admin",
        )
