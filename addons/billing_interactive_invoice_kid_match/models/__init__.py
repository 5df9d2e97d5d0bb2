from . import billing_payment
from . import billing_request
