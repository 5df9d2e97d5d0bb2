{
    "name": "Claims that Others See To, for Tests",
    "version": "19.0.1.0.0",
    "summary": "Says of some invoices that they are drawn or collected",
    "category": "Hidden",
    "author": "Kvitt",
    "license": "LGPL-3",
    "depends": ["billing_base"],
}
