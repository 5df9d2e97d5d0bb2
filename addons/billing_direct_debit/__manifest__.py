{
    "name": "Billing: Direct Debit",
    "summary": "AvtaleGiro and Autogiro: mandates, claims, files and answers",
    "version": "19.0.1.0.0",
    "category": "Accounting/Billing",
    "author": "Kvitt",
    "license": "LGPL-3",
    "images": ["static/description/screenshot.png"],
    "depends": ["billing_bank_file", "billing_dynamic_distribution"],
    "data": [
        "security/ir.model.access.csv",
        "security/billing_direct_debit_rules.xml",
        # The frame of the menus: what follows hangs into it.
        "views/billing_direct_debit_menus.xml",
        # Agreements with banks, and mandates of customers.
        "security/billing_mandate_rules.xml",
        "data/ir_cron_mandate.xml",
        "views/billing_debit_agreement_views.xml",
        "wizards/billing_mandate_new_views.xml",
        "views/billing_mandate_views.xml",
        "views/billing_mandate_button_views.xml",
        "views/billing_mandate_menus.xml",
        "views/res_config_settings_views.xml",
        # What the bank answers.
        "wizards/billing_debit_answer_link_views.xml",
        "views/billing_debit_answer_views.xml",
        # What customers see on the page of an invoice.
        "data/mail_template_mandate.xml",
        "data/ir_cron_mandate_tell.xml",
        "views/direct_debit_frame_templates.xml",
        "views/direct_debit_page_templates.xml",
        "views/direct_debit_demo_templates.xml",
        "views/signup_card_templates.xml",
        # Analysis and campaigns.
        "security/billing_debit_campaign_rules.xml",
        "data/mail_template_debit_offer.xml",
        "data/ir_cron_debit_offers.xml",
        "views/decline_offers_templates.xml",
        "views/billing_debit_report_views.xml",
        "views/billing_debit_campaign_views.xml",
        "views/billing_debit_analysis_menus.xml",
    ],
}
