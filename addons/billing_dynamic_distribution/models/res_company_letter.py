from pathlib import Path

from odoo import fields, models, tools

from ..adapters.letter_box import LetterBox
from ..core import letters


class ResCompany(models.Model):
    """Letters: who prints them, where the window is, and what they cost."""

    _inherit = "res.company"

    billing_letter_provider = fields.Selection(
        [("directory", "Print house")],
        string="Letters",
        help="Who prints and posts letters. Empty: no letters are sent.",
    )
    billing_letter_directory = fields.Char(
        string="Directory of Letters",
        groups="base.group_system",
        help="Where batches are put for the print house to fetch, by SFTP or "
        "otherwise. Empty: in Odoo's data directory.",
    )
    billing_letter_manifest = fields.Selection(
        [("json", "JSON"), ("csv", "CSV")],
        string="List of Letters",
        required=True,
        default="json",
        help="Form of the list that lies beside the PDFs of a batch.",
    )

    # The window, in millimetres from the upper left corner of the first page. What
    # ships is that of common Norwegian C5 envelopes; windows differ: measure yours.
    billing_letter_window_left = fields.Float(string="Window: Left", default=15.0)
    billing_letter_window_top = fields.Float(string="Window: Top", default=44.0)
    billing_letter_window_width = fields.Float(string="Window: Width", default=105.0)
    billing_letter_window_height = fields.Float(string="Window: Height", default=35.0)
    billing_letter_place_address = fields.Boolean(
        string="Put the Address into the Window",
        default=True,
        help="New PDFs of invoices have the customer's address where the window is.",
    )
    billing_letter_check_window = fields.Boolean(
        string="Check the Window",
        default=True,
        help="A letter whose address would not show, or not alone, is not sent. Switch "
        "off when the print house prints the address itself.",
    )

    # What letters cost, in the currency of the company
    billing_letter_price_domestic = fields.Float(string="Letter Within the Country")
    billing_letter_price_abroad = fields.Float(string="Letter Abroad")
    billing_letter_price_sheet = fields.Float(string="Each Further Sheet")
    billing_letter_duplex = fields.Boolean(string="Printed on Both Sides", default=True)

    # How to pay, on the PDF of invoices
    billing_payment_part = fields.Boolean(
        string="Payment Part on Invoices",
        default=True,
        help="Invoices end with account, reference, amount and due date in a frame, "
        "and the address of the customer's page.",
    )

    _billing_letter_window_positive = models.Constraint(
        "CHECK(billing_letter_window_left >= 0 AND billing_letter_window_top >= 0"
        " AND billing_letter_window_width > 0 AND billing_letter_window_height > 0)",
        "The window of an envelope has a size, and lies on the page.",
    )
    _billing_letter_prices_positive = models.Constraint(
        "CHECK(billing_letter_price_domestic >= 0 AND billing_letter_price_abroad >= 0"
        " AND billing_letter_price_sheet >= 0)",
        "A letter cannot cost less than nothing.",
    )

    # === HELPERS === #

    def _billing_letter_box(self):
        """Return the directory of the company's print house.

        :rtype: adapters.letter_box.LetterBox
        """
        self.ensure_one()
        path = self.sudo().billing_letter_directory
        if not path:
            name = letters.folder_name(f"{self.id}-{self.sudo().name}")
            path = Path(tools.config["data_dir"], "billing_letters", self.env.cr.dbname)
            path /= name
        return LetterBox(path)

    def _billing_letter_window(self):
        """Return the window of the company's envelopes.

        :rtype: core.letters.Window
        """
        self.ensure_one()
        return letters.Window(
            left=self.billing_letter_window_left,
            top=self.billing_letter_window_top,
            width=self.billing_letter_window_width,
            height=self.billing_letter_window_height,
        )

    def _billing_letter_prices(self):
        """Return what letters of the company cost.

        :rtype: core.letters.Prices
        """
        self.ensure_one()
        return letters.Prices(
            domestic=self.billing_letter_price_domestic,
            abroad=self.billing_letter_price_abroad,
            further_sheet=self.billing_letter_price_sheet,
            duplex=self.billing_letter_duplex,
        )
