"""Payments with known damage, drawn over a book of invoices.

The package turns a book (invoices as JSON lines, see :mod:`.book`) into bank files
whose right answers are known: every payment comes with the truth about which
invoice it was meant for and how its reference was damaged. Same book, same seed,
same options: same file, byte for byte.

It needs nothing but the standard library and knows nothing of Odoo, except for
:mod:`.export_book`, which reads a book out of an Odoo database.
"""
