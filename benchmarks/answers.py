"""Every kind of answer against every plan there is, on thousands of random small problems.

    python benchmarks/answers.py --seeds 2000

The same tests as in tests/answers, which take a few dozen seeds each: intervals hold the truth,
conflicts are real and nothing in them is needless, repairs work and less does not, what is proved
of a plan's backbone is never wrong, no plan is below a frontier.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "tests" / "answers"
FILES = ("test_what_if.py", "test_no_plan.py", "test_against_every_plan.py")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2_000)
    given = parser.parse_args()
    return subprocess.run(
        [sys.executable, "-m", "pytest", *(str(TESTS / name) for name in FILES)],
        env={**os.environ, "TERRITORYOPT_SEEDS": str(given.seeds)},
        check=False,
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
