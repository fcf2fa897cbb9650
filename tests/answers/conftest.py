"""`planted` beside this file makes problems with a conflict in them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
