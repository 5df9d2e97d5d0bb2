from . import link
from . import portal
from . import portal_thread
