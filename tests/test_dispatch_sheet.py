"""The dispatch sheet says what stands: a dispatch that was taken back within its minute is not on it."""

from datetime import timedelta

from desk_browser import post, reported, room_in

from desk.acts import Doing, do
from incidents.lifecycle import Act
from ledger import find
from locales import translator
from reports.dispatch_sheet import dispatch_sheet

FIRST, SECOND = "head:grid:410102999001001", "head:grid:410102999001002"


def test_a_dispatch_that_was_taken_back_is_not_on_the_sheet(tmp_path):
    room = room_in(tmp_path)
    case = reported(room)
    at, by = case.reported, post("dispatcher::")

    def act(act, after, **data):
        do(room, Doing(case.number, act, data), by, at + timedelta(seconds=after))

    act(Act.FILE, 1)
    act(Act.DISPATCH, 2, handler=FIRST, text="今日清运")
    act(Act.DISPATCH, 200, handler=SECOND, text="误派")
    act(Act.UNDO, 210)
    with room.ledger.reading() as connection:
        stands, entries = find.get(connection, room.id, case.number), find.entries(connection, room.id, case.number)
    sheet = dict(dispatch_sheet(room, stands, entries, translator("zh"), "zh").rows)
    assert sheet["处置要求"] == "今日清运"
    assert sheet["承办单位"] == "三级网格长（1）"
    assert "误派" not in str(sheet)
