{
    "name": "Billing: Interactive Invoice",
    "summary": "One live page for each invoice, for the customer and for staff",
    "version": "19.0.1.0.0",
    "category": "Accounting/Billing",
    "author": "Kvitt",
    "license": "LGPL-3",
    "images": ["static/description/screenshot.png"],
    "depends": ["billing_base", "bus", "account_payment"],
    "data": [
        "security/ir.model.access.csv",
        "security/billing_interactive_invoice_rules.xml",
        "data/mail_template_code.xml",
        # The frame first: sections and pages are drawn in it.
        "views/page_layout_templates.xml",
        "views/page_form_templates.xml",
        "views/page_templates.xml",
        "views/page_state_templates.xml",
        "views/page_cards_templates.xml",
        "views/page_documents_templates.xml",
        "views/page_contact_templates.xml",
        "views/code_templates.xml",
        "views/check_templates.xml",
        "views/page_messages_templates.xml",
        "views/page_history_templates.xml",
        "views/billing_message_reading_views.xml",
        "views/billing_message_views.xml",
        "views/billing_event_history_views.xml",
        "wizards/billing_message_preview_views.xml",
        # Menus last: they name the actions above.
        "views/billing_message_menus.xml",
        "views/billing_interactive_invoice_menus.xml",
    ],
    "assets": {
        # The whole of what the customer's page loads: no framework, nothing of Odoo.
        "billing_interactive_invoice.page": [
            "billing_interactive_invoice/static/src/page/page.scss",
            "billing_interactive_invoice/static/src/page/*.scss",
            "billing_interactive_invoice/static/src/page/base.js",
            "billing_interactive_invoice/static/src/page/*.js",
        ],
    },
}
