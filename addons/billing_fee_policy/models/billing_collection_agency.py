from pathlib import Path

from odoo import api, fields, models, tools

from odoo.addons.billing_base.adapters.drop_box import DropBox


class BillingCollectionAgency(models.Model):
    """Who collects what reminders did not bring in, and the directory they share."""

    _name = "billing.collection.agency"
    _description = "Collection Agency"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, help="As customers know it.")
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
    )
    contact = fields.Char(
        help="Telephone number or address under which customers reach the agency. It "
        "stands on the customer's page.",
    )
    customer_number = fields.Char(
        string="Our Number", help="Number under which the agency knows the company."
    )
    directory = fields.Char(
        groups="base.group_system",
        help="Where batches are put for the agency to fetch, by SFTP or otherwise, and "
        "where its answers lie. Empty: in Odoo's data directory.",
    )
    is_tryout = fields.Boolean(
        string="Try-Out",
        help="Nobody is behind it: Kvitt answers by itself, so that the way there and "
        "back can be seen. Claims do not leave the machine.",
    )
    case_ids = fields.One2many("billing.collection.case", "agency_id", readonly=True)
    open_case_count = fields.Integer(
        string="Cases With the Agency", compute="_compute_open_case_count"
    )

    # === COMPUTE METHODS === #

    @api.depends("case_ids.state")
    def _compute_open_case_count(self):
        counts = dict(
            self.env["billing.collection.case"]._read_group(
                [
                    ("agency_id", "in", self.ids),
                    ("state", "in", ("offered", "accepted", "recalling")),
                ],
                ["agency_id"],
                ["__count"],
            )
        )
        for agency in self:
            agency.open_case_count = counts.get(agency, 0)

    # === ACTIONS === #

    def action_open_cases(self):
        """Open the cases that the agency has."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "billing_fee_policy.billing_collection_case_action"
        )
        action["domain"] = [("agency_id", "=", self.id)]
        action["context"] = {"search_default_with_agency": 1}
        return action

    # === HELPERS === #

    def _box(self):
        """Return the directory that the company shares with the agency.

        :rtype: billing_base.adapters.drop_box.DropBox
        """
        self.ensure_one()
        path = self.sudo().directory
        if not path:
            path = Path(tools.config["data_dir"], "billing_collection")
            path = path / self.env.cr.dbname / str(self.id)
        return DropBox(path)
