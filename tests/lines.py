"""Streamlit's websocket as a browser speaks it, but for what no browser says: forged addresses, pages, fragments and widgets."""

import json
from contextlib import contextmanager

from chromium import PATIENCE
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from websockets.sync.client import connect

from api.identity import COOKIE

STREAM = "/_stcore/stream"
EVENTS = "$$STREAMLIT_INTERNAL_KEY_{}__events"  # what an element of ours says once


class Line:
    """One websocket to a console: what is asked of it, what it says, and the widgets that it ever showed."""

    def __init__(self, socket):
        self._socket, self.last, self._widgets = socket, [], {}

    def run(self, query="", *widgets, page="", fragment=""):
        """Have the script run; return the bytes of everything that comes until it ends.

        A run ends in another where the page changes it; the one that is waited for is the last.
        """
        self.send(query, *widgets, page=page, fragment=fragment)
        self.last = list(self._until_finished())
        self._widgets |= {_key(id_): id_ for id_ in map(_id, self.last) if id_}
        return b"".join(message.SerializeToString() for message in self.last)

    def send(self, query="", *widgets, page="", fragment=""):
        """Ask for a run, and wait for nothing."""
        asked = ClientState(
            query_string=query,
            page_name=page,
            fragment_id=fragment,
            widget_states=WidgetStates(widgets=[WidgetState(**one) for one in widgets]),
        )
        self._socket.send(BackMsg(rerun_script=asked).SerializeToString())

    def file(self, file_id):
        """Press a button that hands a file out; return the address that the file then has, "" where it is refused."""
        asked = BackMsg()
        wanted = asked.backend_operation_request
        wanted.request_id, wanted.session_id, wanted.deferred_file.file_id = "file", self.session, file_id
        self._socket.send(asked.SerializeToString())
        while True:
            message = ForwardMsg.FromString(self._socket.recv(timeout=PATIENCE))
            if message.WhichOneof("type") == "backend_operation_response":
                return message.backend_operation_response.deferred_file.url

    def _until_finished(self):
        while True:
            message = ForwardMsg.FromString(self._socket.recv(timeout=PATIENCE))
            yield message
            finished = message.WhichOneof("type") == "script_finished"
            if finished and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return

    def widget(self, key, part=""):
        """Return the id of a widget, as it was shown last, by what its key begins with, and what else is in it."""
        return next(id_ for name, id_ in reversed(self._widgets.items()) if name.startswith(key) and part in name)

    def shows(self, key):
        """Tell whether the last run showed a widget whose key begins so."""
        return any(_key(id_).startswith(key) for id_ in map(_id, self.last) if id_)

    @property
    def words(self):
        """What the last run wrote in words of ours, in its order."""
        shown = [m.delta.new_element for m in self.last if m.WhichOneof("type") == "delta"]
        return "\n".join(element.html.body for element in shown if element.WhichOneof("type") == "html")

    def fragments(self):
        """Return the ids of the fragments that were shown in the last run."""
        return {message.delta.fragment_id for message in self.last if message.HasField("delta")} - {""}

    @property
    def session(self):
        """Streamlit's name for this session."""
        return next(m.new_session.initialize.session_id for m in self.last if m.HasField("new_session"))


def _id(message):
    """Return the id of the widget that a message shows, "" for none."""
    if message.WhichOneof("type") != "delta" or not message.delta.HasField("new_element"):
        return ""
    element = message.delta.new_element
    return str(getattr(getattr(element, element.WhichOneof("type")), "id", ""))


def _key(id_):
    """Return the key that an id ends in, ``$$ID-<digest>-<key>``."""
    return id_.split("-", 2)[-1]


@contextmanager
def line(console, token="", *, session=""):
    """Open a websocket with the cookie of somebody; ``session`` asks for one of Streamlit's that was there before."""
    cookie = {"Cookie": f"{COOKIE}={token}"} if token else {}
    names = ["streamlit", "forged", session] if session else ["streamlit"]
    address = console.replace("http", "ws", 1) + STREAM
    with connect(
        address,
        origin=str(console),
        subprotocols=names,
        additional_headers=cookie,
        max_size=None,
        open_timeout=PATIENCE,
    ) as socket:
        yield Line(socket)


def typed(id_, text):
    """Return the state of a field in which something stands."""
    return {"id": id_, "string_value": text}


def pressed(id_):
    """Return the state of a button that is pressed."""
    return {"id": id_, "trigger_value": True}


def chosen(id_, **selection):
    """Return the state of a table in which rows or cells are selected."""
    return {"id": id_, "string_value": json.dumps({"selection": {"rows": [], "columns": [], "cells": [], **selection}})}


def gone(id_, page, /, **own):
    """Return the states of our element when a link to a page is pressed."""
    event = {"event": "go", "value": {"page": page, "own": own}}
    return {"id": id_, "json_value": "{}"}, {"id": EVENTS.format(id_), "json_trigger_value": json.dumps([event])}
