"""Text that people type or paste: made clean, masked for a screen, and rid of who is meant (姓名、电话、证件号、车牌、微信号).

`clean` and `required` stand at every door; `mask_…` shows a contact without giving it away (domain 7.2); `strike_names` takes people out of free text before it is stored,
and `find_personal` says what is there. They know cues, no people: "我是张明", "王阿姨", "@昵称" are struck, a name that stands bare in a sentence ("张明家漏水") is not, so a
person reads before saving. Posts (微网格长, 社区三级网格长, …) and the places handed in are kept. Rooms (501室) stay: the ledger needs them.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from geo.errors import TextError

MARKS = 4  # combining marks on one letter; Tibetan and Hebrew stay whole, Zalgo does not
BESIDE = 10_000  # characters beyond ten times the limit that are still cleaned before they are counted
LONGEST_NAME, SURE_NICK, LONGEST_NICK = 4, 8, 16  # letters; a longer run after @ without a space holds a sentence too
NEAR = 16  # letters before a number among which the name that belongs to it ends
MENTION_END = "\u2005"  # what WeChat puts after a mention
STRUCK_NAME, STRUCK_NUMBER = "某某", "＊＊"

_HIDDEN = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e"
    r"\ufeff\uffa0\ufff9-\ufffc\ufffe\uffff\ufdd0-\ufdef\U000e0000-\U000effff]"
)
_EMOJI = "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u2328\u232b-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_LOOSE_SELECTOR = re.compile(f"(?<![{_EMOJI}0-9#*])\ufe0f")
_LOOSE_JOINER = re.compile(f"(?<![{_EMOJI}\ufe0f])\u200d|\u200d(?![{_EMOJI}])")
_LINE_END = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_SPACES = re.compile(r"[^\S\n]+|\u2800+")


def clean(text: str, *, most: int, what: str, lines: bool = True) -> str:
    """Return a text as it is stored: NFC, nothing hidden in it, single spaces, trimmed.

    Control, zero-width and bidirectional characters, tags, fillers and lone surrogates go; emoji sequences and letters of every script stay. Full-width and other spaces
    become one; a letter keeps at most four combining marks; three and more line ends become two.

    Parameters
    ----------
    text
        What somebody typed or pasted.
    most
        Characters (code points) allowed after cleaning.
    what
        What the text is, for the error.
    lines
        Keep line ends; otherwise they become spaces.

    Raises
    ------
    TextError
        Too long.
    """
    if len(text) > 10 * most + BESIDE:
        raise _too_long(what, len(text), most)
    if not text:
        return text
    text = _paired(text)
    text = _HIDDEN.sub("", _LINE_END.sub("\n", text))
    text = _LOOSE_JOINER.sub("", _LOOSE_SELECTOR.sub("", text))
    text = _bounded(unicodedata.normalize("NFC", _bounded(text)))
    text = _trimmed(_SPACES.sub(" ", text), lines=lines)
    if len(text) > most:
        raise _too_long(what, len(text), most)
    return text


def required(text: str, *, most: int, what: str, lines: bool = True) -> str:
    """Return a text as `clean` does; one without a letter, digit or sign is refused.

    Raises
    ------
    TextError
        Empty, or too long.
    """
    text = clean(text, most=most, what=what, lines=lines)
    if not any(unicodedata.category(letter)[0] in "LNPS" or unicodedata.category(letter) == "Co" for letter in text):
        raise TextError(f"The {what} is empty. Write it in a few words.", what=what, length=0, most=most)
    return text


def _too_long(what: str, length: int, most: int) -> TextError:
    return TextError(
        f"The {what} has {length:,} characters, {most:,} are allowed. Shorten it, or attach the rest as a file.",
        what=what,
        length=length,
        most=most,
    )


def _paired(text: str) -> str:
    """Join surrogate pairs and drop lone surrogates, which no file could hold."""
    if text.isascii() or not re.search("[\ud800-\udfff]", text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _bounded(text: str) -> str:
    """Keep at most `MARKS` combining marks in a row: before NFC, whose cost grows with the square of their number, and after it."""
    if text.isascii():
        return text
    kept, marks = [], 0
    for letter in text:
        marks = marks + 1 if unicodedata.category(letter) in {"Mn", "Me"} else 0
        if marks <= MARKS:
            kept.append(letter)
    return "".join(kept)


def _trimmed(text: str, *, lines: bool) -> str:
    if not lines:
        return " ".join(text.split())
    text = "\n".join(line.strip(" ") for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


# Masks

_PAIRS = "欧阳司马上官诸葛东方皇甫尉迟公孙慕容司徒令狐长孙宇文夏侯轩辕独孤南宫端木申屠太史闻人澹台公冶宗政濮阳淳于单于仲孙钟离鲜于闾丘司空万俟赫连呼延拓跋东郭百里西门纳兰完颜叶赫"
SURNAMES_OF_TWO = frozenset(_PAIRS[at : at + 2] for at in range(0, len(_PAIRS), 2))
_POLITE = ("先生", "女士", "同志", "阿姨", "大爷", "师傅", "老师", "小姐")


def mask_name(name: str) -> str:
    """Mask a name: 张明 -> 张*, 张小明 -> 张*明, 欧阳娜娜 -> 欧阳** (domain 7.2); a surname with a title (王女士) stays, it names nobody."""
    name = " ".join(name.split())
    if len(name) > 2 and name.endswith(_POLITE) and len(name) - 2 <= _surname(name):  # noqa: PLR2004  two letters of title
        return name
    if re.search(r"[ ·•.]", name) or not re.fullmatch(r"[\u3400-\u9fff\U00020000-\U0003ffff]+", name):
        return re.sub(r"[^\s·•.]+", lambda part: part[0][0] + "*" * max(1, len(part[0]) - 1), name)
    shown = _surname(name)
    if len(name) <= shown:
        return name[: shown - 1] + "*"
    if shown == 1 and len(name) == 3:  # noqa: PLR2004  张*明, the domain's own form
        return f"{name[0]}*{name[-1]}"
    return name[:shown] + "*" * (len(name) - shown)


def _surname(name: str) -> int:
    return 2 if name[:2] in SURNAMES_OF_TWO else 1


def mask_phone(phone: str) -> str:
    """Mask a phone number: 13812345678 -> 138****5678; a landline keeps its area code and its last two digits, any other number its last two."""
    digits = re.sub(r"\D", "", _folded(phone))
    digits = re.sub(r"^(?:00)?86(?=1[3-9]\d{9}$)", "", digits)
    if re.fullmatch(r"1[3-9]\d{9}", digits):
        return f"{digits[:3]}****{digits[-4:]}"
    if area := re.fullmatch(r"(0(?:10|2\d|[3-9]\d\d))\d{7,8}", digits):
        return f"{area[1]}-{'*' * (len(digits) - len(area[1]) - 2)}{digits[-2:]}"
    if len(digits) < 7:  # noqa: PLR2004  too short to show a part of
        return "*" * max(len(digits), len(phone.strip()) and 1)
    return "*" * (len(digits) - 2) + digits[-2:]


def mask_id(number: str) -> str:
    """Mask an identity number: 410102198001011234 -> 410***********1234 (domain 7.2), 15 digits alike; of any other document only the last two signs stay."""
    number = re.sub(r"[\s\-]", "", _folded(number)).upper()
    if re.fullmatch(r"\d{15}|\d{17}[\dX]", number):
        return number[:3] + "*" * (len(number) - 7) + number[-4:]
    return "*" * len(number) if len(number) < 7 else "*" * (len(number) - 2) + number[-2:]  # noqa: PLR2004  as above


# People in free text


class Personal(StrEnum):
    """Kinds of personal data that free text may hold."""

    NAME = "name"
    PHONE = "phone"
    IDENTITY = "identity"
    PLATE = "plate"
    ACCOUNT = "account"
    CARD = "card"


class _Span(NamedTuple):
    start: int
    end: int
    kind: Personal


_COMMON = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷"
    "黎史龙陶贺顾毛郝龚邵万钱严赖覃洪武莫孔汤向常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁"
    "冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄"
    "丛仲虞敖巩明佘池查麻苑迟邝闫肖付代"
)
_AMBIGUOUS = frozenset(
    "高金石方白江龙向常温文安易左包单成路管房时车连边师和商明全应华景宫米古吉党关农解万于马叶黄林余许任何程周"
)
_SURNAME = f"(?:{'|'.join(sorted(SURNAMES_OF_TWO))}|[{_COMMON}])"
_HAN = r"[\u3400-\u9fff]"
_END = r"(?=$|[^\u3400-\u9fffA-Za-z]|[我家住的在])"
_NO_NAME = re.compile(  # what begins like a name and is none
    r"房东|房客|房主|房管|房屋|车主|车位|商户|商家|党员|党支|高层|高龄|高楼|高空|高个|高级|方便|方面|方才|方向|安保|安装|安全|施工|钟点|周边|周围|周末|周[一二三四五六日天]|"
    r"许多|任何|任务|何时|何人|何必|于是|余下|马路|马上|江边|金牌|金属|黄[衣色]|白[衣色天]|陈[年旧]|林业|程序|单元|单位|单独|管理|管道|管家|常[住来去务]|路[过边人口上灯]|连[续着日]|"
    r"成[天员年]|应该|应急|时候|全[体部家楼]|和平|华府|景区|文化|文明|温馨|石[材头板]|龙头|万一|包括|包工|边上|师傅|古树|关于|关心|农[民贸]|解决|盛世|康桥|明[天显]|叶子|张[贴罗口]|"
    r"严重|严[格禁]|左[边右]|向[上下东西南北]|易[燃爆拉]|毛坯|雷[雨电击]|蓝[色牌天]|季节|尚未|甘肃|江[苏西]|宁夏|顾客|史上|祝[大贺您]|简单|项目|费用|计划|查[看询]|沙[发子土]|柴[油火]|冷[水气]|"
    r"水电|牛肉|夏[天季]|司机|单身|全职|游[客园商]|代[办表收理]|付[款费]|卫生|庄园|常青"
)
_CUE = re.compile(
    rf"(?:我是|我叫|我名叫|本人是?|(?:姓名|联系人|报修人|反映人|投诉人|举报人|当事人|户主)(?:是|为|叫|[:：])?|名叫|叫做)\s*(?P<name>{_SURNAME}{_HAN}{{1,2}}?|{_HAN}{{1,8}}(?:[·•]{_HAN}{{1,8}})+){_END}"
)
_LATIN_CUE = re.compile(
    r"(?:我叫|我名叫|姓名\s*[:：是]|联系人\s*[:：是]|my name is )\s*(?P<name>[A-Za-z][A-Za-z'.]+(?: [A-Z][A-Za-z'.]+){0,2})",
    re.IGNORECASE,
)
_FAMILY = re.compile(rf"(?:我|本人|免贵|贵|他|她)姓(?P<name>{_SURNAME}){_END}")
_TITLE = "阿姨|大爷|大妈|大叔|大伯|大娘|大婶|大姐|大哥|叔叔|伯伯|奶奶|爷爷|婶婶|师傅|老师|医生|大夫|先生|女士|小姐|同志|太太|经理|老板|叔|姨|姐|哥|婶|伯|嫂"
_OLD_YOUNG = re.compile(
    rf"(?<!{_HAN})(?P<name>(?:老|小|阿)[王李张刘陈杨赵吴周徐孙朱胡郭罗郑梁谢宋邓冯韩曹曾彭萧蔡潘袁董吕沈姚卢傅姜崔谭汪范廖邱秦薛闫])(?:{_END}|(?=[说讲来去问你您帮]))"
)
_MENTION = re.compile(
    r"@(?P<nick>[^@\n\u2005]{1,30}(?=\u2005)|[^\s@,，。!！?？;；:：、\u2005]{1,40})(?P<gap>[\s\u2005]?)"
)
_BEFORE_TITLE = re.compile(r"[楼号室户元层栋找叫请给跟由是的住有老小主民属居壁]$")

_LEVEL = r"(?:第?[一二三四五六七八九十\d]{1,3}(?:[-－–—]\d{1,3})?(?:号楼|号院|单元|网格|[栋幢楼级号])?)"
_OF_PLACE = r"(?:[\u3400-\u9fff\d]{1,10}?(?:社区|街道|小区|家属院|生活区|家园|花园|新城|新村|[村院苑里园府]|专\d+|大厦|市场)|专\d+)"
_POST_WORD = (
    r"(?:第一网格长|总网格长|常务网格长|副网格长|专属网格长|微网格[长员]|网格(?:长|员|专干|管理员)|网格|楼[栋]?长|单元长|书记|副?主任|物业(?:经理|管家|客服|公司|服务中心|前台)?|管家|"
    r"民警|片警|城管|信息员|志愿者|值班员|带班领导|值班室|居委会|社区(?:居委会|工作人员)?|街道(?:办事处|办)?|城运中心|指挥中心|派遣员|受理员|巡查员|督导员|客服|群主|管理员|所有人|全体成员|all)"
)
POST = re.compile(rf"(?:{_OF_PLACE})?[\s·\-－—_]?(?:{_LEVEL}){{0,3}}\s?{_POST_WORD}", re.IGNORECASE)
"""A post as people write it: 微网格长, 3-05微网格长, 陇南社区三级网格长, 5号楼楼长, 物业管家, 所有人."""

_NUMBERED = frozenset(
    {Personal.PHONE, Personal.IDENTITY, Personal.CARD}
)  # a name before one of these is that of a person
_TO_NUMBER = re.compile(
    r"[ :：,，、（(]?(?:的?(?:联系)?(?:电话|手机|身份证|证件)(?:号码?|号)?[是为:： ]{0,2}|联系(?:方式)?[是为:： ]{0,2})?$"
)
_BEFORE_NAME = re.compile(r"(?:联系|致电|拨打|回复|通知|回电)$")
_NO_GIVEN_NAME = re.compile(  # ends of places and of words that begin like a name
    r".*[路街巷道村院楼号室栋层元区店桥园苑城里府厦场站口门旁边处家州县市镇乡屯庄湾沟坡河湖渠坊厅部局所队组的了吗呢吧呀啊着过是有在到来去坏堵漏断倒塌裂脏臭乱响停亮灭费灯电水气雨雪火车板树坑洞管线盖机卡证码话]$"
    r"|谢谢|多谢|和谐|常常|温暖|安静|连接|许可"
)
_GAP = r"[ \-‐‑–—.·_/\ufe0f\u20e3\u200b]"
_MOBILE = re.compile(
    rf"(?<![\d.])(?:(?:\+|00)?86{_GAP}?)?1[3-9]\d(?!{_GAP}(?:19|20)\d\d[\-/.]\d{{1,2}}[\-/.])(?:{_GAP}{{0,2}}\d){{8}}(?!\d)(?:\ufe0f?\u20e3)?"
    rf"|(?<!\d)1{_GAP}{{1,2}}[3-9](?:{_GAP}{{1,2}}\d){{9}}(?!\d)(?:\ufe0f?\u20e3)?"
)
_LANDLINE = re.compile(
    rf"(?<![\d\-])[(（]?0(?:10|2\d|[3-9]\d\d)[)）]?{_GAP}{{0,2}}[2-9]\d{{2,3}}{_GAP}?\d{{4}}(?!\d)(?:\s?(?:转|分机|-)\s?\d{{1,5}})?"
)
_CALLED = re.compile(
    rf"(?:电话|手机|座机|联系方式|致电|拨打|来电|tel|phone|mobile)(?:号码?)?[是为:：\s]{{0,3}}(?P<it>(?!(?:400|800)\D?\d{{3}}\D?\d{{4}})(?:\+?\d|[(（]\d)(?:[)）]?{_GAP}?\d){{6,14}})(?!\d)",
    re.IGNORECASE,
)
_IDENTITY = re.compile(
    rf"(?<![0-9A-Za-z])(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|7[1]|8[1-3]|91)\d{{4}}{_GAP}?(?P<born>(?:18|19|20)\d\d{_GAP}?\d\d{_GAP}?\d\d){_GAP}?\d{{3}}[\dXx](?![0-9A-Za-z])"
)
_DOCUMENT = re.compile(
    r"(?:身份证|证件|护照|通行证)(?:号码?|号)?[是为:：\s]{0,3}(?P<it>[A-Za-z]{0,2}\d[\dXx]{6,17})(?![\dA-Za-z])"
)
_PROVINCE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(
    rf"[{_PROVINCE}][A-HJ-NP-Za-hj-np-z][ ·•.\-]?(?=[A-Za-z]{{0,5}}\d)[A-HJ-NP-Za-hj-np-z0-9]{{4,5}}[A-HJ-NP-Za-hj-np-z0-9挂学警港澳](?![A-Za-z0-9])"
)
_PLATE_CUE = re.compile(r"(?:车牌|牌照|车号|牌号)(?:号码?)?[是为:：\s]{0,3}(?P<it>[A-Za-z0-9·\-]{4,9})(?![A-Za-z0-9])")
_WECHAT = re.compile(
    r"(?<![A-Za-z0-9_])(?P<bare>wxid_[A-Za-z0-9]+)|(?:微信号?|薇信|威信|加微|加[vV]|[vV]信|(?<![A-Za-z])(?:weixin|wechat|vx|wx))(?:号|ID|id)?[是为:：\s]{0,3}"
    r"(?P<it>[A-Za-z0-9][A-Za-z0-9_\-]{5,19})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_QQ = re.compile(r"(?:QQ|扣扣|企鹅)(?:号码?)?[是为:：\s]{0,3}(?P<it>[1-9]\d{4,11})(?!\d)", re.IGNORECASE)
_MAIL = re.compile(
    r"(?<![A-Za-z0-9._%+\-])[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){0,3}\.[A-Za-z]{2,12}"
)
_CARD = re.compile(r"(?<![\dA-Za-z])62\d{2}(?:[ \-]?\d){12,15}(?![\dA-Za-z])")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_JOINTS = "-－—_·（(）)"
_SPOKEN = str.maketrans("零〇一二三四五六七八九幺", "001234567891")


def strike_names(text: str, *, keep: Collection[str] = ()) -> str:
    """Strike people out of a text: 某某 for a name, ＊＊ for a number or an account.

    Known by a cue: 我是…, 我叫…, 姓名…; a surname before a title (王阿姨, 李师傅), 老王; @昵称 that is no post. Known by their form: mobile and area-code numbers (spaced,
    full-width, circled or spoken digits), identity numbers, plates, WeChat and QQ accounts, mail, UnionPay cards.
    A name directly before a number that is struck goes with it (王建国13800138000), also over 电话, 手机, 身份证.
    Not known: any other name bare in a sentence, a nickname without @, a local number of seven or eight digits without 电话 before it. Public numbers (110, 12345, 400…) stay.

    Parameters
    ----------
    text
        As `clean` returns it.
    keep
        Names of places that must stay though they look like people's (康桥 before 张阿姨).
    """
    pieces, at = [], 0
    for span in _merged(text, keep):
        pieces += [text[at : span.start], STRUCK_NAME if span.kind is Personal.NAME else STRUCK_NUMBER]
        at = span.end
    return "".join([*pieces, text[at:]])


def find_personal(text: str, *, keep: Collection[str] = ()) -> list[Personal]:
    """Return the kinds of personal data in a text, in the order of `Personal`: what `strike_names` would strike."""
    found = {span.kind for span in _spans(_folded(text), keep)}
    return [kind for kind in Personal if kind in found]


def _merged(text: str, keep: Collection[str]) -> Iterator[_Span]:
    """Walk through the spans to strike, in order, those that overlap made one; a number wins over a name."""
    last: _Span | None = None
    for span in sorted(_spans(_folded(text), keep)):
        if last is None:
            last = span
        elif span.start < last.end:
            kind = last.kind if span.kind is Personal.NAME else span.kind
            last = _Span(last.start, max(last.end, span.end), kind)
        else:
            yield last
            last = span
    if last is not None:
        yield last


def _spans(text: str, keep: Collection[str]) -> Iterator[_Span]:
    numbers = [
        _Span(*_core(match), kind)
        for kind, pattern, holds in _BY_FORM
        for match in pattern.finditer(text)
        if holds(match)
    ]
    spoken = text.translate(_SPOKEN)
    numbers += [_Span(*match.span(), Personal.PHONE) for match in re.finditer(r"(?<!\d)1[3-9]\d{9}(?!\d)", spoken)]
    yield from numbers
    kept = {place for match in _kept(text, keep) for place in range(*match.span())}
    for start, end in (*_names(text, kept), *_before_numbers(text, numbers, kept)):
        if kept.isdisjoint(range(start, end)):
            yield _Span(start, end, Personal.NAME)


def _kept(text: str, keep: Collection[str]) -> Iterator[re.Match[str]]:
    for name in keep:
        if name and name in text:
            yield from re.finditer(re.escape(name), text)
    yield from POST.finditer(text)


def _core(match: re.Match[str]) -> tuple[int, int]:
    """Return where the thing itself stands: the group that matched, or all of it."""
    for group, value in match.groupdict().items():
        if value is not None and group in {"it", "bare"}:
            return match.span(group)
    return match.span()


def _names(text: str, kept: set[int]) -> Iterator[tuple[int, int]]:
    for pattern in (_CUE, _LATIN_CUE, _FAMILY, _OLD_YOUNG):
        for match in pattern.finditer(text):
            if pattern is not _CUE or not _NO_NAME.match(match["name"]):
                yield match.span("name")
    yield from _titled(text, kept)
    for match in _MENTION.finditer(text):
        yield from _mentioned(match)


def could_be_name(text: str) -> bool:
    """Tell whether a text by itself reads as a person's name: two to four Chinese letters that begin with a surname, 老王, 王阿姨."""
    text = text.strip()
    if titled := re.fullmatch(rf"(.+?)(?:{_TITLE})", text):
        text = titled[1]
        return _may_be_name(text) or bool(_OLD_YOUNG.fullmatch(text))
    return (len(text) > _surname(text) and _may_be_name(text)) or bool(_OLD_YOUNG.fullmatch(text))


def _titled(text: str, kept: set[int]) -> Iterator[tuple[int, int]]:
    """Find the name before each title.

    Where a sentence, a place or a word like 业主 ends before it, the longest that may be one; within a sentence the surname alone (康桥张阿姨), or else a whole name that does
    not begin with a letter of everyday words.
    """
    for title in re.finditer(_TITLE, text):
        end = title.start()
        names = {length: text[end - length : end] for length in range(1, min(LONGEST_NAME, end) + 1)}
        names = {
            length: name
            for length, name in names.items()
            if _may_be_name(name) and kept.isdisjoint(range(end - length, end))
        }
        free = [length for length in (3, 2, 1, 4) if length in names and _begins(text, end - length, kept)]
        sure = [length for length in (1, 3, 2) if length in names and names[length][0] not in _AMBIGUOUS]
        if length := next(iter(free or (sure if len(title[0]) > 1 else [])), 0):
            yield end - length, end


def _before_numbers(text: str, numbers: Iterable[_Span], kept: set[int]) -> Iterator[tuple[int, int]]:
    """Find the name directly before each number of a person: a surname and one or two letters more.

    Where a sentence, a place or a word like 业主 ends before it, any that may be one; within a sentence one of two more letters whose surname is no everyday word.
    """
    for number in numbers:
        if number.kind not in _NUMBERED:
            continue
        near = text[max(0, number.start - NEAR) : number.start]
        gap = _TO_NUMBER.search(near)
        for end in dict.fromkeys((number.start - (len(gap[0]) if gap else 0), number.start)):
            if span := _name_that_ends(text, end, kept):
                yield span
                break


def _name_that_ends(text: str, end: int, kept: set[int]) -> tuple[int, int] | None:
    for length in (4, 3, 2):
        start, name = end - length, text[max(0, end - length) : end]
        given = length - _surname(name)
        if start < 0 or not given or not _may_be_name(name) or _NO_GIVEN_NAME.match(name):
            continue
        is_sure = given > 1 and name[0] not in _AMBIGUOUS
        if kept.isdisjoint(range(start, end)) and (is_sure or _begins_before_number(text, start, kept)):
            return start, end
    return None


def _begins_before_number(text: str, start: int, kept: set[int]) -> bool:
    return _begins(text, start, kept) or bool(_BEFORE_NAME.search(text[max(0, start - 2) : start]))


def _begins(text: str, start: int, kept: set[int]) -> bool:
    """Tell whether a name may begin there: at the start, after a place, after what is no Chinese letter, or after 业主, 请, 楼, …"""
    before = text[max(0, start - 1) : start]
    return not before or start - 1 in kept or not re.fullmatch(_HAN, before) or bool(_BEFORE_TITLE.search(before))


def _may_be_name(name: str) -> bool:
    given = len(name) - _surname(name)
    known = name[:2] in SURNAMES_OF_TWO or name[0] in _COMMON
    return known and 0 <= given <= 2 and not _NO_NAME.match(name) and bool(re.fullmatch(rf"(?:(?!某){_HAN})+", name))  # noqa: PLR2004  given names have one or two letters


def _mentioned(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Find the person in a mention: all of a nickname, or what stands beside the post in it."""
    nick, start = match["nick"], match.start("nick")
    if nick.startswith(STRUCK_NAME):
        return
    ended = bool(match["gap"]) or len(nick) <= SURE_NICK
    if post := POST.search(nick):
        if before := nick[: post.start()].rstrip(_JOINTS):
            yield start, start + len(before)
        after = nick[post.end() :].strip(_JOINTS)
        if ended and 1 < len(after) <= LONGEST_NAME and _may_be_name(after):
            at = start + nick.index(after, post.end())
            yield at, at + len(after)
    elif ended and (len(nick) <= LONGEST_NICK or match["gap"] == MENTION_END):
        yield start, start + len(nick)
    else:
        known = nick[0] in _COMMON or nick[:2] in SURNAMES_OF_TWO
        yield start, start + min(len(nick), _surname(nick) + 2 if known else LONGEST_NAME)


def _always(match: re.Match[str]) -> bool:  # noqa: ARG001  one of the checks of a form
    return True


def _was_born(match: re.Match[str]) -> bool:
    digits = re.sub(r"\D", "", match["born"])
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    return True


def _luhn(match: re.Match[str]) -> bool:
    digits = [int(digit) for digit in reversed(re.sub(r"\D", "", match[0]))]
    return sum(digit if place % 2 == 0 else sum(divmod(2 * digit, 10)) for place, digit in enumerate(digits)) % 10 == 0


_BY_FORM: tuple[tuple[Personal, re.Pattern[str], Callable[[re.Match[str]], bool]], ...] = (
    (Personal.IDENTITY, _IDENTITY, _was_born),
    (Personal.IDENTITY, _DOCUMENT, _always),
    (Personal.PHONE, _MOBILE, _always),
    (Personal.PHONE, _LANDLINE, _always),
    (Personal.PHONE, _CALLED, _always),
    (Personal.PLATE, _PLATE, _always),
    (Personal.PLATE, _PLATE_CUE, _always),
    (Personal.ACCOUNT, _WECHAT, _always),
    (Personal.ACCOUNT, _QQ, _always),
    (Personal.ACCOUNT, _MAIL, _always),
    (Personal.CARD, _CARD, _luhn),
)


def _folded(text: str) -> str:
    """Return a text of the same length with full-width signs and every kind of digit as ASCII."""
    text = text.translate(_WIDE)
    return text if text.isascii() else "".join(str(unicodedata.digit(letter, letter)) for letter in text)
