{
    "name": "Billing: Dynamic Distribution",
    "summary": "Each invoice finds its way: e-mail, SMS, letter, until it is seen",
    "version": "19.0.1.0.0",
    "category": "Accounting/Billing",
    "author": "Kvitt",
    "license": "LGPL-3",
    "images": ["static/description/screenshot.png"],
    "depends": ["billing_base", "sms"],
    "data": [
        "security/ir.model.access.csv",
        "security/billing_dynamic_distribution_rules.xml",
        # Contents name the templates, plans name the contents.
        "data/mail_template_data.xml",
        "data/billing_distribution_content.xml",
        "data/ir_cron.xml",
        "views/billing_distribution_run_views.xml",
        "views/billing_distribution_attempt_views.xml",
        "views/billing_distribution_version_views.xml",
        "views/billing_distribution_plan_views.xml",
        "views/billing_distribution_content_views.xml",
        "views/account_move_views.xml",
        "views/res_config_settings_views.xml",
        # Menus last: they name the actions above.
        "views/billing_dynamic_distribution_menus.xml",
    ],
    "demo": ["demo/billing_distribution_demo.xml"],
    "post_init_hook": "post_init_hook",
}
