"""I try every rule of the packs on its examples, and write down that they hold, so that loading need not try them again.

Run after packs, words or the guard's code changed: `python tools/prove.py`; `make lint` runs it, too. An old list does no
harm: packs it does not know are tried when they are loaded, which takes half a second.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from replies import DataError, guard_proof, policy


def main() -> int:
    """Write the list if it changed; 1 with a sentence for each example that does not hold."""
    try:
        keys = {name: guard_proof.key(policy.packs(name, afresh=True)) for name in policy.PLATFORMS}
    except DataError as error:
        print("\n".join(error.problems), file=sys.stderr)
        return 1
    made = "".join(f"{name}\t{key}\n" for name, key in keys.items())
    if not guard_proof.PROOF.is_file() or guard_proof.PROOF.read_text(encoding="utf8") != made:
        guard_proof.PROOF.write_text(made, encoding="utf8")
        print(f"{guard_proof.PROOF.name} was old and is written anew")
    return 0


if __name__ == "__main__":
    sys.exit(main())
