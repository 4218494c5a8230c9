"""I bring in the words and rules that a shop's owner has elsewhere, into a file of rules of our own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bot import bring
from replies import DataError, guard_owner, policy
from replies.exchange.own_toml import quoted
from replies.rules import OwnerRule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_HEAD = "# 店铺自己的检查规则，由 kuaihui guard --import 写成；在配置里写进 rules 才会生效。\n"


def bring_in(files: Sequence[Path], into: Path | None, platform: str) -> Iterator[str]:
    """Lines on what the files hold; with `into`, they are added to it, all or none. Raises DataError.

    A rule that stands in `into` already as it is stays; one of the same id that says something else is refused.
    """
    new = guard_owner.read_rules(files)
    held = guard_owner.read_rules([into]) if into is not None and into.exists() else ()
    known = {rule.id: rule for rule in held}
    problems = guard_owner.misfits(new, policy.packs(platform))
    problems += [f"{rule.id}: {into} 里已有同名的规则，内容不同" for rule in new if known.get(rule.id, rule) != rule]
    if into is not None and into.suffix != ".toml":
        problems.append(f"--into: {into} 要以 .toml 结尾")
    if problems:
        raise DataError(problems)
    for rule in new:
        yield f"{'=' if rule.id in known else '+'} {_said(rule)}"
    fresh = [rule for rule in new if rule.id not in known]
    if into is None:
        yield "只是预览，没有写入；加 --into 文件.toml 才会写入。"
    elif fresh:
        bring.write_all({into: written((*held, *fresh)).encode()})
        yield f"已写入 {len(fresh)} 条规则：{into}"
    else:
        yield "没有要写入的。"


def _said(rule: OwnerRule) -> str:
    what = {"词": len(rule.words), "句式": len(rule.patterns), "类别": len(rule.slots)}
    counts = "、".join(f"{count} 个{name}" for name, count in what.items() if count)
    does = "只记录" if rule.watch else "拦截" if rule.action == "block" else "提醒"
    return f"{rule.id}（{does}）：{counts}"


def written(rules: Sequence[OwnerRule]) -> str:
    """A file that reads as these rules."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(OwnerRule)}
    blocks = []
    for rule in rules:
        fields = {name: getattr(rule, name) for name in rule.__struct_fields__}
        lines = [f"{name} = {_value(value)}" for name, value in fields.items() if value != defaults[name]]
        blocks.append("\n".join(["[[rules]]", *lines, ""]))
    return "\n".join([_HEAD, *blocks])


def _value(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case tuple():
            return f"[{', '.join(quoted(str(one)) for one in value)}]"
    return quoted(str(value))
