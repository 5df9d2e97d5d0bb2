{
    "name": "Billing: KID Match in the OCA Reconciliation",
    "summary": "Shows the candidates of matching in OCA's reconciliation screen",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "author": "Kvitt",
    # As the addon of the OCA that it builds on.
    "license": "AGPL-3",
    "images": ["static/description/screenshot.png"],
    "depends": ["billing_kid_match", "account_reconcile_oca"],
    "data": ["views/account_bank_statement_line_views.xml"],
    "auto_install": True,
}
