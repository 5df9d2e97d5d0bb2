{
    "name": "Billing: Fees and Direct Debit",
    "summary": "A debit that failed by no fault of the customer costs no fee",
    "version": "19.0.1.0.0",
    "category": "Accounting/Billing",
    "author": "Kvitt",
    "license": "LGPL-3",
    "images": ["static/description/screenshot.png"],
    "depends": ["billing_direct_debit", "billing_fee_policy"],
    "auto_install": True,
}
