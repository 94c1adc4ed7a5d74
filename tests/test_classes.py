"""The class directory: what is shipped, what a city may put in its place, and what a message proposes."""

import dataclasses
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import demo, rules
from geo.errors import RulesError, UnknownClass
from geo.scheme import Name
from incidents.classes import Directory, IncidentClass
from incidents.words import Words

ROOT = Path(__file__).parent.parent
NATIONAL = "GB/T 47678.5-2026"
SHIPPED = Directory.from_table(rules.read("classes"))
DC = Directory.from_table(rules.read("classes", rules.folders_of(ROOT / "data" / "dc")))


def table(*classes, **more):
    return {
        "majors": [{"key": "06", "name": "市容", "name_en": "Appearance"}],
        "classes": list(classes),
        **more,
    }


def entry(key="06010", **more):
    return {"key": key, "name": "暴露垃圾", "name_en": "Litter", **more}


def faults_of(given):
    with pytest.raises(RulesError) as caught:
        Directory.from_table(given)
    return caught.value.faults


# What is shipped


def test_the_national_directory_has_250_classes():
    assert sum(entry.source == NATIONAL for entry in SHIPPED.classes.values()) == 250


@pytest.mark.parametrize(
    ("major", "number"),
    {"01": 76, "02": 44, "03": 16, "04": 14, "05": 3, "06": 51, "07": 7, "08": 16, "09": 21, "10": 2}.items(),
)
def test_each_national_major_class_has_its_number(major, number):
    assert len(SHIPPED.of_major(major)) == number


def test_the_first_five_mirror_the_components():
    mirrored = [entry for major in ("01", "02", "03", "04", "05") for entry in SHIPPED.of_major(major)]
    assert len(mirrored) == 153
    assert all(entry.name.zh.endswith("异常") and entry.name.en.endswith(": fault") for entry in mirrored)
    assert SHIPPED.get("01001").name == Name("供水井盖异常", "Water-supply manhole: fault")


def test_national_keys_are_five_digits_of_their_major_class_and_local_ones_can_never_meet_them():
    for key, entry in SHIPPED.classes.items():
        assert key.startswith(entry.major)
        assert len(key) == 5
        assert key.isdecimal() == (entry.source == NATIONAL)
        assert key.startswith("L") == (entry.source == "local")


def test_every_class_has_one_name_of_its_own_in_each_language():
    names = [*SHIPPED.majors.values(), *(entry.name for entry in SHIPPED.classes.values())]
    assert all(any("一" <= letter <= "鿿" for letter in name.zh) and name.en.isascii() for name in names)
    for language in ("zh", "en"):
        twice = [name for name, times in Counter(name.in_(language) for name in names).items() if times > 1]
        assert not twice


@pytest.mark.parametrize(
    "name",
    [
        "飞线充电",
        "电动车进楼入户",
        "群租房",
        "消防器材缺失损坏",
        "困难帮扶",
        "大气高值",
        "院落杂草",
        "民情意见",
        "反诈宣传需求",
    ],
)
def test_the_local_catalogue_holds_what_the_national_list_lacks(name):
    assert SHIPPED.get(SHIPPED.key_of(name)).source == "local"


def test_disputes_and_care_are_restricted_and_litter_is_not():
    assert all(entry.restricted for major in ("L3", "L5") for entry in SHIPPED.of_major(major))
    assert not SHIPPED.get("06010").restricted


def test_what_needs_enforcement_is_no_grid_duty_and_names_who_acts():
    beyond = [entry for entry in SHIPPED.classes.values() if not entry.grid_duty]
    assert {"09008", "09015"} <= {entry.key for entry in beyond}
    assert all(entry.authority for entry in beyond)
    assert not any(entry.self_clear for entry in beyond), "nobody clears on the spot what only a department may touch"


def test_an_abandoned_vehicle_waits_for_its_notice():
    assert SHIPPED.get("06034").notice_days == 7
    assert SHIPPED.get("06010").notice_days is None


def test_at_least_120_classes_have_everyday_words():
    assert sum(bool(entry.words) for entry in SHIPPED.classes.values()) >= 120


def test_each_word_and_name_proposes_its_own_class_before_all_others():
    for entry in SHIPPED.classes.values():
        for word in (*entry.words, entry.name.zh, entry.name.en):
            best = SHIPPED.match(word.replace("…", "又"))
            assert entry.key in [found.key for found in best if found.score == best[0].score], word


# The pack of Washington replaces the whole file


def test_a_pack_with_a_directory_of_its_own_knows_no_national_class():
    assert list(DC.majors) == ["roads", "cleanliness", "vehicles", "health"]
    assert "06010" not in DC.classes


def test_it_has_the_classes_of_its_area():
    area = tomllib.loads((ROOT / "data/dc/area.toml").read_text(encoding="utf-8"))
    incidents = {entry["class"]: entry for entry in area["points"] if entry["kind"] == "incident"}
    assert {key: (entry["name"], entry["name_en"]) for key, entry in incidents.items()} == {
        key: (entry.name.zh, entry.name.en) for key, entry in DC.classes.items()
    }


def test_it_reads_the_service_codes_of_its_requests():
    assert DC.migrate("S0301") == "pothole"
    assert DC.key_of("S0391") == "street_cleaning"


# The documentation


def test_the_example_in_the_documentation_is_a_directory():
    prose = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
    example = Directory.from_table(tomllib.loads(re.search(r"```toml\n(.*?)```", prose, re.DOTALL)[1]))
    assert [example.migrate(code) for code in ("01-10", "01-80", "SV-3")] == ["06010", "06034", "06034"]


def test_the_documentation_lists_every_option_and_every_default_that_is_one():
    prose = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
    listed = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", prose.split("| option |")[1], re.MULTILINE)))
    assert set(listed) == {field.name for field in dataclasses.fields(IncidentClass)} | {"name_en"}


def test_the_documentation_counts_what_is_shipped():
    prose = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
    local = sum(entry.source == "local" for entry in SHIPPED.classes.values())
    assert re.findall(r"^\|.*\| (\d+) \|$", prose, re.MULTILINE) == ["153", "97", str(local)]


# Looking up


def test_an_unknown_key_is_said_with_those_that_are_near():
    with pytest.raises(UnknownClass, match=r"no class '6O10'.*Near: .*06010 暴露垃圾"):
        SHIPPED.get("6O10")
    with pytest.raises(UnknownClass, match="Look it up"):
        SHIPPED.get("")


def test_an_unknown_major_class_is_said_with_all_that_are():
    with pytest.raises(UnknownClass, match=r"no major class 'X'.*roads, cleanliness"):
        DC.of_major("X")


def test_a_class_of_a_former_directory_is_its_own_name():
    assert SHIPPED.name("pothole") == Name("pothole", "pothole")


def test_classes_and_major_classes_have_names():
    assert SHIPPED.name("06010").zh == "暴露垃圾"
    assert SHIPPED.name("L2").en == "Fire safety and charging"


# Messages


@pytest.mark.parametrize(
    ("message", "key"),
    [
        ("@微网格长 院里杂草又长起来了", "L9009"),
        ("３号楼楼道里又有人推电动车上来，太危险了", "L2002"),
        ("我们小区门口垃圾桶满了好几天没人管", "06042"),
        ("二单元的声控灯不亮了", "L9003"),
        ("路灯又不亮了", "01037"),
        ("有人从窗户拉线给电瓶车充电", "L2001"),
        ("楼上装修太吵了", "08001"),
        ("隔壁饭店油烟太大，熏得睡不着", "06027"),
        ("井盖没了，晚上很危险", "01023"),
        ("和邻居吵架了，为了漏水", "L3001"),
        ("有骗子打电话让我刷单", "L4001"),
        ("三楼独居老人好几天没出门", "L5002"),
        ("能不能帮忙代办医保", "L6001"),
        ("打药需要用喷雾器，社区准备一下吧", "L6009"),
        ("电表箱起火了！", "L0004"),
        ("消防通道又被车堵了", "09012"),
        ("路 灯\u200b 不 亮", "01037"),
        ("There are ABANDONED   vehicles", "06034"),
    ],
)
def test_a_message_proposes_the_class_that_it_is_about(message, key):
    assert SHIPPED.match(message)[0].key == key


def test_a_proposal_names_the_word_that_it_comes_from():
    (best,) = SHIPPED.match("@微网格长 院里杂草又长起来了")
    assert best == ("L9009", 16.0, "院里杂草")


@pytest.mark.parametrize("message", ["", "   ", "谢谢网格员，辛苦了", "👍👍", "。。。"])
def test_a_message_about_nothing_proposes_nothing(message):
    assert SHIPPED.match(message) == []


def test_every_matter_of_the_demonstration_is_recognised():
    titles = [(title, matter["class"]) for matter in demo.read("matters")["matters"] for title in matter["titles"]]
    assert len(titles) > 200
    assert [title for title, key in titles if key not in {found.key for found in SHIPPED.match(title)}] == []


def test_no_more_are_proposed_than_were_asked_for():
    message = "垃圾、路灯、井盖、老鼠、电梯、杂草、停水"
    assert len(SHIPPED.match(message)) == 5
    assert SHIPPED.match(message, 2) == SHIPPED.match(message)[:2]


def test_a_word_inside_a_longer_one_counts_for_nothing():
    words = Words([("杂物", "clutter"), ("楼道杂物", "stairwell")])
    assert [found.key for found in words.found("楼道杂物")] == ["stairwell"]
    assert [found.key for found in words.found("楼道杂物，院里杂物")] == ["stairwell", "clutter"]


def test_both_parts_of_a_word_must_stand_in_one_sentence():
    words = Words([("楼道…电动车", "e")])
    assert words.found("电动车又进了楼道")
    assert not words.found("楼道灯不亮。电动车乱停。")


def test_a_word_counts_once_however_often_it_stands_there():
    words = Words([("垃圾", "a")])
    assert words.found("垃圾垃圾垃圾") == words.found("垃圾") == [("a", 4.0, "垃圾")]


def test_equal_scores_keep_the_order_of_the_table():
    assert [found.key for found in Words([("垃圾", "b"), ("路灯", "a"), ("垃圾", "c")]).found("路灯垃圾")] == [
        "b",
        "a",
        "c",
    ]


def test_an_english_word_stands_for_itself_and_its_plural_but_not_inside_another():
    words = Words([("rat", "a")])
    assert words.found("Two rats!")
    assert not words.found("a separate matter")


@given(st.text(max_size=200))
def test_any_text_is_answered_in_order_and_alike_each_time(text):
    found = SHIPPED.match(text)
    assert found == SHIPPED.match(text)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(one.key in SHIPPED.classes and one.score > 0 for one in found)


# The report form


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("06010", "06010"),
        ("l2001", "L2001"),
        ("暴露", "06010"),
        ("杂草", "L9009"),
        ("litter bin", "03005"),
        ("燃气 软管", "L1001"),
        ("院里的杂草该除了", "L9009"),
    ],
)
def test_search_finds_by_code_name_and_word(typed, first):
    assert SHIPPED.search(typed)[0].key == first


def test_the_name_of_a_major_class_finds_all_of_its_own():
    assert {entry.key for entry in SHIPPED.of_major("L7")} <= {entry.key for entry in SHIPPED.search("大气污染防治")}


def test_every_word_that_was_typed_counts():
    assert not {"01001", "L1001"} & {entry.key for entry in SHIPPED.search("路灯 配电箱")}


def test_nothing_typed_offers_the_favourites():
    assert tuple(entry.key for entry in SHIPPED.search(" ")) == SHIPPED.favourites


def test_what_nobody_calls_so_finds_nothing():
    assert SHIPPED.search("zzzz") == ()


# Codes of other systems


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("01-10", "06010"),
        ("04-05", "09005"),
        ("03-11", "08011"),
        ("01-010", "06010"),
        ("0110", "06010"),
        ("110", "06010"),
        ("4101020110", "06010"),
        ("41010206010", "06010"),
        ("06010", "06010"),
        ("6010", "06010"),
        ("０１－１０", "06010"),
        (" l2001 ", "L2001"),
    ],
)
def test_an_old_code_leads_to_its_successor(code, key):
    assert SHIPPED.migrate(code) == key


@pytest.mark.parametrize("code", ["05-01", "01-31", "01016", "", "x", "1.23E+15", "01-", "99-10"])
def test_a_code_without_a_successor_is_refused_by_name(code):
    with pytest.raises(UnknownClass, match="No class has taken the place"):
        SHIPPED.migrate(code)


def test_a_single_code_goes_before_its_major_class():
    directory = Directory.from_table(
        table(entry(), entry("06011"), migration={"01": "06", "01-10": "06011", "SV-3": "06010"})
    )
    assert directory.migrate("01-11") == directory.migrate("01-10") == directory.migrate("0110") == "06011"
    assert directory.migrate("SV-3") == "06010"


@pytest.mark.parametrize("text", ["暴露垃圾", " 暴露垃圾 ", "Exposed LITTER", "06010", "01-10"])
def test_a_foreign_table_may_say_key_code_or_name(text):
    assert SHIPPED.key_of(text) == "06010"


def test_the_component_stands_for_its_fault():
    assert SHIPPED.key_of("供水井盖") == SHIPPED.key_of("供水井盖异常") == "01001"


def test_a_name_of_several_classes_is_refused_with_their_keys():
    directory = Directory.from_table(table(entry(), entry("06011", name_en="Rubble")))
    with pytest.raises(UnknownClass, match="several classes: 06010, 06011"):
        directory.key_of("暴露垃圾")
    assert directory.key_of("Rubble") == "06011"


def test_a_name_that_is_misspelt_is_said_with_the_near_one():
    with pytest.raises(UnknownClass, match="Near: 06010 暴露垃圾"):
        SHIPPED.key_of("暴露垃级")


# A city's own file


def test_a_class_belongs_to_the_longest_major_class_that_begins_its_key_unless_it_names_one():
    given = table(entry("0601"), entry("061"), entry("x", major="06"))
    given["majors"].append({"key": "061", "name": "环卫", "name_en": "Cleaning"})
    given["classes"][1]["key"] = "0611"
    assert [one.major for one in Directory.from_table(given).classes.values()] == ["06", "061", "06"]


def test_what_a_major_class_says_holds_for_its_own_unless_they_say_otherwise():
    given = table(entry(), entry("06011", restricted=False, authority=""))
    given["majors"][0].update(
        restricted=True, authority="城管", notice_days=3, source="city", self_clear=True, grid_duty=False
    )
    first, second = Directory.from_table(given).classes.values()
    assert (first.restricted, first.authority, first.notice_days, first.source) == (True, "城管", 3.0, "city")
    assert (first.self_clear, first.grid_duty) == (True, False)
    assert (second.restricted, second.authority, second.notice_days) == (False, "", 3.0)


def test_a_class_that_says_little_is_a_local_grid_duty_that_waits_for_nobody():
    one = Directory.from_table(table(entry())).get("06010")
    assert (one.source, one.grid_duty, one.restricted, one.authority) == ("local", True, False, "")
    assert (one.self_clear, one.notice_days, one.words) == (False, None, ())


def test_every_fault_is_named_at_once():
    faults = faults_of(
        {
            "majors": [{"key": "06", "name": "市容", "name_en": ""}, {"key": "06", "name": "二", "name_en": "Two"}],
            "classes": [
                entry(),
                entry(),
                entry("99001"),
                entry("06011", major="07"),
                entry("06012", name=" "),
                {"key": "06013", "name_en": "Nameless"},
                entry("06014", grid_duty="no"),
                entry("06015", grid_dty=False),
                entry("06016", notice_days=True),
                entry("06017", words=["草", "", 3]),
                entry("06 18"),
                {"name": "无码", "name_en": "No key"},
                entry(6019),
                "06020",
                entry("06"),
                entry("06021", name="看不\u200b见"),
            ],
            "favourites": ["06010", "nowhere"],
            "migration": {"01": "77", "01-10": "nowhere", "02": 7},
            "favorites": [],
        }
    )
    said = "\n".join(faults)
    for part in (
        "major class '06': 'name_en' is empty",
        "major class '06': an entry above has the same key",
        "class '06010': an entry above has the same key",
        "class '99001': no major class begins its key",
        "class '06011': '07' is no major class; there are: 06",
        "class '06012': 'name' is empty",
        "class '06013': 'name' is missing",
        "class '06014': 'grid_duty' must be true or false, not 'no'",
        "class '06015': there is no option 'grid_dty'; did you mean 'grid_duty'?",
        "class '06016': 'notice_days' must be a number above 0, not True",
        "class '06017': the word '草' is too short",
        "class '06017': 'words' must hold texts in quotes, not ''",
        "class '06017': 'words' must hold texts in quotes, not 3",
        "class '06 18': a key is made of",
        "class number 12: 'key' is missing",
        "class number 13: 'key' must be a text in quotes, not 6019",
        "'classes' must hold tables, and number 14 is '06020'",
        "class '06': a major class has the same key",
        "class '06021': 'name' holds characters that cannot be seen",
        "'favourites' names 'nowhere', which is no class",
        "migration: '01' leads to '77', which is no major class",
        "migration: '01-10' leads to 'nowhere', which is no class",
        "migration: '02' must be a text in quotes, not 7",
        "there is no option 'favorites'; did you mean 'favourites'?",
    ):
        assert part in said
    assert len(faults) == 24, said


def test_the_message_names_the_file_and_the_number_of_faults():
    with pytest.raises(RulesError, match=r"city/classes.toml has 1 fault"):
        Directory.from_table(table(entry(name="")), where="city/classes.toml")


def test_a_table_without_major_classes_has_one_fault_and_not_one_for_each_class():
    assert faults_of({"classes": [entry(), entry("06011")]}) == (
        "table: 'majors' is empty; a directory needs one major class at least",
    )


@pytest.mark.parametrize("given", [table(), {"majors": table()["majors"]}])
def test_a_directory_without_a_class_is_refused(given):
    assert faults_of(given) == ("table: 'classes' is empty; a directory needs one class at least",)


@pytest.mark.parametrize("days", [0, -1, float("inf"), float("nan"), "7"])
def test_a_notice_waits_for_a_number_of_days(days):
    assert "must be a number above 0" in faults_of(table(entry(notice_days=days)))[0]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["key", "name", "name_en", "words", "major", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["majors", "classes", "favourites", "migration", "x"]), VALUES, max_size=5))
def test_any_table_is_a_directory_or_refused_with_its_faults(given):
    try:
        outcome = Directory.from_table(given).classes
    except RulesError as error:
        outcome = error.faults
    assert outcome
