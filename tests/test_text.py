"""Text that people type or paste: clean, masked, and rid of people; places, posts, emoji and every script stay."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import TextError
from incidents.text import (
    MARKS,
    Personal,
    clean,
    find_personal,
    mask_id,
    mask_name,
    mask_phone,
    required,
    strike_names,
)

FAMILY = "👨\u200d👩\u200d👧"
HEART = "❤\ufe0f"
KEYCAP = "1\ufe0f\u20e3"
ODD = "张王阿姨师傅我是叫@网格长社区3号楼 -·13800138000豫A1２３ＡＢ：＠，。\n\u2005\u3000\u200b\u200d\ufe0f👨👩❤é\u0301\u0316\ud83d\ude00"


def cleaned(text, most=10_000, **options):
    return clean(text, most=most, what="description", **options)


# clean


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("", ""),
        (" \u3000\t\u00a0 \u2800", ""),
        ("　3号楼　　2单元\t漏水 ", "3号楼 2单元 漏水"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a \n\n\n\n  b", "a\n\nb"),
        ("e\u0301", "é"),
        ("a\x00b\x07c\x7fd\x9f", "abcd"),
        ("隐\u200b藏\ufeff字\u2060符\u00ad", "隐藏字符"),
        ("\u202eabc\u202c\u2066d\u2069\u200e\u200f\u061c", "abcd"),
        ("\u3164\u115f\uffa0", ""),
        ("a\U000e0041\U000e0042", "a"),
        ("\ud83d\ude00", "😀"),
        ("坏\ud800了\udc00", "坏了"),
        ("x\u200dy\ufe0f", "xy"),
        (FAMILY + HEART + KEYCAP, FAMILY + HEART + KEYCAP),
        ("👍\u200d", "👍"),
        ("مرحبا שלום", "مرحبا שלום"),
        ("བོད་སྐད", "བོད་སྐད"),
        ("५ नमस्ते", "५ नमस्ते"),
    ],
)
def test_what_is_hidden_goes_and_what_is_written_stays(typed, stored):
    assert cleaned(typed) == stored


def test_line_ends_become_spaces_where_one_line_is_wanted():
    assert cleaned("织云路\n\n 74号", lines=False) == "织云路 74号"


def test_a_pile_of_combining_marks_is_cut_down():
    text = cleaned("X" + "\u0335\u0316\u0301" * 30 + "a" + "\u0489" * 9)
    assert text[0] == "X"
    assert text[-MARKS - 1 :] == "a" + "\u0489" * MARKS
    assert len(text) <= 2 * (1 + MARKS)


def test_a_long_pile_of_marks_costs_no_time():
    before = time.thread_time()
    assert len(cleaned("é" + "\u0316\u0301" * 50_000)) <= 1 + MARKS
    assert time.thread_time() - before < 20  # NFC alone takes minutes over it


def test_a_text_as_long_as_allowed_is_taken_and_one_longer_is_refused():
    assert clean("楼" * 200, most=200, what="description") == "楼" * 200
    with pytest.raises(TextError, match=r"description has 201 characters, 200 are allowed\. Shorten it") as caught:
        clean("楼" * 201, most=200, what="description")
    assert (caught.value.what, caught.value.length, caught.value.most) == ("description", 201, 200)


def test_only_what_stays_is_counted():
    assert clean(" 漏\u200b水 " + "\n" * 50, most=2, what="title") == "漏水"


def test_a_text_far_too_long_is_refused_before_any_work():
    before = time.thread_time()
    with pytest.raises(TextError, match=r"50,000,000 characters"):
        clean("水" * 50_000_000, most=100, what="title")
    assert time.thread_time() - before < 5


@pytest.mark.parametrize("empty", ["", " \n", "\u200b\u3164", "\x00", "\u0301", "\ud800", "\u2800\u3000"])
def test_what_must_be_written_may_not_be_empty(empty):
    with pytest.raises(TextError, match=r"The title is empty\. Write it") as caught:
        required(empty, most=50, what="title")
    assert caught.value.length == 0


@pytest.mark.parametrize("short", ["水", "7", "?", "👍", "\ue123"])
def test_one_sign_is_enough(short):
    assert required(f" {short} ", most=50, what="title") == short


@given(st.text(st.one_of(st.characters(), st.sampled_from(ODD)), max_size=60), st.booleans())
def test_cleaning_twice_changes_nothing_more(text, lines):
    once = cleaned(text, lines=lines)
    assert cleaned(once, lines=lines) == once
    once.encode("utf-8")
    assert once == unicodedata.normalize("NFC", once) == once.strip()
    assert not {unicodedata.category(letter) for letter in once} & {"Cc", "Cs", "Zl", "Zp"} - (
        {"Cc"} if lines else set()
    )


# masks


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("", ""),
        ("张", "*"),
        ("张明", "张*"),
        ("张小明", "张*明"),
        ("欧阳修", "欧阳*"),
        ("欧阳娜娜", "欧阳**"),
        ("张李小明", "张***"),
        ("王女士", "王女士"),
        ("欧阳先生", "欧阳先生"),
        ("阿里木·买买提", "阿**·买**"),
        ("John Smith", "J*** S****"),
    ],
)
def test_a_name_is_masked_as_the_domain_says(name, shown):
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("", ""),
        ("13812345678", "138****5678"),
        ("+86 138-1234-5678", "138****5678"),
        ("１３８１２３４５６７８", "138****5678"),
        ("0371-67654321", "0371-******21"),
        ("01067654321", "010-******21"),
        ("67654321", "******21"),
        ("12345", "*****"),
        ("none", "*"),
    ],
)
def test_a_phone_number_is_masked_as_the_domain_says(number, shown):
    assert mask_phone(number) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("", ""),
        ("410102198001011234", "410***********1234"),
        ("41010219800101123x", "410***********123X"),
        ("410102800101123", "410********1123"),
        ("E12345678", "*******78"),
        ("E123", "****"),
    ],
)
def test_an_identity_number_is_masked_as_the_domain_says(number, shown):
    assert mask_id(number) == shown


@given(st.text(st.characters(exclude_characters="*"), max_size=30))
def test_no_mask_shows_the_whole(text):
    for mask in (mask_phone, mask_id):
        assert not any(letter.isdigit() for letter in mask(text)) or mask(text) != text
    if any(letter.isalnum() for letter in text) and not text.endswith(
        ("先生", "女士", "同志", "阿姨", "大爷", "师傅", "老师", "小姐")
    ):
        assert mask_name(text) != " ".join(text.split())


# people in free text


@pytest.mark.parametrize(
    ("text", "struck"),
    [
        ("我是张明，3号楼2单元的灯坏了", "我是某某，3号楼2单元的灯坏了"),
        ("我叫李建国", "我叫某某"),
        ("我叫Tom Green, no light", "我叫某某, no light"),
        ("联系人：王芳", "联系人：某某"),
        ("我是阿里木·买买提，家里没电", "我是某某，家里没电"),
        ("我姓欧阳", "我姓某某"),
        ("王阿姨家漏水，请张师傅来看", "某某阿姨家漏水，请某某师傅来看"),
        ("业主李小红女士反映", "业主某某女士反映"),
        ("欧阳娜娜女士", "某某女士"),
        ("今天李小红女士和王建林先生来过", "今天某某女士和某某先生来过"),
        ("康桥张阿姨说楼道有垃圾", "康桥某某阿姨说楼道有垃圾"),
        ("3号楼刘大爷", "3号楼某某大爷"),
        ("老王说得对", "某某说得对"),
        ("@张明 来看看", "@某某 来看看"),
        ("@张明，来看看", "@某某，来看看"),
        ("@快乐每一天，来看看", "@某某，来看看"),
        ("@A 幸福\u2005你家漏水", "@某某\u2005你家漏水"),
        ("@张明帮忙看看3号楼的灯坏了谁来管一下", "@某某忙看看3号楼的灯坏了谁来管一下"),
        ("@张明-微网格长 灯坏了", "@某某-微网格长 灯坏了"),
        ("@微网格长张明 灯坏了", "@微网格长某某 灯坏了"),
    ],
)
def test_a_name_after_a_cue_is_struck(text, struck):
    assert strike_names(text) == struck
    assert find_personal(text) == [Personal.NAME]


@pytest.mark.parametrize(
    "text",
    [
        "@微网格长 院里杂草又长起来了",
        "@微网格长院里杂草又长起来了",
        "@社区三级网格长 路灯不亮",
        "@陇南社区三级网格长 @3-05微网格长 @所有人 明天停水",
        "@5号楼楼长 @物业管家 @社区民警",
        "康桥新城5号楼2单元301室，织云路74号附1号",
        "金桂华府、盛世雅苑、常青花园门口有垃圾",
        "施工师傅和修车师傅占道，保洁阿姨没来",
        "许多大爷在下棋，任何先生女士都可以，高龄女士摔倒",
        "我是高层住户，我是党员，我是房东，我是3号楼的",
        "小区门口，小程序打不开，老小区改造",
        "请拨打12345、110、119、95598或400-800-1234",
        "13:05 2026/11/20 9:12，房间135 2026-11-20，3-15 2026-11-20 9:12",
        "网格410102998001001和41010299900100102，案卷2026112000012",
        "订单号 2026112000001234，编号 6222021234567890129",
        "豫园小区A座12345，新华路B栋",
        "",
    ],
)
def test_posts_places_and_public_numbers_stay(text):
    assert strike_names(text) == text
    assert find_personal(text) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("13800138000", Personal.PHONE),
        ("138 0013 8000", Personal.PHONE),
        ("138-001-38000", Personal.PHONE),
        ("+86 13800138000", Personal.PHONE),
        ("1 3 8 0 0 1 3 8 0 0 0", Personal.PHONE),
        ("１３８００１３８０００", Personal.PHONE),
        ("①③⑧⓪⓪①③⑧⓪⓪⓪", Personal.PHONE),
        ("一三八零零一三八零零零", Personal.PHONE),
        ("幺三八〇〇幺三八〇〇〇", Personal.PHONE),
        ("".join(f"{digit}\ufe0f\u20e3" for digit in "13800138000"), Personal.PHONE),
        ("0371-67654321", Personal.PHONE),
        ("(0371)6765 4321转12", Personal.PHONE),
        ("010 67654321", Personal.PHONE),
        ("410102198001011234", Personal.IDENTITY),
        ("410102 19800101 123X", Personal.IDENTITY),
        ("豫A12345", Personal.PLATE),
        ("豫A·D12345", Personal.PLATE),
        ("豫Ａ１２３４５", Personal.PLATE),
        ("京a 1b2c3", Personal.PLATE),
        ("粤B1234学", Personal.PLATE),
        ("wxid_abc123", Personal.ACCOUNT),
        ("zhang.ming@example.com", Personal.ACCOUNT),
        ("6222 0212 3456 7890 128", Personal.CARD),
    ],
)
@pytest.mark.parametrize("around", ["{}", "请回{}谢谢", "A栋。{}，急"])
def test_a_number_is_struck_by_its_form(text, kind, around):
    assert strike_names(around.format(text)) == around.format("＊＊")
    assert kind in find_personal(around.format(text))


@pytest.mark.parametrize(
    ("text", "struck"),
    [
        ("电话：67654321", "电话：＊＊"),
        ("身份证号410102800101123", "身份证号＊＊"),
        ("护照 E12345678", "护照 ＊＊"),
        ("车牌号A12345", "车牌号＊＊"),
        ("微信号：zhang_ming88", "微信号：＊＊"),
        ("加微abc12345", "加微＊＊"),
        ("QQ 12345678", "QQ ＊＊"),
        ("我是张明13800138000", "我是某某＊＊"),
    ],
)
def test_a_number_is_struck_after_its_cue(text, struck):
    assert strike_names(text) == struck


@pytest.mark.parametrize(
    ("text", "struck"),
    [
        ("王建国13800138000身份证410102198001011234", "某某＊＊身份证＊＊"),
        ("张明13800138000", "某某＊＊"),
        ("欧阳娜娜13800138000", "某某＊＊"),
        ("井盖坏了，李娜 13800138000", "井盖坏了，某某 ＊＊"),
        ("业主刘伟电话13800138000", "业主某某电话＊＊"),
        ("张伟的手机号是13800138000，李娜：13900139000", "某某的手机号是＊＊，某某：＊＊"),
        ("路灯不亮请联系张伟13800138000", "路灯不亮请联系某某＊＊"),
        ("反映漏水王建国13800138000", "反映漏水某某＊＊"),
        ("王建国，身份证号410102198001011234", "某某，身份证号＊＊"),
        ("王建国一三八零零一三八零零零", "某某＊＊"),
    ],
)
def test_a_name_directly_before_a_number_is_struck_with_it(text, struck):
    assert strike_names(text) == struck
    assert Personal.NAME in find_personal(text)


@pytest.mark.parametrize(
    "text",
    [
        "金水路",
        "黄河路口",
        "石桥村",
        "郑州",
        "路灯坏了",
        "马桶堵",
        "谢谢",
        "请尽快解决",
        "没人管理",
        "方便",
        "单元门",
        "陇南社区三级网格长",
        "杨树倒",
        "康宁小区",
        "3号楼",
        "联系电话",
    ],
)
def test_places_and_words_before_a_number_stay(text):
    assert strike_names(f"{text}13800138000") == f"{text}＊＊"
    assert strike_names(f"有人说{text}13800138000") == f"有人说{text}＊＊"


def test_a_place_before_a_number_that_reads_as_a_name_stays_when_handed_in():
    assert strike_names("康桥新苑王建国13800138000", keep=["康桥新苑"]) == "康桥新苑某某＊＊"
    assert strike_names("康建华13800138000", keep=["康建华"]) == "康建华＊＊"


def test_an_impossible_birthday_makes_no_identity_number():
    assert Personal.IDENTITY not in find_personal("410102198013011234")


def test_a_place_handed_in_stays():
    assert strike_names("康宁张阿姨") == "某某阿姨"
    assert strike_names("康宁张阿姨", keep=["康宁"]) == "康宁某某阿姨"
    assert strike_names("@云栖 门口", keep=["云栖"]) == "@云栖 门口"
    assert find_personal("@云栖 门口", keep=["云栖"]) == []


def test_a_number_is_struck_even_inside_a_place():
    assert strike_names("13800138000院", keep=["13800138000院"]) == "＊＊院"


def test_a_bare_name_is_a_known_limit():
    assert strike_names("张明家漏水") == "张明家漏水"


@given(st.text(st.sampled_from(ODD + "老刘女士姓联系人微信车牌身份证电话零一二幺欧阳某＊"), max_size=40))
def test_striking_twice_changes_nothing_more(text):
    text = cleaned(text)
    once = strike_names(text)
    assert strike_names(once) == once
    assert find_personal(once) == []


@pytest.mark.parametrize(
    "piece", ["@张明阿姨13", "1 3 8 0 ", "我是王", "豫A1", "62 ", "社区", "@", "0371-", "王", "1" * 50, "a@a."]
)
def test_a_long_text_is_read_in_no_time(piece):
    before = time.thread_time()
    strike_names((piece * 10_000)[:10_000])
    assert time.thread_time() - before < 3
