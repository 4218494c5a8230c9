"""Foreign files: which encoding and format they are, what each format's marks mean, and which rows are refused."""

from __future__ import annotations

import io
import json
import sys

import pytest

from replies import DataError, exchange
from replies.exchange import blanks, encoding, table
from replies.library import Script

TABLE = "分组,快捷编码,快捷短语\n发货,fh,今天发货\n退换,th,签收后七天内可以申请\n"


def fields(data: bytes | str, name: str = "表.csv", **options: str) -> list[dict[str, object]]:
    """The fields of each entry of a file in which nothing is refused."""
    taken = exchange.read(data.encode() if isinstance(data, str) else data, name, **options).taken
    assert taken.refused == []
    return [entry.fields for entry in taken.entries]


def refused(data: str, name: str = "表.csv") -> list[str]:
    return exchange.read(data.encode(), name).taken.refused


@pytest.mark.parametrize(
    ("codec", "called"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8（有 BOM）"),
        ("gb18030", "GB18030（没有 BOM"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16 LE（没有 BOM"),
        ("utf-16-be", "UTF-16 BE（没有 BOM"),
    ],
)
def test_encodings_are_found_and_named(codec, called):
    """One table in six encodings is read the same, and the encoding is said, with how it is known."""
    found = exchange.read(TABLE.encode(codec), "表.csv")
    assert found.encoding.startswith(called)
    assert [entry.fields for entry in found.taken.entries] == fields(TABLE)


def test_an_encoding_that_fits_nothing_is_not_guessed():
    """Bytes of no encoding, or of one that would read as nonsense, are refused; --encoding is named."""
    for data in (b"\xff\xff\xfe\x81", b"\x80\x81\x00\x01\x02\x03", "快捷短语".encode() + b"\xff"):
        with pytest.raises(DataError, match=r"表\.csv"):
            encoding.decode(data, "表.csv")


def test_another_encoding_read_as_gb18030_is_not_taken():
    """Bytes of a third encoding may decode, but the head they make is none: the sentence says how they were read."""
    with pytest.raises(DataError, match="编码按 GB18030"):
        exchange.read("甲,乙\n丙,丁\n".encode("gbk"), "表.csv")
    with pytest.raises(DataError, match="GB18030"):
        exchange.read("問法,回復內容\n".encode("big5"), "表.csv")


def test_encoding_can_be_forced():
    """A forced encoding is used even where another would be found; a wrong or unknown one is a sentence."""
    assert encoding.decode("退貨".encode("big5"), "x", "big5") == ("退貨", "big5（由 --encoding 指定）")
    assert encoding.decode("\ufeff甲".encode(), "x", "utf-8")[0] == "甲"
    with pytest.raises(DataError, match="第 1 个字节"):
        encoding.decode("退货".encode("gbk"), "x", "utf-8")
    with pytest.raises(DataError, match="没有 nosuch"):
        encoding.decode(b"", "x", "nosuch")


def test_columns_in_any_order_under_any_name():
    """A reordered table under other heads, with tabs, spaces and a column nobody knows, means the same."""
    other = "话术\t心情\t 代码 \t分类\n今天发货\t好\tfh\t发货\n签收后七天内可以申请\t\tth\t退换\n"
    assert fields(other) == fields(TABLE)
    assert exchange.read(other.encode(), "表.csv").taken.notes == ["表.csv: 没有用到的列：心情"]


def test_ragged_rows():
    """A short row lacks its last cells; one with more cells than heads is refused by its number; blank ones are passed over."""
    rows = "标题,内容,分组\n甲,答一\n\n乙,答二,组,\n丙,答,三,四\n丁\n"
    taken = exchange.read(rows.encode(), "表.csv").taken
    assert [entry.fields["title"] for entry in taken.entries] == ["甲", "乙"]
    assert [reason.split(":")[0] for reason in taken.refused] == ["表.csv 第 5 行", "表.csv 第 6 行"]
    assert "双引号" in taken.refused[0]
    assert "没有回复内容" in taken.refused[1]


def test_cells_of_many_lines_and_characters():
    """Quoted commas and line breaks stay, a row after them keeps its number, and 12,000 characters are one cell."""
    long = "长" * 12_000
    found = exchange.read(f'标题,内容\n甲,"一,\r\n二"\n乙,{long}\n'.encode(), "表.csv").taken.entries
    assert [entry.fields["text"] for entry in found] == ["一,\n二", long]
    assert found[1].place == "表.csv 第 3 行"


def test_a_quote_that_is_never_closed():
    """It would swallow the rows after it: the file is refused, with the line."""
    with pytest.raises(DataError, match="第 3 行: 双引号"):
        exchange.read('标题,内容\n甲,"一\n乙,二\n'.encode(), "表.csv")
    assert fields('标题,内容\n甲，乙，丙，丁，戊,"一，""二""，三，四，五"\n')[0]["text"] == '一，"二"，三，四，五'


def test_phrasings_in_a_cell_and_in_columns():
    """问法 holds one a line and may stand several times; 匹配关键词 is divided by marks."""
    (one,) = fields('问法1,问法2,内容\n"几时发\n啥时发",多久发,今天\n')
    assert one["phrasings"] == ("几时发", "啥时发", "多久发")
    (two,) = fields("匹配关键词,回复内容\n发货|多久发，几天到,今天\n")
    assert two["phrasings"] == ("发货", "多久发", "几天到")


@pytest.mark.parametrize("data", ["", "\n\n", "甲,乙\n丙,丁\n", "内容\n今天发货\n"])
def test_a_table_without_a_head_is_refused_as_a_whole(data):
    """Nothing is taken from a table whose columns nobody named."""
    with pytest.raises(DataError, match=r"表\.csv"):
        exchange.read(data.encode(), "表.csv")


def test_platforms_by_their_names():
    """Platforms are known by their usual names; all means all; an unknown one refuses its row."""
    first, second = fields("标题,内容,平台\n甲,一,拼多多、京东\n乙,二,全部\n")
    assert first["platforms"] == ("pinduoduo", "jd")
    assert second["platforms"] == ()
    assert refused("标题,内容,平台\n甲,一,月球\n") == ["表.csv 第 2 行: 不认识的平台：月球"]


def test_fastgpt():
    """q, a and any number of indexes; a question without an answer is refused."""
    (one,) = fields('q,a,indexes,indexes\n怎么退,"可以退,七天内",能退吗,退货流程\n')
    assert one == {"title": "怎么退", "text": "可以退,七天内", "phrasings": ("能退吗", "退货流程")}
    assert refused("q,a\n怎么退,\n") == ["表.csv 第 2 行: 没有回复内容（a）"]


def test_live_helper_chat():
    """The tag is the shortcut, the fallback another wording, unique_id the id; what is disabled is left out and told."""
    rows = "title,msg,fallback_msg,unique_id,disabled,tags_plain\n发货,{order_id} 今天发,今天发,ab1,0,#fh\n旧,旧话,,ab2,1,\n"
    found = exchange.read(rows.encode(), "表.csv")
    assert found.format == "livehelperchat"
    assert [entry.fields for entry in found.taken.entries] == [
        {"text": "{order_id} 今天发", "alternatives": ("今天发",), "title": "发货", "shortcut": "fh", "id": "ab1"}
    ]
    assert found.taken.notes == ["表.csv 第 3 行: 已停用，没有导入"]


def test_zammad():
    """Content is HTML, a keyword of one ascii word the shortcut, the others phrasings; its blanks become ours."""
    rows = (
        "id,name,keywords,content,note,active,groups\n"
        '7,发货,"fh, 几时发",<div>#{ticket.x} 您好 #{user.firstname}<br>1 &lt; 2</div>,,true,售前\n8,停,t,停,,false,\n'
    )
    found = exchange.read(rows.encode(), "表.csv")
    assert found.format == "zammad"
    (entry,) = found.taken.entries
    assert entry.fields == {
        "id": "zammad.7",
        "title": "发货",
        "shortcut": "fh",
        "phrasings": ("几时发",),
        "text": "#{ticket.x} 您好 {agent_name}\n1 < 2",
        "group": "售前",
    }
    assert len(found.taken.notes) == 1


def test_chatwoot():
    """Short codes with content; an object that is none is refused by its number, what is no list as a whole."""
    data = '[{"id":1,"short_code":"fh","content":"今天发"},{"short_code":3},{"short_code":"x","content":" "}]'
    taken = exchange.read(data.encode(), "回复.json").taken
    assert [entry.fields for entry in taken.entries] == [{"text": "今天发", "shortcut": "fh"}]
    assert [reason.split(":")[0] for reason in taken.refused] == ["回复.json 第 2 条", "回复.json 第 3 条"]
    with pytest.raises(DataError, match="不是 JSON 列表"):
        exchange.read(b"{}", "回复.json")


LANREN = [
    ["说明：| 表示或者", "", "", "", ""],
    ["匹配关键词", "回复内容", "平台", "模糊匹配", "支持正则"],
    ["发货|几时[and]发", "今天发[~][or]明天发[@]C:\\图\\a.png[/@]", "拼多多", "是", "否"],
    ["^退.*货$", "可以退", "", "否", "是"],
    ["图", "[@]b.png[/@]", "", "是", "否"],
]


def lanren_checked(data: bytes, name: str, place: str) -> None:
    found = exchange.read(data, name)
    assert found.format == "lanren"
    (entry,) = found.taken.entries
    assert entry.fields == {
        "title": "发货",
        "phrasings": ("发货", "几时 发"),
        "text": "今天发",
        "alternatives": ("明天发",),
        "platforms": ("pinduoduo",),
    }
    assert found.taken.notes[0] == f"{name} 第 3 行: 图片和文件没有导入：C:\\图\\a.png"
    assert entry.place == f"{name} 第 3 行"
    assert [reason.partition(":")[0] for reason in found.taken.refused] == [f"{name} 第 4 行", f"{name} 第 5 行"]
    assert place in found.encoding


def test_lanren_as_csv():
    """Help above the head, | and [and] and [or], pictures named, noise dropped; expressions and bare pictures refused."""
    lanren_checked("".join(",".join(row) + "\n" for row in LANREN).encode(), "自动回复.csv", "UTF-8")


def test_lanren_as_workbook():
    """The same out of a workbook, with the extra `xlsx`."""
    pytest.importorskip("python_calamine", reason="reading workbooks needs the extra xlsx (python-calamine)")
    openpyxl = pytest.importorskip("openpyxl", reason="making a workbook to read needs openpyxl")
    book = openpyxl.Workbook()
    for row in LANREN:
        book.active.append(row)
    book.active.merge_cells("A1:E1")
    out = io.BytesIO()
    book.save(out)
    lanren_checked(out.getvalue(), "自动回复.xlsx", "Excel")


def test_a_workbook_without_the_extra(monkeypatch):
    """Where the part that reads workbooks is missing, the sentence says what to install, and what to do without it."""
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    table._calamine.cache_clear()
    with pytest.raises(DataError, match=r"kuaihui\[xlsx\].*CSV"):
        exchange.read(b"PK\x03\x04", "自动回复.xlsx")


def test_a_workbook_that_is_none():
    """What only begins like a workbook is a sentence, with the extra and without it."""
    with pytest.raises(DataError, match=r"自动回复\.xlsx"):
        exchange.read(b"PK\x03\x04 and nothing else", "自动回复.xlsx")


def test_our_own_files():
    """TOML and question lines come in with all they say; a bad line or script is refused with its place."""
    toml = (
        'group = "发货"\n[[scripts]]\nid = "a"\ntitle = "甲"\nphrasings = ["问"]\ntext = "答"\n[[scripts]]\nid = "b"\n'
    )
    taken = exchange.read(toml.encode(), "话术.toml").taken
    assert [(entry.place, entry.fields["group"]) for entry in taken.entries] == [("话术.toml:2", "发货")]
    assert taken.refused[0].startswith("话术.toml:7: b: title")
    lines = '{"id":"a","question":"甲","answer":"答","group":"发货"}\n\n{"id":1}\nno\n'
    taken = exchange.read(lines.encode(), "话术.jsonl").taken
    assert taken.entries[0].fields == {"id": "a", "title": "甲", "text": "答", "group": "发货"}
    assert [reason.split(":")[0] for reason in taken.refused] == ["话术.jsonl 第 3 行", "话术.jsonl 第 4 行"]


def test_blanks_of_other_tools():
    """Blanks in other marks and names become ours; unknown ones stay and are named; ordinary brackets are no blanks."""
    assert blanks.translate("【订单号】 {{ 店铺名 }} #{user.firstname} <规格> %快递公司%") == (
        "{order_id} {shop_name} {agent_name} {sku} {courier}"
    )
    assert blanks.translate("【温馨提示】 [1] 5% 6% #1#") == "【温馨提示】 [1] 5% 6% #1#"
    assert blanks.unknown("{{nosuch}} {order_id} ${x.y} {nosuch}") == ("nosuch", "x.y")


def test_forced_format():
    """A format that is named is used, and a file that does not have its head is refused."""
    with pytest.raises(DataError, match="表头"):
        exchange.read(TABLE.encode(), "表.csv", form="zammad")
    assert exchange.read(TABLE.encode(), "表.txt", form="csv").format == "csv"


ESPANSO = """
imports: ["../shared/base.yml"]
global_vars:
  - {name: shop, type: echo, params: {echo: "某某小铺"}}
  - {name: host, type: shell, params: {cmd: "touch RAN"}}
  - {name: wrapped, type: echo, params: {echo: "在 {{host}}"}}
matches:
  - triggers: [":fh", ":fahuo"]
    label: 发货时间
    search_terms: ["什么时候发货", 48]
    replace: "亲,{{shop}} 尽快发出,{{ today }}前付款当天发。$|$"
    vars: [{name: today, type: date, params: {format: "%m月%d日"}}]
    word: true
  - {trigger: ":img", image_path: "/p/size.png"}
  - trigger: ":form"
    form: "订单 [[no]] 已登记"
    form_fields: {no: {multiline: false}}
  - trigger: ":ran"
    replace: "{{out}}"
    vars: [{name: out, type: script, params: {args: [python, -c, "open('RAN', 'w')"]}}]
  - {trigger: ":nested", replace: "{{wrapped}}"}
  - trigger: ":late"
    replace: "{{said}}"
    vars: [{name: said, type: echo, params: {echo: "甲"}, depends_on: ["host"]}]
  - trigger: ":hi"
    replace: "{{hi}}，{{shop}}"
    vars: [{name: hi, type: random, params: {choices: ["您好", "您来啦"]}}]
  - {regex: "退.*货", html: "<b>可以</b><br>七天内"}
  - {trigger: 66, replace: "六六"}
  - {trigger: ":none"}
  - nothing
"""


def test_espanso(tmp_path, monkeypatch):
    """Triggers, labels, search terms; constants put in, choices as wordings, the rest as blanks. Nothing is run."""
    monkeypatch.chdir(tmp_path)
    found = exchange.read(ESPANSO.encode(), "match.yml")
    assert found.format == "espanso"
    assert [entry.fields for entry in found.taken.entries] == [
        {
            "text": "亲,某某小铺 尽快发出,{today}前付款当天发。",
            "alternatives": (),
            "shortcut": "fh",
            "title": "发货时间",
            "phrasings": ("什么时候发货", "48"),
        },
        {"text": "订单 {no} 已登记", "alternatives": (), "shortcut": "form"},
        {"text": "您好，某某小铺", "alternatives": ("您来啦，某某小铺",), "shortcut": "hi"},
        {"text": "可以\n七天内", "alternatives": ()},
        {"text": "六六", "alternatives": (), "shortcut": "66"},
    ]
    notes = "\n".join(found.taken.notes)
    for said in (
        "第 1 条（:fh）: 只取第一个触发词",
        "第 2 条（:img）: 图片没有导入：/p/size.png",
        "第 4 条（:ran）: 要运行 script out，没有导入，也没有运行",
        "第 5 条（:nested）: 要运行 shell host",
        "第 6 条（:late）: 要运行 shell host",
        "第 8 条: 触发条件是正则表达式",
    ):
        assert f"match.yml {said}" in notes
    assert [reason.partition(":")[0] for reason in found.taken.refused] == ["match.yml 第 10 条", "match.yml 第 11 条"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "data",
    [
        "matches: [",
        "- just\n- a list\n",
        "matches: 3\n",
        "!!python/object/apply:os.system ['touch RAN']\n",
        "matches: [{trigger: !!python/name:os.system '', replace: x}]\n",
        "a: &a [*a]\nmatches: *a\nb: [" + "[" * 3000,
        "matches: {2026-13-45: 2026-13-45}\n",
    ],
)
def test_yaml_that_is_no_match_file(data, tmp_path, monkeypatch):
    """Broken YAML, other YAML and YAML that would make objects: a sentence with the file, and nothing happens."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"match\.yaml"):
        exchange.read(data.encode(), "match.yaml")
    assert list(tmp_path.iterdir()) == []


def test_yaml_that_grows_is_not_grown():
    """Lists of lists of lists that would be billions of words cost nothing."""
    lines = ["a0: &a0 [哈, 哈]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 10) + "]" for n in range(1, 30)]
    lines += ["matches:", "  - {trigger: x, replace: 好, search_terms: *a29, label: *a29, image_path: *a29}"]
    taken = exchange.read("\n".join(lines).encode(), "match.yml").taken
    assert [entry.fields["text"] for entry in taken.entries] == ["好"]
    inside = json.dumps([f"{{{{v{n}}}}}" for n in range(30)])
    variables = "".join(f"  - {{name: v{n}, type: random, params: {{choices: {inside}}}}}\n" for n in range(30))
    text = f'global_vars:\n{variables}matches: [{{trigger: x, replace: "{{{{v0}}}} {{{{v1}}}}"}}]\n'
    assert len(exchange.read(text.encode(), "match.yml").taken.entries) == 1


HOSTILE = ("=1+1", "+86 号", "-5 度", "@SUM(A1)", "\t=2")


def test_a_workbook_holds_text_only():
    """What begins like a formula comes into a spreadsheet as the text it is, in every column, and out again the same."""
    openpyxl = pytest.importorskip("openpyxl", reason="writing workbooks needs the extra xlsx (openpyxl)")
    scripts = [
        Script(
            id=f"a{n}", title=said.strip(), text=said.strip(), phrasings=("问法", said.strip()), shortcut=said.strip()
        )
        for n, said in enumerate(HOSTILE)
    ]
    data = exchange.write(scripts, "xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.value for cell in cells} >= {said.strip() for said in HOSTILE}
    assert {cell.number_format for cell in cells} == {"@"}
    assert exchange.lost(scripts, "xlsx") == {}
    assert exchange.formulas([Script(id="b", title="=x", text="好", phrasings=("-y", "z"))]) == 2


def test_what_no_workbook_holds():
    """A control character or a cell that is too long is a sentence with the script's id."""
    pytest.importorskip("openpyxl", reason="writing workbooks needs the extra xlsx (openpyxl)")
    for text, said in (("a\x0bb", "控制字符"), ("长" * 32_768, "32767")):
        with pytest.raises(DataError, match=f"ship: .*{said}"):
            exchange.write([Script(id="ship", title="甲", text=text, phrasings=("问",))], "xlsx")


def test_a_workbook_without_the_extra_is_not_written(monkeypatch):
    """The sentence says what to install, and what to do without it."""
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(DataError, match=r"kuaihui\[xlsx\].*CSV"):
        exchange.write([], "xlsx")
