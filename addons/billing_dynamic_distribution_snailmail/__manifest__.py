{
    "name": "Billing: Letters through Odoo",
    "summary": "Odoo's letter service prints the invoice's own PDF",
    "version": "19.0.1.0.0",
    "category": "Accounting/Billing",
    "author": "Kvitt",
    "license": "LGPL-3",
    "images": ["static/description/screenshot.png"],
    "depends": ["billing_dynamic_distribution", "snailmail_account"],
    "auto_install": True,
}
