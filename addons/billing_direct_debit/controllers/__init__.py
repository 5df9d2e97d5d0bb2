from . import offer
from . import direct_debit
from . import direct_debit_demo
