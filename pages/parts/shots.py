"""Part of the report form: photos, each checked at once, with rectangles to make unreadable."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from desk.photos import Box, Photo, take
from desk.room import Room
from geo.errors import PhotoError
from pages.parts.form import Form
from pages.parts.visit import Visit
from reports.refusals import refusal

PERCENT = 100
WHOLE = (35, 65)  # where a new rectangle lies, per cent


def choose_photos(visit: Visit, room: Room, form: Form, *, may_clear: bool) -> list[bytes]:
    """Show photos and the tick for what was cleared on the spot; return the files."""
    _ = visit._
    files = st.file_uploader(
        _("Photos (JPEG, PNG, WebP; at most {n})").format(n=room.rules.settings.most_photos),
        accept_multiple_files=True,
        key=f"report_photos_{form.token}",
        on_change=lambda: form.values.pop("refused", None),
    )
    photos = [file.getvalue() for file in files]
    for place, (file, data) in enumerate(zip(files, photos, strict=True)):
        _one(visit, form, file.name, place, data)
    if may_clear:
        st.checkbox(_("Cleared on the spot (needs a photo that shows it)"), **form.bind("cleared", default=False))
    return photos


def blurred(form: Form, many: int) -> dict[int, Sequence[Box]]:
    """Return the rectangles of each photo, as shares of its size."""
    return {place: boxes for place in range(many) if (boxes := _boxes(form, place))}


def _one(visit: Visit, form: Form, name: str, place: int, data: bytes) -> None:
    _ = visit._
    try:
        photo = _taken(data, _boxes(form, place))
    except PhotoError as error:
        st.html(
            f'<p class="bm-refused" role="alert">{escape(_("{file}: {why}").format(file=name, why=refusal(error, _)))}</p>'
        )
        return
    with st.container(horizontal=True, gap="small", key=f"photo_{place}"):
        st.image(photo.thumbnail, width=160)
        with st.container(gap=None):
            rectangles = form.get(f"boxes{place}", 0)
            for box in range(rectangles):
                for field, label in ((f"x{place}_{box}", _("from left, %")), (f"y{place}_{box}", _("from top, %"))):
                    st.slider(label, 0, PERCENT, **form.bind(field, WHOLE))
            with st.container(horizontal=True):
                st.button(
                    _("Blur a rectangle"),
                    key=f"blur_{place}",
                    on_click=form.set,
                    kwargs={f"boxes{place}": rectangles + 1},
                )
                if rectangles:
                    st.button(
                        _("Take it away"),
                        key=f"clear_{place}",
                        on_click=form.set,
                        kwargs={f"boxes{place}": rectangles - 1},
                    )


def _boxes(form: Form, place: int) -> tuple[Box, ...]:
    found = []
    for box in range(form.get(f"boxes{place}", 0)):
        (left, right), (top, bottom) = (form.get(f"{axis}{place}_{box}", WHOLE) for axis in "xy")
        if right > left and bottom > top:
            found.append((left / PERCENT, top / PERCENT, right / PERCENT, bottom / PERCENT))
    return tuple(found)


@st.cache_data(max_entries=16, ttl=600, show_spinner=False)
def _taken(data: bytes, boxes: tuple[Box, ...]) -> Photo:
    return take(data, blur=boxes)
