"""What a person types into a form, kept until it was saved: over reruns, errors, other pages and another language."""

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import streamlit as st

from pages.parts.visit import Visit


def steady() -> AbstractContextManager[object]:
    """Return a box for what comes and goes in a form. Without it what stands beneath is made anew each time, and a text that somebody is typing there is lost."""
    return st.container(gap="small")


class Form:
    """The values of one form in one area, and the keys of its widgets.

    A widget forgets its value when it is not shown, so the values stand apart from it. A text is put back only into a widget that is new: one that a person is
    typing into is left alone.

    Parameters
    ----------
    name
        Of the form.
    """

    def __init__(self, name: str, visit: Visit) -> None:
        self.name, self.visit = name, visit
        self._slot = f"form {name} {visit.name}"
        if self._slot not in st.session_state:
            self.clear()

    @property
    def values(self) -> dict[str, Any]:
        """Field -> value."""
        return st.session_state[self._slot]

    @property
    def token(self) -> str:
        """What makes this form the only one of its kind, however often it is sent."""
        return str(self.values["token"])

    def get(self, field: str, default: Any = "") -> Any:
        """Return a value: what its widget says now, else what was kept of it."""
        return st.session_state.get(self.key(field), self.values.get(field, default))

    def set(self, **values: Any) -> None:
        """Set values and what their widgets show; for callbacks, which run before the widgets."""
        self.values.update(values)
        for field, value in values.items():
            if self.key(field) in st.session_state:
                st.session_state[self.key(field)] = value

    def mend(self, field: str, sound: Callable[[Any], Any]) -> None:
        """Keep of a choice what there is. Only what is wrong is set: a widget that is set while somebody chooses in it forgets the choice."""
        chosen = self.get(field, None)
        if (found := sound(chosen)) != chosen:
            self.set(**{field: found})

    def clear(self, **kept: Any) -> None:
        """Begin a new form, with some values."""
        st.session_state[self._slot] = {"token": secrets.token_hex(12), **kept}

    def key(self, field: str) -> str:
        """Return the key of a field's widget: one for each form, and for each language, for Streamlit knows a choice by the text that it shows."""
        return f"{self.name}_{field}_{self.visit.language}_{self.token}"

    def bind(self, field: str, default: Any = "", *, then: Callable[[], None] | None = None) -> dict[str, Any]:
        """Return what ties a widget to a field.

        Parameters
        ----------
        then
            Called when its value changed.
        """
        key = self.key(field)
        if key not in st.session_state:
            st.session_state[key] = self.values.get(field, default)
        return {"key": key, "on_change": self._take, "args": (field, key, then)}

    def _take(self, field: str, key: str, then: Callable[[], None] | None) -> None:
        self.values[field] = st.session_state[key]
        self.values.pop("refused", None)
        if then:
            then()
