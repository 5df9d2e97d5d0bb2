{
    "name": "Billing: Dynamic Distribution through Twilio",
    "summary": "SMS with invoices go out through Odoo's Twilio account",
    "version": "19.0.1.0.0",
    "category": "Accounting/Accounting",
    "author": "Kvitt",
    "license": "LGPL-3",
    "images": ["static/description/screenshot.png"],
    "depends": ["billing_dynamic_distribution", "sms_twilio"],
    "data": ["views/res_config_settings_views.xml"],
    "auto_install": True,
}
