"""``python -m data.synthetic longnan|mianfang [--seed N] [--out FOLDER]``: write a pack."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from data.synthetic.area import NoFit, draw
from data.synthetic.plans import PLANS
from data.synthetic.write import write

SHIPPED = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Draw the area that is asked for and write its pack; 0 when written, 1 when no drawing adds up."""
    parser = argparse.ArgumentParser(prog="python -m data.synthetic", description="Write an invented area pack.")
    parser.add_argument("plan", choices=sorted(PLANS))
    parser.add_argument("--seed", type=int, help="another area of the same plan; the shipped one where left out")
    parser.add_argument("--out", type=Path, help="folder of the pack; data/PLAN where left out")
    asked = parser.parse_args(arguments)
    plan = PLANS[asked.plan]
    try:
        files = write(draw(plan, plan.seed if asked.seed is None else asked.seed), asked.out or SHIPPED / plan.key)
    except NoFit as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    sys.stdout.write(f"{files[0].parent}: {len(files)} files, {sum(file.stat().st_size for file in files):,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
