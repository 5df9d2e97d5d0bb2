import logging
from random import Random

from odoo import Command, api, models

from .data import MARKETS

_logger = logging.getLogger(__name__)

#: External ids of the demo records. They belong to no addon: uninstalling one must
#: not try to tear down a company with books.
MODULE = "billing_demo"
#: Same seed, same demo companies; only the dates follow the day of installation.
SEED = 19


class BillingDemo(models.AbstractModel):
    """Loads the two demo companies, Fjordlys AS and Fjordljus AB.

    They need the charts of accounts of Norway and Sweden. While addons are being
    installed these may come later in the same run, or half be there, so that loading
    waits until the registry is complete; a chart whose addon is not installed is not
    installed for the demo's sake, its company is left out.
    """

    _name = "billing.demo"
    _description = "Billing Demo Data"

    @api.model
    def _schedule(self):
        """Load the demo data, or have it loaded once all addons are.

        :return: None
        """
        if self.env.registry.ready:
            self._load()
        else:
            self.env.registry._billing_demo_scheduled = True

    def _register_hook(self):
        """Override of `base`: load what was scheduled while addons were loading."""
        super()._register_hook()
        registry = self.env.registry
        if getattr(registry, "_billing_demo_scheduled", False):
            del registry._billing_demo_scheduled
            try:
                with self.env.cr.savepoint():
                    self._load()
            except Exception:
                # As core does: an installation must not fail over its demo data.
                _logger.exception("The billing demo data could not be loaded")

    @api.model
    def _load(self):
        """Load what is missing of the demo companies. Safe to call again.

        :return: None
        """
        self = self.sudo().with_context(  # noqa: PLW0642 - as core's chart loading
            lang=None,
            install_mode=True,
            mail_create_nolog=True,
            mail_create_nosubscribe=True,
            mail_notrack=True,
            no_reset_password=True,
            tracking_disable=True,
        )
        charts = self.env["account.chart.template"]._get_chart_template_mapping()
        companies = self.env["res.company"]
        for market in MARKETS:
            if not charts.get(market.chart, {}).get("installed"):
                _logger.info(
                    "Demo company %s left out: install l10n_%s, then update "
                    "billing_base.",
                    market.company["name"],
                    market.chart,
                )
                continue
            companies |= self._load_market(market)
        if companies:
            self._load_users(companies)

    # === COMPANY === #

    def _load_market(self, market):
        """Load one company with its books.

        :rtype: res.company
        """
        self._activate_language(market)
        company = self._load_company(market)
        self = self.with_company(company).with_context(  # noqa: PLW0642
            allowed_company_ids=company.ids
        )
        self._load_journals(market, company)
        moves = self.env["account.move"]
        if not moves.search_count([("company_id", "=", company.id)], limit=1):
            self._load_books(market, company, Random(SEED))
        return company

    def _activate_language(self, market):
        languages = self.env["res.lang"]
        if market.lang in dict(languages.get_installed()):
            return
        languages._activate_lang(market.lang)
        self.env["ir.module.module"].search(
            [("state", "=", "installed")]
        )._update_translations([market.lang])

    def _load_company(self, market):
        partner = self._record(
            "res.partner",
            f"company_partner_{market.key}",
            {
                **market.company,
                "is_company": True,
                "country_id": self.env.ref(f"base.{market.key}").id,
                "lang": market.lang,
                "tz": market.tz,
            },
        )
        currency = self.env.ref(f"base.{market.currency}")
        currency.active = True
        company = self._record(
            "res.company",
            f"company_{market.key}",
            {
                "name": partner.name,
                "partner_id": partner.id,
                "currency_id": currency.id,
            },
        )
        people = self.env.ref("base.user_root") + self.env.ref("base.user_admin")
        people.company_ids = [Command.link(company.id)]
        if not company.chart_template:
            # The context of the installation would keep chart loading from creating
            # what it takes for updates of existing records.
            self.env["account.chart.template"].with_context(
                install_mode=False
            ).try_loading(market.chart, company)
        return company

    def _load_journals(self, market, company):
        """Bank accounts, and references of Kvitt on the sales journal."""
        journals = self.env["account.journal"]
        domain = [("company_id", "=", company.id)]
        for name, code, number in market.accounts:
            journal = journals.search(
                domain + [("type", "=", "bank"), ("code", "=", code)]
                if code
                else domain + [("type", "=", "bank")],
                limit=1,
            ) or journals.create(
                {
                    "name": name,
                    "type": "bank",
                    "code": code,
                    "company_id": company.id,
                }
            )
            if not journal.bank_account_id:
                journal.set_bank_account(number)
            self._name_record(f"journal_{code or 'BANK'}_{market.key}", journal)
        sales = journals.search(domain + [("type", "=", "sale")], limit=1)
        self._name_record(f"journal_SALE_{market.key}", sales)
        scheme = self._record(
            "billing.reference.scheme",
            f"scheme_{market.key}",
            {**market.scheme, "company_id": company.id},
        )
        if sales.invoice_reference_model != "kvitt":
            sales.write(
                {
                    "invoice_reference_type": "invoice",
                    "invoice_reference_model": "kvitt",
                    "billing_reference_scheme_id": scheme.id,
                }
            )

    # === USERS === #

    def _load_users(self, companies):
        """Staff who may work in both companies, and two customers with a login."""
        first = companies[:1]
        staff = {
            "accountant": (
                "Astrid Regnskap",
                "billing_base.group_billing_user",
                "account.group_account_user",
            ),
            "service": ("Sindre Kundeservice", "billing_base.group_billing_user"),
            "manager": (
                "Mette Leder",
                "billing_base.group_billing_manager",
                "account.group_account_manager",
            ),
        }
        for login, (name, *groups) in staff.items():
            user = self._record(
                "res.users",
                f"user_{login}",
                {
                    "name": name,
                    "login": login,
                    "password": login,
                    "email": f"{login}@fjordlys.example.com",
                    "lang": first.partner_id.lang,
                    "tz": first.partner_id.tz,
                    "company_id": first.id,
                    "company_ids": [Command.set(companies.ids)],
                    "group_ids": [
                        Command.set([self.env.ref(group).id for group in groups])
                    ],
                },
            )
            user.company_ids |= companies
        portal = self.env.ref("base.group_portal")
        for login, customer in (("kari", "customer_no_01"), ("ase", "customer_no_03")):
            partner = self.env.ref(f"{MODULE}.{customer}", raise_if_not_found=False)
            if partner:
                self._record(
                    "res.users",
                    f"user_{login}",
                    {
                        "login": login,
                        "password": login,
                        "partner_id": partner.id,
                        "company_id": partner.company_id.id,
                        "company_ids": [Command.set(partner.company_id.ids)],
                        "group_ids": [Command.set(portal.ids)],
                    },
                )

    # === HELPERS === #

    def _record(self, model, name, vals):
        """The record with the external id ``name``, created with ``vals`` if new."""
        xml_id = f"{MODULE}.{name}"
        record = self.env.ref(xml_id, raise_if_not_found=False)
        if not record:
            record = self.env[model].create(vals)
            self._name_record(name, record)
        return record

    def _name_record(self, name, record):
        self.env["ir.model.data"]._update_xmlids(
            [{"xml_id": f"{MODULE}.{name}", "record": record, "noupdate": True}]
        )
