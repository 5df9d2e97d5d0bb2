{
    "name": "Billing: Fee Policy",
    "summary": "Reminders and fees within the law, and when to leave a fee out",
    "version": "19.0.1.0.0",
    "category": "Accounting/Billing",
    "author": "Kvitt",
    "license": "LGPL-3",
    "depends": ["billing_base"],
    "data": [
        "security/ir.model.access.csv",
        "security/billing_fee_policy_rules.xml",
        # The frame of the menus and of the settings: what follows hangs into it.
        "views/billing_fee_policy_menus.xml",
        "views/res_config_settings_views.xml",
    ],
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
