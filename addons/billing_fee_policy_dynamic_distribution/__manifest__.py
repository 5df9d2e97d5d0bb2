{
    "name": "Billing: Reminders through Distribution",
    "summary": "Reminders go out as invoices do, by print house, e-mail or SMS",
    "version": "19.0.1.0.0",
    "category": "Accounting/Billing",
    "author": "Kvitt",
    "license": "LGPL-3",
    "images": ["static/description/screenshot.png"],
    "depends": ["billing_fee_policy", "billing_dynamic_distribution"],
    "data": [
        "data/ir_cron.xml",
        "views/billing_distribution_attempt_views.xml",
        "views/res_config_settings_views.xml",
    ],
    "auto_install": True,
    "uninstall_hook": "uninstall_hook",
}
