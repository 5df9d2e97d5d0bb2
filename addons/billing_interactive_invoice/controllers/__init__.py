from . import page
from . import check
from . import code
from . import contact
from . import file
from . import messages
from . import live
from . import conversation
