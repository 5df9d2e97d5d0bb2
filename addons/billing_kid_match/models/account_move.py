from odoo import models

from odoo.addons.billing_base.core.reference import BUCKET_SQL

from ..core.search import LENGTH_SQL, PIECES_SQL

#: Customer invoices, in whatever state, that carry a reference.
ISSUED_SQL = (
    "payment_reference IS NOT NULL AND move_type IN ('out_invoice', 'out_receipt')"
)
#: Customer invoices that money can settle.
OPEN_SQL = (
    "state = 'posted' AND move_type IN ('out_invoice', 'out_receipt') "
    "AND payment_state IN ('not_paid', 'partial', 'blocked')"
)
#: Credit notes that may be set off.
OPEN_REFUND_SQL = (
    "state = 'posted' AND move_type = 'out_refund' "
    "AND payment_state IN ('not_paid', 'partial')"
)

_BUCKET = BUCKET_SQL.format(column="payment_reference")
_LENGTH = LENGTH_SQL.format(column="payment_reference")
_PIECES = [piece.format(column="payment_reference") for piece in PIECES_SQL]


class AccountMove(models.Model):
    """Indexes that find invoices by damaged references, see ``billing.matcher``."""

    _inherit = "account.move"

    _billing_bucket_idx = models.Index(
        f"(({_BUCKET}), company_id) WHERE {ISSUED_SQL}",
    )
    _billing_piece1_idx = models.Index(
        f"(({_PIECES[0]}), ({_LENGTH}), amount_residual) WHERE {OPEN_SQL}",
    )
    _billing_piece2_idx = models.Index(
        f"(({_PIECES[1]}), ({_LENGTH}), amount_residual) WHERE {OPEN_SQL}",
    )
    _billing_piece3_idx = models.Index(
        f"(({_PIECES[2]}), ({_LENGTH}), amount_residual) WHERE {OPEN_SQL}",
    )
    _billing_open_amount_idx = models.Index(
        f"(company_id, currency_id, amount_residual) WHERE {OPEN_SQL}",
    )
    _billing_open_customer_idx = models.Index(
        f"(commercial_partner_id, invoice_date_due, id) WHERE {OPEN_SQL}",
    )
    _billing_open_refund_idx = models.Index(
        f"(commercial_partner_id) WHERE {OPEN_REFUND_SQL}",
    )
    # What was paid again, and invoices that a text names by their number
    _billing_total_idx = models.Index(
        f"(commercial_partner_id, amount_total) WHERE {ISSUED_SQL}",
    )
    # The company comes last: first, the planner would take this index for references
    _billing_number_idx = models.Index(
        f"(sequence_number, company_id) WHERE {ISSUED_SQL}",
    )
