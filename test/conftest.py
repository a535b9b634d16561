"""Makes test/support.py importable: pytest's importlib mode puts no test folder on sys.path."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
