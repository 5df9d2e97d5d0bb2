{
    "name": "Billing: EHF through Peppol",
    "summary": "EHF as a channel of dynamic distribution, through Odoo's access point",
    "version": "19.0.1.0.0",
    "category": "Accounting/Billing",
    "author": "Kvitt",
    "license": "LGPL-3",
    "images": ["static/description/screenshot.png"],
    "depends": ["billing_dynamic_distribution", "account_peppol"],
    "post_init_hook": "post_init_hook",
    "auto_install": True,
}
