from . import billing_debit_answer_link
from . import billing_mandate_new
from . import billing_mandate_renumber
from . import billing_mandate_import
from . import billing_mandate_import_line
