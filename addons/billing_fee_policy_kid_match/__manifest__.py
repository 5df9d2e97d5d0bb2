{
    "name": "Billing: Payments of Fees",
    "summary": "Payments of an invoice, of its fee, or of both find their documents",
    "version": "19.0.1.0.0",
    "category": "Accounting/Billing",
    "author": "Kvitt",
    "license": "LGPL-3",
    "images": ["static/description/screenshot.png"],
    "depends": ["billing_fee_policy", "billing_kid_match"],
    "auto_install": True,
}
