{
    "name": "Billing Base",
    "version": "19.0.1.0.0",
    "summary": "Event log, holds, contact points, bank days and KID/OCR references",
    "category": "Accounting/Billing",
    "author": "Kvitt",
    "license": "LGPL-3",
    "images": ["static/description/screenshot.png"],
    "depends": ["account", "portal", "mail", "phone_validation"],
    "external_dependencies": {"python": ["holidays", "phonenumbers"]},
    "data": [
        # Groups first: access rights, rules and views name them.
        "security/billing_base_groups.xml",
        "security/ir.model.access.csv",
        "security/billing_base_rules.xml",
        "data/ir_sequence.xml",
        "data/ir_cron.xml",
        "data/mail_activity_type_data.xml",
        "data/mail_template_data.xml",
        "wizards/billing_contact_fix_wizard_views.xml",
        "wizards/billing_hold_wizard_views.xml",
        "views/billing_event_views.xml",
        "views/billing_hold_views.xml",
        "views/billing_contact_point_views.xml",
        "views/billing_link_views.xml",
        "views/billing_bank_holiday_views.xml",
        "views/billing_reference_scheme_views.xml",
        "views/account_journal_views.xml",
        "views/account_move_views.xml",
        "views/res_partner_views.xml",
        "views/res_config_settings_views.xml",
        "views/mail_layout_templates.xml",
        "views/mail_template_views.xml",
        "views/portal_templates.xml",
        # Menus last: they name the actions above.
        "views/billing_base_menus.xml",
    ],
    "demo": ["demo/billing_demo.xml"],
    "assets": {
        "web.assets_backend": [
            # Some distributions of Odoo 19 leave this file out while core still
            # lists it; the failed load shows as an error on every backend page.
            (
                "remove",
                "mail/static/lib/selfie_segmentation/selfie_segmentation.js",
            ),
        ],
        "web.assets_frontend": ["billing_base/static/src/interactions/**/*.js"],
        "web.assets_tests": ["billing_base/static/tests/tours/**/*.js"],
    },
    "application": True,
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
