"""Rules as files: which file holds, and what is said of one that cannot be read."""

from html import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rooms import shipped
from starlette.requests import Request

from api.answers import failure
from data import rules
from desk.rules import rules_of
from geo.errors import RulesError, UnknownClass


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def write(folder, content, name="classes"):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def fault_of(folder, content):
    path = write(folder, content)
    with pytest.raises(RulesError) as caught:
        rules.read("classes", [folder])
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_without_a_replacement_the_shipped_file_holds(folder):
    assert len(rules.read("classes", [folder])["classes"]) > 250


def test_every_shipped_file_can_be_read():
    assert "classes" in rules.shipped()
    assert all(rules.read(name) for name in rules.shipped())


def test_a_replacement_takes_the_place_of_the_whole_file(folder):
    write(folder, 'favourites = ["a"]')
    assert rules.read("classes", [folder]) == {"favourites": ["a"]}


def test_the_last_folder_that_has_the_file_wins(folder):
    write(folder / "city", "a = 1")
    write(folder / "street", "a = 2")
    assert rules.read("classes", [folder / "city", folder / "street"]) == {"a": 2}
    assert rules.read("classes", [folder / "street", folder / "city"]) == {"a": 1}
    assert rules.read("classes", [folder / "city", folder / "empty"]) == {"a": 1}


def test_a_pack_goes_before_the_setting(folder):
    write(folder / "setting", "a = 1")
    write(folder / "pack" / "rules", "a = 2")
    assert rules.folders_of(folder / "pack", folder / "setting") == (folder / "setting", folder / "pack" / "rules")
    assert rules.read("classes", rules.folders_of(folder / "pack", folder / "setting")) == {"a": 2}


def test_without_pack_and_setting_there_is_no_folder_to_look_in():
    assert rules.folders_of(None) == ()


def test_a_name_that_nobody_has_is_said_with_those_that_are(folder):
    with pytest.raises(RulesError, match=r"no rules 'clases'.*classes"):
        rules.read("clases", [folder])


def test_a_byte_order_mark_is_no_fault(folder):
    write(folder, b"\xef\xbb\xbf" + 'a = "网格"'.encode())
    assert rules.read("classes", [folder]) == {"a": "网格"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_utf16_is_named_or_its_line_is(folder, encoding):
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    assert "line 1" in fault_of(folder, mark + 'a = "网格"'.encode(encoding))


def test_utf16_with_its_mark_is_called_so(folder):
    assert "UTF-16. Save the file as UTF-8" in fault_of(folder, "a = 1".encode("utf-16"))


def test_gbk_is_named_with_its_line(folder):
    said = fault_of(folder, 'a = 1\n\nb = "网格"\n'.encode("gbk"))
    assert "line 3: this is not UTF-8 (GBK perhaps). Save the file as UTF-8" in said


def test_a_fault_of_toml_is_named_with_line_and_reason(folder):
    assert "line 2, column 5: Invalid value" in fault_of(folder, "a = 1\nb = yes\n")


def test_a_fault_at_the_end_of_the_file_has_a_line_too(folder):
    assert "line 3, the end: Invalid value" in fault_of(folder, "a = [\n1,\n")


def test_brackets_nested_too_deeply_are_refused(folder):
    assert "nests its brackets too deeply" in fault_of(folder, "a = " + "[" * 100_000)


def test_a_folder_of_that_name_is_no_file(folder):
    (folder / "classes.toml").mkdir()
    with pytest.raises(RulesError, match="cannot be read"):
        rules.read("classes", [folder])


def test_a_link_that_leads_nowhere_does_not_bring_the_shipped_rules_back(folder):
    (folder / "classes.toml").symlink_to(folder / "gone.toml")
    with pytest.raises(RulesError, match="cannot be read"):
        rules.read("classes", [folder])


def test_a_folder_that_may_not_be_looked_into_does_not_bring_them_back_either(folder, monkeypatch):
    def refused(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.lstat", refused)
    with pytest.raises(RulesError, match="Permission denied"):
        rules.read("classes", [folder])


def test_a_file_in_place_of_the_folder_counts_as_no_folder(folder):
    (folder / "rules").write_text("")
    assert rules.read("classes", [folder / "rules"]) == rules.read("classes")


def test_the_digest_follows_the_content(folder):
    shipped = rules.digest("classes")
    write(folder, "a = 1")
    first = rules.digest("classes", [folder])
    write(folder, "a = 2")
    assert len({shipped, first, rules.digest("classes", [folder])}) == 3
    assert rules.digest("classes") == shipped


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (
            RulesError("/srv/rules/classes.toml, line 3: no"),
            503,
            ("规则文件无法使用", "A file of rules cannot be used"),
        ),
        (UnknownClass("There is no class '9'."), 404, ("没有这个事件分类", "There is no such class of incidents")),
    ],
)
def test_a_page_says_it_in_both_languages(error, status, said):
    request = Request({"type": "http", "headers": [(b"accept", b"text/html")]})
    answer = failure(request, error)
    body = answer.body.decode()
    assert answer.status_code == status
    assert all(part in body for part in (*said, escape(str(error))))


@given(content=st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_read_or_refused_by_name(folder, content):
    path = write(folder, content)
    said = str(path)
    try:
        rules.read("classes", [folder])
    except RulesError as error:
        said = str(error)
    assert str(path) in said


@pytest.mark.parametrize(
    ("name", "known", "slip"),
    [
        ("warnings", '"enterprise"', "enterprize"),
        ("air", '"enterprise"', "enterprize"),
        ("planning", '"dust"', "dusst"),
    ],
)
def test_a_file_of_ones_own_names_no_kind_of_site_that_there_is_not(folder, name, known, slip):
    pack, own = shipped("longnan").pack, rules.text(name)
    write(folder, own, name)
    assert rules_of(pack, folder).sites.kinds
    write(folder, own.replace(known, f'"{slip}"'), name)
    with pytest.raises(RulesError, match=rf"{name}\.toml: '{slip}' is no kind of site"):
        rules_of(pack, folder)


def test_files_that_nobody_reads_are_found_by_their_names(folder):
    for name in ("sheets", "sheet", "checklists/own"):
        (folder / name).parent.mkdir(exist_ok=True)
        write((folder / name).parent, "", (folder / name).name)
    (folder / "note.txt").write_text("ours")
    assert [path.name for path in rules.unread(folder)] == ["sheet.toml"]
    assert rules.unread(folder / "nothing") == ()
