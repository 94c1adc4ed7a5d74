"""Messages of a chat group (群消息), pasted by a person: taken apart, rid of names, and turned into proposals that a person confirms.

Chats are never read by the house itself. What comes out of `read_messages` names nobody: a sender is a number (the first to speak is 1), nicknames, quoted names and mentions
of people are struck; posts stay. Nothing is filed by a proposal.

Understood, also mixed: a name and a time on one line or on two, date and time before the name, ``张三:`` alone or before its text, ``[09:12] 张三: …``, dates between
messages, quoted replies, placeholders as [图片], notices of the chat itself; without any of these, paragraphs, or else lines, are messages. A telephone number may stand in a
nickname; once somebody speaks on a line with the name, any short nickname may; what stands below a line of placeholders is a message of its own.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from incidents.places import Because, Kind, Places, Whereabouts, plain
from incidents.text import MENTION_END, POST, STRUCK_NAME, clean, could_be_name, strike_names

MOST_PASTED = 100_000  # characters
CLASSES = 5
LONGEST_NICK = 8  # letters of a nickname that is known by nothing but standing before a colon
SHORTEST_NICK = 3  # letters; a shorter nickname may be a word
_END_MARK = "\ue8a5"  # stands for the end of a mention, which cleaning would make a space


@dataclass(frozen=True)
class Message:
    """One message, without names.

    Attributes
    ----------
    text
        What was said, names and numbers of people struck, the mention at its head and the placeholders taken away.
    speaker
        1 for the first to speak, 2 for the second, …; None where no sender was given.
    sender_struck
        Whether a sender was given, and is left out here.
    date, time
        When, as far as it was given; local time of the area.
    mentions
        Whom it addresses: posts as written (微网格长), people as 某某.
    attachments
        Kinds of what was sent along and is not here: 图片, 视频, 语音, …
    quote
        What it replies to, names struck.
    """

    text: str
    speaker: int | None = None
    date: dt.date | None = None
    time: dt.time | None = None
    mentions: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    quote: str = ""

    @property
    def sender_struck(self) -> bool:
        """Whether a sender was given, and is left out here."""
        return self.speaker is not None


# Reading

_DATE = r"(?:(?:(?P<year>20\d\d)[-/.年])?(?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?|(?P<ago>今天|昨天|前天)|(?P<weekday>(?:星期|周)[一二三四五六日天]))"
_TIME = r"(?P<half>凌晨|早上|上午|中午|下午|傍晚|晚上)?\s?(?P<hour>[01]?\d|2[0-4])[:：](?P<minute>[0-5]\d)(?:[:：][0-5]\d)?\s?(?P<noon>[AaPp][Mm])?"
_MOMENT = rf"(?:{_DATE}[\s,，]*(?:(?:星期|周)[一二三四五六日天])?[\s,，]*)?{_TIME}"
_RULE = r"[\s—\-─=*·]*"
_ONLY_DATE = re.compile(rf"{_RULE}{_DATE}(?:\s*(?:星期|周)[一二三四五六日天])?{_RULE}")
_ONLY_MOMENT = re.compile(rf"{_RULE}{_MOMENT}{_RULE}")
_NAME_MOMENT = re.compile(rf"(?P<name>\S.{{0,39}}?)(?:\s+[（(\[]?|[（(\[]){_MOMENT}[)）\]]?")
_MOMENT_NAME_TEXT = re.compile(rf"[\[【(（]?{_MOMENT}[\])）】]?\s*(?P<name>[^\s:：]{{1,20}})[:：]\s*(?P<text>.+)")
_MOMENT_NAME = re.compile(rf"[\[【(（]?{_MOMENT}[\])）】]?\s+(?P<name>[^，。！？!?；;：:]{{1,40}})")
_MOMENT_TEXT = re.compile(rf"[\[【(（]?{_MOMENT}[\])）】]?\s+(?P<text>.+)")
_NAME_TEXT = re.compile(r"(?P<name>[^:：，。！？!?；;、「」“”@\[\]【】/]{1,40})[:：]\s*(?P<text>(?!//).+)")
_NAME_ALONE = re.compile(r"(?P<name>[^:：，。！？「」“”]{1,30})[:：]")
_NO_NAME_END = re.compile(r"[到在从至于是约前后点了]$")
_LABEL = re.compile(
    r"\d+|.*(?:地址|时间|问题|电话|位置|地点|姓名|联系人|联系方式|内容|描述|情况|诉求|备注|回复|通知|提示|注意|说明|原因|要求|建议|公告|链接|标题|编号|网址|来源|反映人|范围|方式|方案|安排|金额|如下|如图|[楼院路街巷号灯盖梯管垃圾水电气门])"
)
_PHONE = re.compile(
    r"[\s(（\-—_]*(?<!\d)(?:(?:\+?86[ \-]?)?1[3-9]\d[ \-]?[\d*＊xX]{4}[ \-]?\d{4}|0\d{2,3}[ \-]?\d{7,8}|[2-9]\d{6,7})(?!\d)[)）\s]*"
)
_HOUSE = re.compile(r".*(?:[楼栋幢号院室户层]|单元|\d)[\s\-—_]*")  # what residents put before their names: 3号楼2单元
_PLACE_END = re.compile(
    r"(?:[苑园城府区村庄街道弄坊厦口旁边处里外上下内侧层室户栋幢号东南西北]|单元|附近|广场|周围|对面|中间|超市|商店|学校|医院)$"
)
_NO_NICK = re.compile(  # what stands before a colon and is part of what is said
    r".*(?:[说讲问答写叫了吗呢吧啊呀着过的是有在为]|范围|类型|事项|级别|状态|结果|进展|进度|部门|单位|日期|期限|时段|数量|金额|价格|车牌|车牌号|型号|颜色|主题|人员|责任人|负责人|对象|方式|措施|办法|方案|重点|工作|安排|现场|现状|户主|品牌|规则|条件|名单|热线)"
    r"|(?:另外?|补充|更正|还有|再有|以及|首先|其次|最后|然后|第[一二三四五六七八九十]|其[一二三四五]|总之|结论|附件?|注|例如|比如|譬如|特此|紧急|急|重要|求助|请教|建议|举例|结果|所以|因为|但是|而且|ps|p\.s\.?|tips?|re|fw|to|from|note|todo|faq|[qa])[\d一二三四五六七八九十]?"
    r"|.*(?:\d[点时月日年元米块度]|[上中下]午|今[天晚早日]|[昨明后前]天|晚上|早上|凌晨|(?:星期|周)[一二三四五六日天]|我们|你们|他们|咱们|大家|请|谁|怎么|什么|为啥|没[有人了电水]|坏|不[了行能亮通来去让])(?!.*(?:先生|女士|阿姨)).*",
    re.IGNORECASE,
)
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9_.'\-]*(?: [A-Za-z][A-Za-z0-9_.'\-]*){0,2}")
_FIELD = re.compile(rf"(?:{_LABEL.pattern})\s?[:：]")
_NOTICE = re.compile(
    r".{0,40}(?:撤回了一条消息|加入了?群聊|移出了?群聊|退出了?群聊|拍了拍.*|修改群名为.*|邀请.{1,40}加入.*|与群里其他人都不是.*|领取了.*红包|开启了朋友验证.*)|以[上下](?:为新消息|是.*)|.*聊天记录如下.*|群聊的聊天记录|.*的聊天记录|dear[:：]?",
    re.IGNORECASE,
)
_KINDS = "图片|照片|视频|语音|文件|位置|链接|表情|动画表情|小程序|聊天记录|名片|个人名片|红包|转账|音乐|视频号|群公告|Photo|Image|Video|Sticker|File|Voice"
_ATTACHED = re.compile(rf"\[(?P<kind>{_KINDS})(?:[:：\s][^\]\n]{{0,60}})?\](?P<card>(?<=名片\])[^\n]*)?")
_ONLY_ATTACHED = re.compile(rf"(?:\[(?:{_KINDS})(?:[:：\s][^\]\n]{{0,60}})?\]\s*)+(?:\S{{1,80}}\.[A-Za-z0-9]{{2,5}})?")
_FACES = re.compile(
    r"\[(?:微笑|强|弱|抱拳|玫瑰|捂脸|流泪|大哭|呲牙|偷笑|愉快|合十|鼓掌|握手|胜利|OK|ok|拥抱|爱心|太阳|咖啡|憨笑|发怒|怒|惊讶|尴尬|抓狂|撇嘴|调皮|难过|笑脸|破涕为笑|苦涩|裂开|叹气|旺柴|加油|庆祝|烟花|爆竹|Thumbs ?Up|Smile)\]"
)
_QUOTE = re.compile(
    r"「(?:[^「」:：\n]{1,30}[:：])?(?P<one>[^「」]*)」[ ]*\n?(?:[ \-—]{3,}\n)?|^[>＞]\s?(?:[^:：\n]{1,30}[:：])?(?P<two>.*)\n?|^引用\s?[^:：\n]{1,30}[:：](?P<three>.*)\n?",
    re.MULTILINE,
)
_ADDRESSED = re.compile(rf"@(?P<whom>{STRUCK_NAME}|{POST.pattern})[\s,，:：]*", re.IGNORECASE)


@dataclass
class _Draft:
    """A message while it is read."""

    name: str = ""
    day: dt.date | None = None
    at: dt.time | None = None
    lines: list[str] = field(default_factory=list)


def read_messages(text: str, *, today: dt.date | None = None, keep: Collection[str] = ()) -> tuple[Message, ...]:
    """Take pasted chat apart into messages without names.

    Parameters
    ----------
    text
        As it was pasted.
    today
        The day of pasting, which 昨天, 星期五 and dates without a year count from; without it those days stay unknown.
    keep
        Names of places, which are never taken for people's.

    Raises
    ------
    TextError
        More than 100,000 characters.
    """
    text = clean(text.replace(MENTION_END, _END_MARK), most=MOST_PASTED, what="pasted chat")
    lines = text.split("\n")
    drafts = list(_drafts(lines, today, keep))
    if not any(draft.name or draft.at for draft in drafts):
        drafts = [_Draft(lines=piece.split("\n")) for piece in _pieces(text)]
    speakers: dict[str, int] = {}
    for draft in drafts:
        draft.name = _nick(draft.name)
        if draft.name:
            speakers.setdefault(draft.name, len(speakers) + 1)
    known = _callable(speakers, keep)
    messages = (_message(draft, speakers.get(draft.name), known, keep) for draft in drafts)
    return tuple(message for message in messages if message.text or message.attachments)


def _pieces(text: str) -> list[str]:
    """Cut text without headers: at blank lines where there are any, else at each line, but a filled-in form (地点：… 问题：…) and a reply with its quote stay whole."""
    text = re.sub(r"」\s*\n(?:[ \-—]{3,}\n)?", "」", text)
    lines = [line for line in text.split("\n") if not _NOTICE.fullmatch(line) and not _ONLY_DATE.fullmatch(line)]
    if "" in lines:
        return re.split(r"\n{2,}", "\n".join(lines))
    pieces: list[str] = []
    for line, before in zip(lines, ["", *lines], strict=False):
        if _FIELD.match(line) and _FIELD.match(before):
            pieces[-1] += f"\n{line}"
        else:
            pieces.append(line)
    return pieces


def _drafts(lines: list[str], today: dt.date | None, keep: Collection[str]) -> Iterator[_Draft]:
    """Walk through the messages: a header begins one, and so does what follows a line of placeholders; every other line belongs to the one before."""
    sure = _senders(lines, keep)
    follows, after = [""] * len(lines), ""
    for at in range(len(lines) - 1, -1, -1):
        follows[at], after = after, lines[at] or after
    draft, day, clock, ended = _Draft(), None, None, False
    for at, line in enumerate(lines):
        if _NOTICE.fullmatch(line):
            continue
        if found := _ONLY_DATE.fullmatch(line):
            day = _day(found, today)
            continue
        if found := _ONLY_MOMENT.fullmatch(line):
            # A time alone belongs to the name above it, or to what follows.
            above = draft.lines[-1] if draft.lines and at and lines[at - 1] else ""
            name = draft.lines.pop() if _may_send(above, sure) else ""
            yield draft
            day, clock = _day(found, today) or day, _clock(found)
            draft, ended = _Draft(name, day, clock), False
            continue
        if begun := _begun(line, follows[at], sure, today):
            yield draft
            draft, ended = replace(begun, day=begun.day or day, at=begun.at or clock), False
            continue
        attached = bool(_ONLY_ATTACHED.fullmatch(line))
        if ended and line and not attached:
            yield draft
            draft, ended = _Draft(draft.name, draft.day, draft.at), False
        # A picture before anything is said belongs to what is said below it.
        ended = ended or (attached and any(said and not _ONLY_ATTACHED.fullmatch(said) for said in draft.lines[-3:]))
        if line or draft.lines:
            draft.lines.append(line)
    yield draft


def _nick(name: str) -> str:
    """Return a nickname without the telephone number in it, unless it is nothing else."""
    return _PHONE.sub(" ", name).strip() or name.strip()


def _senders(lines: Iterable[str], keep: Collection[str]) -> set[str]:
    """Return what stands before colons and is a sender: what comes back, and where anybody speaks on a line with the name, every short nickname."""
    found = [match for line in lines if (match := _NAME_TEXT.fullmatch(line))]
    times = Counter(nick for match in found if " " not in (nick := _nick(match["name"])))
    sure = {name for name, many in times.items() if many > 1}
    if any(_may_send(match["name"], sure) for match in found):
        kept = {plain(name) for name in keep}
        sure |= {
            _nick(match["name"])
            for match in found
            if not _is_clock(match) and plain(_nick(match["name"])) not in kept and _may_be_nick(match["name"])
        }
    return sure


def _is_clock(found: re.Match[str]) -> bool:
    """Tell a time (停水到 12:00) from a nickname and its text."""
    return bool(re.search(r"(?<!\d)\d{1,2}$", found["name"]) and re.match(r"[0-5]\d(?!\d)", found["text"]))


def _may_be_nick(name: str) -> bool:
    """Tell whether what stands before a colon is short and reads as a nickname: no label, place, time or piece of a sentence."""
    nick = _nick(name)
    if _PHONE.fullmatch(name):
        return True
    if _LABEL.fullmatch(nick) or _NO_NICK.fullmatch(nick):
        return False
    if _LATIN.fullmatch(nick) or could_be_name(_HOUSE.sub("", nick, count=1)):
        return True
    first, _, last = nick.partition(" ")
    if last:
        return could_be_name(last) or (could_be_name(first) and bool(re.fullmatch(r"[\d\-—栋幢号楼单元室]+", last)))
    return len(nick) <= LONGEST_NICK and not _PLACE_END.search(nick)


def _begun(line: str, follows: str, sure: Collection[str], today: dt.date | None) -> _Draft | None:  # noqa: PLR0911  one for each form of a header
    """Return the message that a line begins, or None when it begins none."""
    if found := _MOMENT_NAME_TEXT.fullmatch(line):
        return _Draft(found["name"], _day(found, today), _clock(found), [found["text"]])
    if (found := _NAME_MOMENT.fullmatch(line)) and follows and _is_head(found):
        return _Draft(found["name"], _day(found, today), _clock(found))
    if (found := _MOMENT_NAME.fullmatch(line)) and found["month"] and follows and not _MOMENT_TEXT.fullmatch(follows):
        return _Draft(found["name"], _day(found, today), _clock(found))
    if found := _MOMENT_TEXT.fullmatch(line):
        name, _, said = found["text"].partition(" ")
        named = bool(said) and could_be_name(name)
        return _Draft(name if named else "", _day(found, today), _clock(found), [said if named else found["text"]])
    if (found := _NAME_ALONE.fullmatch(line)) and follows and not _LABEL.fullmatch(found["name"]):
        return _Draft(found["name"])
    if (found := _NAME_TEXT.fullmatch(line)) and _may_send(found["name"], sure):
        return _Draft(found["name"], lines=[found["text"]])
    return None


def _is_head(found: re.Match[str]) -> bool:
    """Tell a header from a sentence that ends with a time (停水到 12:00)."""
    name = found["name"]
    return not re.search(r"[，。！？!?；;「」]", name) and not (_NO_NAME_END.search(name) and not found["month"])


def _may_send(name: str, sure: Collection[str]) -> bool:
    """Tell whether what stands before a colon, or above a time, is a sender and no label (地点：…)."""
    name = _nick(name)
    if name in sure and _PHONE.fullmatch(name):
        return True
    if not name or len(name) > 30 or _LABEL.fullmatch(name):  # noqa: PLR2004  WeChat's longest nickname is about so long
        return False
    if name in sure or could_be_name(name) or POST.fullmatch(name) or re.match(r"\d+-\d+[^\s]*$", name):
        return True
    post = POST.match(name)
    return post is not None and could_be_name(name[post.end() :].strip(" -—_"))


def _callable(names: Iterable[str], keep: Collection[str]) -> list[str]:
    """Return the senders' names that may be struck wherever they stand: no posts, no places, none so short that they may be words."""
    kept = {plain(name) for name in keep}
    bare = [re.sub(r"[(（<].*$", "", name).strip() for name in names]  # QQ adds the number or mail address
    parts = {
        part for name in bare for part in re.split(r"[^A-Za-z\u3400-\u9fff·]+", name) if not _PLACE_END.search(part)
    }
    parts |= {*bare, *(POST.sub("", name).strip(" -—_") for name in bare)}
    sure = {part for part in parts if len(part) >= SHORTEST_NICK or (len(part) > 1 and could_be_name(part))}
    return sorted((part for part in sure if plain(part) not in kept and not POST.search(part)), key=len, reverse=True)


def _clock(found: re.Match[str]) -> dt.time | None:
    hour, half = int(found["hour"]), found["half"] or ""
    late = half in {"下午", "傍晚", "晚上"} or (half == "中午" and hour < 3) or (found["noon"] or "").lower() == "pm"  # noqa: PLR2004  中午1:30
    early = half == "凌晨" or (half == "晚上" and hour == 12) or (found["noon"] or "").lower() == "am"  # noqa: PLR2004  midnight
    hour = hour % 12 if early else hour % 12 + 12 if late and hour <= 12 else hour  # noqa: PLR2004  the clock
    return dt.time(hour % 24, int(found["minute"]))


def _day(found: re.Match[str], today: dt.date | None) -> dt.date | None:
    """Return the day of a header: of what is written, or counted from today; None when neither tells."""
    ago = {"今天": 0, "昨天": 1, "前天": 2}.get(found["ago"] or "")
    if ago is None and found["weekday"] and today:
        ago = (today.weekday() - "一二三四五六日".index(found["weekday"][-1].replace("天", "日"))) % 7
    if ago is not None:
        return today - dt.timedelta(days=ago) if today else None
    if not found["month"] or not (found["year"] or today):
        return None
    try:
        day = dt.date(
            int(found["year"] or today.year if today else found["year"]), int(found["month"]), int(found["day"])
        )
        return day if found["year"] or not today or day <= today else day.replace(year=day.year - 1)
    except ValueError:
        return None


def _message(draft: _Draft, speaker: int | None, known: list[str], keep: Collection[str]) -> Message:
    text = "\n".join(draft.lines).strip("\n")
    quotes: list[str] = []

    def quoted(found: re.Match[str]) -> str:
        quotes.append(next(part for part in (found["one"], found["two"], found["three"]) if part is not None))
        return ""

    text = _QUOTE.sub(quoted, text)
    attachments = tuple(found["kind"] for found in _ATTACHED.finditer(text))
    text = _FACES.sub("", _ATTACHED.sub(" ", text))
    text, quote = (_struck(part, known, keep) for part in (text, " ".join(quotes)))
    mentions = tuple(found["whom"] for found in _ADDRESSED.finditer(text))
    while head := _ADDRESSED.match(text):
        text = text[head.end() :]
    return Message(text, speaker, draft.day, draft.at, mentions, attachments, quote)


def _struck(text: str, known: list[str], keep: Collection[str]) -> str:
    text = strike_names(text.replace(_END_MARK, MENTION_END), keep=keep)
    for name in known:
        text = text.replace(name, STRUCK_NAME)
    return clean(text, most=2 * MOST_PASTED, what="message")


# Proposing


class Match(Protocol):
    """A class that fits a text, as `incidents.classes.Directory.match` returns it."""

    @property
    def key(self) -> str:
        """Key of the class."""

    @property
    def score(self) -> float:
        """How well it fits."""

    @property
    def word(self) -> str:
        """The word of the text that speaks for it."""


class Matcher(Protocol):
    """The part of the class directory that is asked here."""

    def match(self, text: str, most: int = 5) -> Iterable[Match]:
        """Return the classes that fit a text, best first."""


@dataclass(frozen=True)
class Proposal:
    """What a message may become, for a person to confirm.

    Attributes
    ----------
    text
        The description, names struck.
    is_report
        False for greetings, thanks, receipts (收到) and what holds no words.
    urgent
        The words that ask for haste (着火, 漏气, …), or ().
    classes
        Classes that fit, best first, each with its score and word.
    place
        The place meant, or None where there is none or a person must choose among ``others``.
    others
        Further places, the most exact first.
    grid
        Code of a grid that was named (3-05, or in @3-05微网格长), or "".
    """

    text: str
    is_report: bool
    urgent: tuple[str, ...] = ()
    classes: tuple[Match, ...] = ()
    place: Whereabouts | None = None
    others: tuple[Whereabouts, ...] = ()
    grid: str = ""

    @property
    def class_keys(self) -> tuple[str, ...]:
        """Keys of the classes, best first."""
        return tuple(found.key for found in self.classes)


_URGENT = re.compile(
    r"着火|起火|失火|火灾|冒(?:黑|白|浓)?烟|燃气泄漏|天然气泄漏|煤气泄漏|液化气泄漏|漏(?:燃气|煤气|天然气|气)|(?:煤气|燃气|天然气)味|触电|漏电|电到人|坍塌|塌方|塌陷|倒塌|塌了|爆炸|爆管|高空坠物|坠楼|跳楼|轻生|溺水|落水|"
    r"晕倒|昏迷|摔伤|受伤|流血|被困|困在|困人|打架|持刀|救命|中毒|(?:电线|电缆|高压线)(?:断|掉|垂|落)|井盖(?:没了|不见|丢|缺失|被偷)|走失|走丢"
)
_NOT_URGENT = re.compile(
    r"(?:没有?|未|未发生|防止|预防|避免|谨防|严防|防范|以防|以免|小心|当心|容易|易|万一|要是|如果|假如|演练|模拟|怕|扑灭了?)(?:发生|出现|引起|引发)?$"
)
_DRILL = re.compile(r"演练|演习|宣传|培训|讲座|知识|须知|通知[:：]")
_CIVIL = re.compile(
    r"收到|好的?呢?|谢谢(?:你|您|大家|书记|网格长|师傅)?了?|感谢(?:您|你们?|大家)?|多谢|辛苦(?:了|啦|大家)?(?:大家)?|ok|okay|嗯+|哦+|噢|是的|对的?|行|可以的?|没问题|明白|知道了|了解|已阅|已读|点赞|赞|给力|真好|太好了|不客气|不用谢|客气了?|"
    r"[早晚]上好|[早中下]午好|晚安|早安?|大家好|你好|您好|各位邻居|新年快乐|节日快乐|过年好|恭喜发财|生日快乐|在吗|在不在|有人吗|哈+|呵+|嘿+|啊+|呀|哇|吧|呢|啦|哈|了|\+?1|666+|"
    r"(?:我?马上|立即|这就|现在|稍后|一会儿?|正在|已经?)(?:去|来|到|过去|处理|安排|解决|联系|核实|查看|看看|派人|转办|上报|反馈){1,3}(?:中|了|的)?|(?:问题)?(?:已经?|都)(?:修|处理|清理|解决|弄|搞)(?:好|完|掉)?了?|修好了|处理好了|解决了|清理完了|thanks?(?: you)?|good|hi|hello",
    re.IGNORECASE,
)
_CHAIN = re.compile(r"\s*[#＃]?接龙|https?://\S+\s*$", re.IGNORECASE)


def propose(
    message: Message,
    *,
    directory: Matcher,
    places: Places,
    groups: Mapping[str, Collection[str]] | None = None,
    group: str = "",
) -> Proposal:
    """Propose what a message may become: class, place, haste, or nothing to report.

    Parameters
    ----------
    message
        As `read_messages` returns it.
    directory
        The classes.
    places
        The places of the area.
    groups
        Codes of buildings, compounds and grids that each chat group covers.
    group
        The group that the message comes from; an unknown one narrows nothing.
    """
    covered = (groups or {}).get(group, ())
    text = strike_names(message.text, keep=places.words(message.text))
    said = text or message.quote
    found = places.find(said, group=covered)
    posted = [
        replace(place, because=Because.MENTIONED_POST)
        for whom in message.mentions
        for place in places.find(whom)
        if place.ref.kind is Kind.GRID
    ]
    if not found or found[0].because is Because.GROUP:
        found = [*_in_group(posted, covered), *found]
    alike = [place for place in found if place.ref.kind is found[0].ref.kind]
    place = found[0] if len(alike) == 1 else None
    grids = {place.ref.code for place in [*found, *posted] if place.ref.kind is Kind.GRID}
    return Proposal(
        text,
        is_report(text),
        urgency(text),
        tuple(directory.match(text, CLASSES)),
        place,
        tuple(other for other in found if other is not place),
        next(iter(grids)) if len(grids) == 1 else "",
    )


def _in_group(posted: list[Whereabouts], covered: Collection[str]) -> list[Whereabouts]:
    inside = [place for place in posted if place.ref.code in covered or not place.ref.within.isdisjoint(covered)]
    return inside or posted


def urgency(text: str) -> tuple[str, ...]:
    """Return the words of a text that ask for haste; not those that are denied, feared for another day, or practised (防止着火, 消防演练)."""
    if _DRILL.search(text):
        return ()
    found = (
        match
        for match in _URGENT.finditer(text)
        if not _NOT_URGENT.search(text[max(0, match.start() - 8) : match.start()])
    )
    return tuple(dict.fromkeys(match[0] for match in found))


def is_report(text: str) -> bool:
    """Tell whether a message says that something is the matter: false for greetings, thanks, receipts, chains (接龙) and bare links."""
    if _CHAIN.match(text):
        return False
    words = re.sub(r"[^\w+]|_", " ", text.replace(STRUCK_NAME, " "))
    while (bare := _shorn(words)) != words:
        words = bare
    return len(words) > 1


def _shorn(words: str) -> str:
    """Take a civil word from the head of a text."""
    words = words.strip()
    found = _CIVIL.match(words)
    after = words[found.end() :] if found else ""
    return after if found and (not after or after[0] == " " or _CIVIL.match(after)) else words
