"""I list, for each character of the watched words, the ordinary characters that look like it.

Run in an environment with `pip install char-similar multiprocess msgspec pyahocorasick jieba`, after the lists in
replies/policies/terms/ change much: `PYTHONPATH=. python tools/fold_likes.py`.
"""

from __future__ import annotations

from char_similar import std_cal_sim

from replies import guard_sound as sound
from replies import policy
from replies.guard_disguise import tight
from replies.lexicon import read_lexicon
from replies.text import WORDS

ALIKE = 0.7  # how alike two characters must look, by the measure of char-similar
MOST = 18


def main() -> None:
    """Write fold_likes.tsv."""
    terms = tuple((path.name, path.read_bytes()) for path in sorted((policy.FOLDER / "terms").glob("*.toml")))
    lexicon = read_lexicon(terms)
    watched = {
        char for term in lexicon.terms.values() for word in term.words if len(tight(word)) > 1 for char in tight(word)
    }
    common = sound.common()
    lines = []
    for char in sorted(watched & set(common)):
        scored = sorted(
            ((std_cal_sim(char, other, rounded=4, kind="shape"), other) for other in common if other != char),
            reverse=True,
        )
        likes = "".join(other for score, other in scored[:MOST] if score >= ALIKE)
        if likes:
            lines.append(f"{char}\t{likes}")
    (WORDS / "fold_likes.tsv").write_text("\n".join(lines) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
