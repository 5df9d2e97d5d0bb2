from . import test_reconcile, test_statement_import
