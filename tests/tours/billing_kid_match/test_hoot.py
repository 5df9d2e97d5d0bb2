"""Unit tests of the scripts, which run in a browser without a server's data."""

from odoo.addons.web.tests import test_js

from ...common import KvittHttpCase

#: Odoo's test page is asked for the tests of one addon by a hash of its name.
URL = "/web/tests?headless&loglevel=2&preset=desktop&timeout=15000&id={job}"


class TestScripts(KvittHttpCase):
    def test_scripts_of_the_addon(self):
        job = test_js.HOOTCommon._generate_hash(self, "@billing_kid_match")
        self.browser_js(
            URL.format(job=job),
            "",
            "",
            login="admin",
            timeout=600,
            success_signal="[HOOT] Test suite succeeded",
            error_checker=test_js.unit_test_error_checker,
        )
