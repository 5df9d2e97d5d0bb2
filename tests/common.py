"""Base classes of the tests that need Odoo.

The tags make Odoo treat them as its own standard tests run after installation;
without ``standard`` it would let real network requests through.
"""

import json

from odoo import Command
from odoo.models import BaseModel
from odoo.tests import HttpCase, TransactionCase, tagged
from odoo.tests import common as odoo_common

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.base.tests.common import BaseCommon
from odoo.addons.billing_base.printing import chromium

#: Parameter of the database that tells what :func:`make_ready` put there.
READY = "kvitt.tests.ready"
#: A company that nobody belongs to, with a chart of accounts, for tests with two.
SISTER = "Kvitt test sister"

# A browser that needs longer than ten seconds to start would skip its test: a minute.
odoo_common.CHECK_BROWSER_ITERATIONS = 600


class Prints:
    """Lets the browser go that a test printed with: Odoo wants no process left."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addClassCleanup(chromium.close)


@tagged("standard", "post_install", "-at_install")
class KvittCase(Prints, TransactionCase):
    """A test on the demo database, rolled back at its end."""


@tagged("standard", "post_install", "-at_install")
class KvittHttpCase(Prints, HttpCase):
    """A test with Odoo's web server and, for tours, a browser."""


@tagged("standard", "post_install", "-at_install")
class KvittAccountCase(Prints, AccountTestInvoicingCommon):
    """A test in a company of its own with a Norwegian chart of accounts.

    Odoo's class makes company, chart, products, taxes and users anew for each class
    of tests, which takes longer than most tests. Here it has done so once for all,
    see :func:`make_ready`; what a test changes of it is rolled back as ever.
    """

    @classmethod
    def setUpClass(cls):
        # From below Odoo's classes that make what is there already.
        super(BaseCommon, cls).setUpClass()
        cls.addClassCleanup(chromium.close)
        ready = json.loads(cls.env["ir.config_parameter"].get_param(READY))
        env = cls.env["base"].with_context(**cls.default_env_context()).env
        cls.env = env(user=ready["user"]["ids"][0])
        for name, value in ready.items():
            setattr(cls, name, _restored(cls.env, value))
        groups = cls.get_default_groups() - cls.env.user.group_ids
        if groups:
            cls.env.user.group_ids |= groups

    @classmethod
    def _create_company(cls, **values):
        # A second company is nearly always this one, under another name.
        sister = cls.env["res.company"].sudo().search([("name", "=", SISTER)])
        if not sister or values.keys() != {"name"}:
            return super()._create_company(**values)
        sister.name = values["name"]
        cls.env.user.company_ids = [Command.link(sister.id)]
        return sister.sudo(False)


def make_ready():
    """Put into the database what every :class:`KvittAccountCase` starts from."""

    class Ready(AccountTestInvoicingCommon):
        @classmethod
        @AccountTestInvoicingCommon.setup_country("no")
        def setUpClass(cls):
            super().setUpClass()
            sister = cls._create_company(name=SISTER)
            cls.env.user.company_ids = [Command.unlink(sister.id)]
            kept = {
                name: _kept(value)
                for base in reversed(cls.__mro__)
                for name, value in vars(base).items()
                if isinstance(value, (BaseModel, dict))
            }
            kept |= {"tax_number": cls.tax_number, "country_code": cls.country_code}
            cls.env["ir.config_parameter"].sudo().set_param(READY, json.dumps(kept))
            cls.env.flush_all()
            # Tests must not commit, and this is none.
            cls.cr._cnx.commit()

    try:
        Ready.setUpClass()
    finally:
        Ready.doClassCleanups()
        Ready.tearDownClass()


def _kept(value):
    """Return ``value``, a recordset or a dictionary with some, as JSON can keep it."""
    if isinstance(value, BaseModel):
        return {"model": value._name, "ids": value.ids}
    if isinstance(value, dict):
        return {key: _kept(part) for key, part in value.items()}
    return value


def _restored(env, value):
    if isinstance(value, dict) and value.keys() == {"model", "ids"}:
        return env[value["model"]].browse(value["ids"])
    if isinstance(value, dict):
        return {key: _restored(env, part) for key, part in value.items()}
    return value
