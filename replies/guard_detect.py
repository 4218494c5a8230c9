"""I tell a phone from an order number, a price from a model, our own address from a stranger's."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from replies import guard_numbers as numbers
from replies.guard_disguise import tight_table
from replies.guard_numbers import Thing
from replies.guard_starts import Pattern, compiled
from replies.text import fold_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from replies.rules import Facts, Lexicon, Shape

_letter, _figure, _unlettered = re.compile("[a-z]"), re.compile("[0-9]"), re.compile(r"[^a-z\-]+")
_measure = re.compile(r"\d+(?:[.*x]\d+)*[a-z]{1,3}")
_token = re.compile(r"(?<![a-z0-9])(?<![a-z0-9]_)[a-z0-9][a-z0-9_.\-]{2,29}+")
_numerals = re.compile(
    r"[零〇一二三四五六七八九幺洞拐勾两]{2,20}[a-z]{2,20}|[a-z]{2,20}[零〇一二三四五六七八九幺洞拐勾两]{2,20}"
)
_version = re.compile(r"v?\d+(?:\.\d+)+[a-z]{0,3}")
_spaced = re.compile(r"(?<![a-z0-9])[a-z0-9](?:[ ._\-*|/][a-z0-9](?![a-z0-9])){4,30}+")
_host = re.compile(r"[a-z0-9][a-z0-9\-.]{0,80}+$")
_host_backwards = re.compile(r"[a-z0-9\-. ]{0,80}+")
_way = re.compile(r"[/?:][\w\-./?%&=:#]{0,2000}+")
_scheme = compiled(r"(?:h(?:tt|xx)ps?:/{1,2}|www\s?\.)\s?([a-z0-9][a-z0-9\-.]*+)")
_numeric_host = compiled(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])(?=[:/])")
_BLANK = r"\$?\{\{?\s*[^{}\n]{0,30}?\s*\}?\}|<%[^%\n]{0,30}%>|\$\{?[a-z_]{2,20}\}?(?![a-z0-9])|%\([a-z_]{1,20}\)s|%[sd](?![a-z])|#\{[^}\n]{1,20}\}|#[a-z_]{2,20}#"


class Known(NamedTuple):
    """What a guard knows beforehand: the lexicon's facts, and the platform's and shop's own."""

    facts: Facts
    long: re.Pattern[str]
    net: re.Pattern[str]
    shapes: dict[str, tuple[Pattern, ...]]
    untold: frozenset[str]
    marks: dict[str, tuple[str, ...]]
    signs: re.Pattern[str]
    blank_marks: re.Pattern[str]
    blanks: re.Pattern[str]
    own: tuple[str, ...]
    platforms: tuple[str, ...]
    elsewhere: tuple[str, ...]
    here: tuple[str, ...]
    orders: re.Pattern[str]
    parcels: re.Pattern[str]
    numbers: frozenset[str]

    def states(self, *, hour: int | None, unanswered: int) -> tuple[str, ...]:
        """The slots that hold because of when a message is sent."""
        late, early = self.facts.night
        night = hour is not None and (hour >= late or hour < early)
        return (("at_night",) if night else ()) + (("pushing",) if unanswered >= self.facts.unanswered else ())


def known(
    lexicon: Lexicon,
    *,
    own: tuple[str, ...],
    platforms: tuple[str, ...],
    here: frozenset[str],
    orders: tuple[str, ...],
    allowed: frozenset[str],
) -> Known:
    """`own`, `platforms`: domains; `here`: terms that name our platform; `orders`: patterns; `allowed`: digits the shop may give."""
    facts = lexicon.facts
    brackets = "|".join(sorted(map(re.escape, facts.variables), key=len, reverse=True))
    clear = "|".join(re.escape(name) for name in facts.variables if len(name) > 2 or name.startswith("x"))
    return Known(
        facts=facts,
        long=numbers.may_be(facts),
        net=_may_be_address(facts),
        shapes=shapes(lexicon),
        untold=frozenset(shape.slot for shape in lexicon.shapes if not shape.needs and not shape.after),
        marks=_by_mark(lexicon.shapes),
        signs=re.compile(
            "["
            + "".join(map(re.escape, sorted({char for shape in lexicon.shapes for char in shape.needs} or "\ufffe")))
            + "]"
        ),
        blank_marks=re.compile(r"[{<$%\[【#*_|]"),
        blanks=re.compile(rf"{_BLANK}|\[(?:{brackets})\]|【(?:{clear})】|([#$%*_|])(?:{clear})\1|<(?:{clear})>"),
        own=own,
        platforms=platforms,
        elsewhere=tuple(term for term in lexicon.groups["elsewhere"] if term not in here),
        here=tuple(term for term in lexicon.groups["here"] if term in here),
        orders=re.compile("|".join(orders) or r"(?!)"),
        parcels=re.compile("|".join(facts.parcels)),
        numbers=allowed,
    )


def knowing(known: Known, theirs: Sequence[str], *texts: str) -> Known:
    """The same, and the buyer's own phone numbers among what he wrote: no offence where `texts` read them back to him."""
    tight = tight_table()
    if not theirs or not any(known.long.search(text.translate(tight)) for text in texts):
        return known
    read = [text.translate(fold_table()) for text in theirs if known.long.search(text.translate(tight))]
    own = {thing.value for text in read for thing in numbers.find(text, known) if thing.slot in {"phone", "landline"}}
    return known._replace(numbers=known.numbers | own) if own else known


def _by_mark(shapes: tuple[Shape, ...]) -> dict[str, tuple[str, ...]]:
    """Character -> the slots whose shapes are to be tried where it stands."""
    found: dict[str, list[str]] = {}
    for shape in shapes:
        for char in shape.needs:
            found.setdefault(char, []).append(shape.slot)
    return {char: tuple(slots) for char, slots in found.items()}


class Shapes(dict[str, tuple[Pattern, ...]]):
    """Slot -> its shapes, compiled when the slot is first asked for: all together would take a third of the loading."""

    def __init__(self, shapes: tuple[Shape, ...]) -> None:
        """`shapes` as the lexicon has them."""
        super().__init__()
        self._written: dict[str, list[Shape]] = {}
        for shape in shapes:
            self._written.setdefault(shape.slot, []).append(shape)

    def __missing__(self, slot: str) -> tuple[Pattern, ...]:
        made = tuple(compiled(shape.pattern, shape.weight) for shape in self._written[slot])
        self[slot] = made
        return made

    def problems(self) -> list[str]:
        """A sentence for each slot with a pattern that is none."""
        found = []
        for slot in self._written:
            try:
                self[slot]
            except re.error as error:
                found.append(f"terms: shape {slot}: {error}")
        return found


@lru_cache(maxsize=4)
def shapes(lexicon: Lexicon) -> Shapes:
    """The shapes of a lexicon; of the same one the same, so that each is compiled once."""
    return Shapes(lexicon.shapes)


def _may_be_address(facts: Facts) -> re.Pattern[str]:
    """What every address has somewhere in its folded text: a dot or a sign for one, or the mark after a scheme."""
    signs = sorted({*facts.dots, *facts.ats, ":/"}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, signs)))


@lru_cache(maxsize=4)
def _net(facts: Facts) -> tuple[Pattern, re.Pattern[str]]:
    endings = "|".join(sorted(map(re.escape, facts.endings), key=len, reverse=True))
    dots = "|".join(sorted(map(re.escape, facts.dots), key=len, reverse=True))
    ats = "|".join(
        sorted(
            (rf"(?<![a-z]){at}" if at.isascii() and at.isalpha() else re.escape(at) for at in facts.ats),
            key=len,
            reverse=True,
        )
    )
    dots = rf"[(\[{{<【]\s?(?:{dots})\s?[)\]}}>】]|{dots}"
    ending = rf"\s?(?P<dot>{dots})\s?(?P<ending>{endings})(?![a-z])(?:\s?(?:{dots})\s?(?:cn|hk|tw))?"
    return compiled(ending), re.compile(ats)


def everything(text: str, known: Known) -> list[Thing]:
    """Every number, id and address of a folded text, in order; positions are those of `text`."""
    found = [*(addresses(text, known) if known.net.search(text) else ()), *numbers.find(text, known)]
    taken = sorted((thing.start, thing.end) for thing in found if thing.slot != "amount")
    found.extend(thing for thing in handles(text, known) if not _inside(thing, taken))
    if known.blank_marks.search(text):
        found.extend(Thing("placeholder", m.start(), m.end(), m.group()) for m in known.blanks.finditer(text))
    return sorted(found, key=lambda thing: (thing.start, thing.end, thing.slot))


def _letters_of(value: str) -> str:
    return _unlettered.sub("", value).strip("-")


def _inside(thing: Thing, taken: list[tuple[int, int]]) -> bool:
    place = bisect_left(taken, (thing.end,))
    return any(thing.start < end for _, end in taken[max(0, place - 3) : place])


def handles(text: str, known: Known) -> Iterator[Thing]:
    """Names an account could have: letters with digits or joiners (`handle`), any word of Latin letters (`id_like`)."""
    for match in _token.finditer(text):
        value = match.group().rstrip(".-_")
        if len(value) < 3 or _letters_of(value) in known.facts.things or _version.fullmatch(value):
            continue
        letters = _letter.search(value) is not None
        digits = len(_figure.findall(value))
        long = len(value) >= 5 and letters and (digits or "_" in value or "-" in value or "." in value)
        if long and not _measure.fullmatch(value):
            yield Thing("handle", match.start(), match.start() + len(value), value)
        elif letters or digits >= 5:
            yield Thing("id_like", match.start(), match.start() + len(value), value)
    if _letter.search(text) is None:
        return
    for match in _spaced.finditer(text):
        if any(char.isalpha() for char in match.group()):
            yield Thing("handle", match.start(), match.end(), match.group(), how="separator")
    for match in _numerals.finditer(text):
        yield Thing("handle", match.start(), match.end(), match.group(), how="numerals")


def addressed(text: str, known: Known) -> bool:
    """May a web address or an e-mail stand in a folded text: the end of a name of a host, a scheme, a host in figures?"""
    if known.net.search(text) is None:
        return False
    ways = (_net(known.facts)[0], _scheme, _numeric_host)
    return any(next(way.finds(text, 0, len(text)), None) for way in ways)


def addresses(text: str, known: Known) -> Iterator[Thing]:
    """Web addresses and e-mail, however the dots are written."""
    ending, at = _net(known.facts)
    seen = stop = -1
    for match in ending.finds(text, 0, len(text)):
        before = _host.search(text, max(0, match.start() - 80), match.start())
        if before is None or match.end() <= seen or match.start() < stop:
            continue
        host, dot = before.group(), match["dot"]
        start = before.start()
        mail = _mail(text, start, at)
        if mail is not None:
            yield Thing("email", mail, match.end(), text[mail : match.end()])
        elif not _is_host(host, dot, match["ending"], path=text[match.end() : match.end() + 1] == "/"):
            continue
        else:
            whole = re.sub(r"\s", "", host) + "." + match["ending"]
            stop = _path(text, match.end())
            yield Thing(_whose(whole, known), start, stop, whole, how="exact" if dot == "." else "separator")
        seen = match.end()
    for pattern in (_scheme, _numeric_host):
        for match in pattern.finds(text, 0, len(text)):
            if match.start() >= max(stop, seen if pattern is _scheme else -1):
                stop = _path(text, match.end())
                yield Thing(_whose(match.group(match.lastindex or 0), known), match.start(), stop, match.group())


def _is_host(host: str, dot: str, ending: str, *, path: bool) -> bool:
    label = host.replace("-", "").rsplit(".", 1)[-1]
    if not label or (label.isdigit() and (dot != "." or ending in {"in", "me", "us", "im", "网", "公司", "商城"})):
        return False
    if path and dot == ".":
        return True
    if dot == "." and len(ending) > 2 and ending.isascii():
        return len(label) > 1
    if not ending.isascii():
        return False
    return len(label) >= 2 and any(char.isalpha() for char in label)


def _path(text: str, at: int) -> int:
    match = _way.match(text, at)
    return match.end() if match else at


def _mail(text: str, host: int, at: re.Pattern[str]) -> int | None:
    """Where an e-mail address begins whose host begins at `host`; None if it is none."""
    window = text[max(0, host - 40) : host]
    base = max(0, host - 40)
    last = None
    for match in at.finditer(window):
        if window[match.end() :].strip() == "":
            last = match
    if last is None:
        return None
    name = re.search(r"[a-z0-9][a-z0-9._%+\-]*\s?$", window[: last.start()])
    return None if name is None else base + name.start()


def _whose(host: str, known: Known) -> str:
    host = host.strip("./").removeprefix("https://").removeprefix("http://")
    if _ends(host, known.own):
        return "url_own"
    return "url_platform" if _ends(host, known.platforms) else "url_foreign"


def _ends(host: str, domains: tuple[str, ...]) -> bool:
    return any(host == domain or host.endswith("." + domain) for domain in domains)
