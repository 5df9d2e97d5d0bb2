from . import charge
from . import fees
