from . import billing_demo
from . import billing_demo_books
