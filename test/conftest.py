"""Makes test/support.py importable, and Hypothesis the same on every machine.

pytest's importlib mode puts no test folder on sys.path.
"""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.append(str(Path(__file__).parent))

# The same examples in every run, however slow the machine is.
settings.register_profile('deterministic', deadline=None, derandomize=True)
settings.load_profile('deterministic')
