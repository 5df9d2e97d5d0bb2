"""Customers and open invoices to send, written straight into the tables.

Each customer has an e-mail address and a telephone, each invoice is a copy of one that
was posted through Odoo, so that everything which sends finds what it looks for. What is
planned and sent afterwards goes through Kvitt's and Odoo's own code.
"""

from . import tables

#: Columns of the copies that are not the original's, by table.
_PARTNER = {
    "id": "base.id + n",
    "commercial_partner_id": "base.id + n",
    "parent_id": "NULL",
    "name": "'Kunde ' || n",
    "complete_name": "'Kunde ' || n",
    "email": "'kunde' || n || '@kunde.example'",
    "email_normalized": "'kunde' || n || '@kunde.example'",
    "phone": "'+47406' || lpad((n %% 100000)::text, 5, '0')",
    "phone_sanitized": "'+47406' || lpad((n %% 100000)::text, 5, '0')",
    "billing_customer_number": "NULL",
    "signup_type": "NULL",
}
_MOVE = {
    "id": "base.id + n",
    "partner_id": "%(first)s + n %% %(customers)s",
    "commercial_partner_id": "%(first)s + n %% %(customers)s",
    "partner_shipping_id": "%(first)s + n %% %(customers)s",
    "name": "'DIST/' || n",
    "sequence_prefix": "'DIST/'",
    "sequence_number": "n",
    "payment_reference": "'9' || lpad(n::text, 9, '0')",
    "billing_reference_scheme_id": "NULL",
    "access_token": "NULL",
    "payment_state": "'not_paid'",
    "status_in_payment": "'not_paid'",
    "amount_residual": "source.amount_total",
    "amount_residual_signed": "source.amount_total",
    "invoice_date_due": "%(due)s",
    "invoice_pdf_report_file": "NULL",
    "is_move_sent": "FALSE",
    "sending_data": "NULL",
}


def grow(env, company, customers, invoices, due, large=False):
    """Write customers and their open invoices into the tables.

    :param company: ``res.company`` with a posted invoice
    :param int customers: new customers
    :param int invoices: new invoices, spread over these customers
    :param date due: due date of all of them
    :param bool large: build the indexes of invoices anew instead of keeping them up
    :return: ids of the first and the last invoice
    """
    cr = env.cr
    env.flush_all()
    cr.execute(
        """SELECT id, partner_id FROM account_move
            WHERE company_id = %s AND move_type = 'out_invoice' AND state = 'posted'
            ORDER BY id LIMIT 1""",
        [company.id],
    )
    source_move, source_partner = cr.fetchone()
    first = _copy_rows(cr, "res_partner", source_partner, customers, _PARTNER)
    for channel, address, sequence in (("email", "email", 10), ("sms", "phone", 20)):
        cr.execute(
            f"""INSERT INTO billing_contact_point
                       (partner_id, company_id, channel, address, active, sequence,
                        source, state, soft_failure_count, consent_billing)
                SELECT id, company_id, %s, {address}, TRUE, %s, 'partner', 'unverified',
                       0, TRUE
                  FROM res_partner WHERE id >= %s AND id < %s""",
            [channel, sequence, first, first + customers],
        )
    indexes = {}
    if large:
        tables.drop_foreign_keys(cr, "account_move")
        indexes = tables.drop_indexes(cr, "account_move")
    values = {"first": first, "customers": customers, "due": due}
    first_move = _copy_rows(cr, "account_move", source_move, invoices, _MOVE, values)
    if indexes:
        tables.build_indexes(cr, indexes, ["billing"])
    cr.execute("ANALYZE res_partner, billing_contact_point, account_move")
    env.invalidate_all()
    return first_move, first_move + invoices - 1


def _copy_rows(cr, table, source, count, changed, values=None):
    """Insert copies of a row, and return the id of the first."""
    cr.execute(
        """SELECT column_name FROM information_schema.columns
            WHERE table_name = %s AND table_schema = current_schema()
              AND is_generated = 'NEVER'""",
        [table],
    )
    columns = [column for (column,) in cr.fetchall()]
    cr.execute(f"SELECT COALESCE(max(id), 0) + 1 FROM {table}")
    [(base,)] = cr.fetchall()
    chosen = ", ".join(changed.get(column, f'source."{column}"') for column in columns)
    cr.execute(
        f"""INSERT INTO {table} ({", ".join(f'"{c}"' for c in columns)})
            SELECT {chosen}
              FROM {table} AS source,
                   (SELECT %(base)s::integer AS id) AS base,
                   generate_series(0, %(count)s - 1) AS n
             WHERE source.id = %(source)s""",
        {"base": base, "count": count, "source": source, **(values or {})},
    )
    cr.execute(
        "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, base + count]
    )
    return base
