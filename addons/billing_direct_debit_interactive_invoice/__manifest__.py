{
    "name": "Billing: Direct Debit and Interactive Invoice",
    "summary": "Direct debit starts, changes and stops on the live page of an invoice",
    "version": "19.0.1.0.0",
    "category": "Accounting/Billing",
    "author": "Kvitt",
    "license": "LGPL-3",
    "images": ["static/description/screenshot.png"],
    "depends": ["billing_direct_debit", "billing_interactive_invoice"],
    "data": ["views/direct_debit_page_templates.xml"],
    "auto_install": True,
}
