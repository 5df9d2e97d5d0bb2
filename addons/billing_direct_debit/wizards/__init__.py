from . import billing_mandate_new
from . import billing_mandate_renumber
