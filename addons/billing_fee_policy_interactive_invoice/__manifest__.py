{
    "name": "Billing: Fees and Conversations",
    "summary": "A fee is dropped where the customer asks, and outages count",
    "version": "19.0.1.0.0",
    "category": "Accounting/Billing",
    "author": "Kvitt",
    "license": "LGPL-3",
    "images": ["static/description/screenshot.png"],
    "depends": ["billing_fee_policy", "billing_interactive_invoice"],
    "data": ["views/billing_conversation_views.xml"],
    "auto_install": True,
}
