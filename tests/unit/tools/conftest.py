"""Put the repository's tools on the path, as ``python -m payment_generator`` does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "tools"))
