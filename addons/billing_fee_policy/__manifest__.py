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
        "security/billing_letter_rules.xml",
        # The frame of the menus and of the settings: what follows hangs into it.
        "views/billing_fee_policy_menus.xml",
        "views/res_config_settings_views.xml",
        # Policies and reminders.
        "wizards/billing_reminder_why_views.xml",
        "views/billing_dunning_policy_views.xml",
        "views/billing_reminder_views.xml",
        "views/account_move_reminder_views.xml",
        "views/res_partner_reminder_views.xml",
        "views/billing_reminder_menus.xml",
        "data/ir_cron_reminder.xml",
        # Letters.
        "views/mail_claims_templates.xml",
        "views/report_reminder.xml",
        "views/billing_letter_batch_views.xml",
        "views/res_config_settings_letter_views.xml",
        "data/mail_template_reminder.xml",
    ],
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
