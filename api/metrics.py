"""``/metrics``: how the console fares, for Prometheus. Counts, times and versions alone: nobody's name, no place, no word of a case.

Who reads it sends the token that the settings name; without one in the settings there is no such page. A process tells of itself, and of the ledger that it shares with others.
"""

import hmac
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.answers import SAFE, missing
from api.identity import Table
from desk.rooms import Rooms
from geo.errors import LedgerError, SettingsError
from layers.document import assets_digest
from ledger import audit, bridge, heads, migrations, outbox
from settings import Settings

PATH = "/metrics"
SHORTEST = 32  # characters of a token
OTHER = "other"  # an address or a method that is none of ours
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
ANSWERS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)  # seconds
COMMITS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30)
AN_HOUR = timedelta(hours=1)

Sizes = Callable[[], tuple[int, int]]


class Metrics:
    """What a process counts while it serves.

    Parameters
    ----------
    routes
        The table of permissions; its addresses are the names under which requests are counted, so that no number or code of a case is one.
    """

    def __init__(self, routes: Mapping[str, str]) -> None:
        self.registry = CollectorRegistry()
        self._table = Table(routes)
        self._standing: Collector | None = None
        self.answers = Counter(
            "battlemap_http_requests", "Answered requests.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "battlemap_http_answer_seconds", "Seconds until an answer begins.", ("route",), buckets=ANSWERS,
            registry=self.registry,
        )  # fmt: skip
        self.websockets = Gauge(
            "battlemap_websockets_open", "Open websockets of console pages.", registry=self.registry
        )
        self.commits = Histogram(
            "battlemap_ledger_commit_seconds", "Seconds of a commit, waiting for other processes included.",
            buckets=COMMITS, registry=self.registry,
        )  # fmt: skip
        ProcessCollector(registry=self.registry)

    def answered(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count an answer that begins."""
        route = self._table.template(path) or OTHER
        self.answers.labels(method if method in METHODS else OTHER, route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def watch(self, rooms: Rooms, streams: Sizes) -> None:
        """Tell as well how the ledger, the areas and the streams stand whenever somebody asks; ``streams`` returns how many read, and in how many groups."""
        if self._standing:  # of routes that were made before from the same settings
            self.registry.unregister(self._standing)
        rooms.ledger.committed = self.commits.observe
        self._standing = _Standing(rooms, streams)
        self.registry.register(self._standing)


class Measured:
    """Count every answer when it begins: a stream would otherwise be counted when it ends, hours later."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, and count it."""
        if scope["type"] == "websocket":
            with self._metrics.websockets.track_inprogress():
                await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, has_begun = time.perf_counter(), False

        def count(status: int) -> None:
            nonlocal has_begun
            has_begun = True
            self._metrics.answered(scope["method"], scope["path"], status, time.perf_counter() - began)

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                count(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, counted)
        except Exception:
            if not has_begun:  # Starlette answers it, outside of this
                count(HTTPStatus.INTERNAL_SERVER_ERROR)
            raise


class _Standing(Collector):
    """How things stand at the moment of asking."""

    def __init__(self, rooms: Rooms, streams: Sizes) -> None:
        self._rooms, self._streams = rooms, streams

    def collect(self) -> Iterable[Metric]:
        """Yield everything; of a ledger that cannot be read only that."""
        yield from self._process()
        try:
            found = list(self._ledger(datetime.now(UTC)))
        except LedgerError:
            found = []
        yield _gauge("battlemap_ledger_readable", "1 where the ledger can be read.", bool(found))
        yield from found

    def _process(self) -> Iterator[Metric]:
        build = GaugeMetricFamily(
            "battlemap_build_info", "Version, digest of scripts and styles, newest revision of the ledger that it knows.",
            labels=("version", "assets", "revision"),
        )  # fmt: skip
        build.add_metric((_version(), assets_digest(), migrations.newest()), 1)
        yield build
        readers, groups = self._streams()
        yield _gauge("battlemap_streams_open", "Screens that read a stream.", readers)
        yield _gauge("battlemap_stream_groups", "Ways of looking among them; each is worked out once.", groups)
        beginning = sum(self._rooms.beginning(name) is not None for name in self._rooms.names())
        yield _gauge("battlemap_areas_open", "Areas that are open.", len(self._rooms.opened()))
        yield _gauge("battlemap_areas_beginning", "Areas that are being prepared for their first use.", beginning)
        yield from _folder(self._rooms.ledger.folder)

    def _ledger(self, now: datetime) -> Iterator[Metric]:
        ledger = self._rooms.ledger
        yield _gauge("battlemap_ledger_version", "Version of the last change.", ledger.version())
        with ledger.reading() as connection:
            piles, lines = outbox.piled(connection), bridge.lines(connection)
            failed = audit.count(connection, "log_in_failed", now - AN_HOUR)
        yield _gauge("battlemap_log_ins_failed_last_hour", "Log-ins that failed in the last hour, by all processes.", failed)  # fmt: skip
        messages = GaugeMetricFamily("battlemap_outbox_messages", "Messages that wait (queued, failed) or were given up (dead).", labels=("channel", "state"))  # fmt: skip
        oldest = GaugeMetricFamily("battlemap_outbox_oldest_timestamp_seconds", "The oldest of them.", labels=("channel", "state"))  # fmt: skip
        for channel, state, number, at in piles:
            messages.add_metric((channel, state), number)
            oldest.add_metric((channel, state), at.timestamp())
        yield from (messages, oldest)
        for way in ("exported", "imported"):
            told = GaugeMetricFamily(f"battlemap_bridge_{way}_timestamp_seconds", f"Last file of a bridge that was {way}.", labels=("area",))  # fmt: skip
            for line in lines:
                if (at_ms := getattr(line, f"{way}_at")) is not None:
                    told.add_metric((line.area,), at_ms / 1000)
            yield told


def _folder(folder: Path) -> Iterator[Metric]:
    backup = heads.last(folder, "backup")
    if backup:
        yield _gauge("battlemap_backup_timestamp_seconds", "Last backup of this ledger.", backup.timestamp())
    yield _gauge("battlemap_data_free_bytes", "Free on the disk of the data folder.", shutil.disk_usage(folder).free)


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(name, says, value=value)


def _version() -> str:
    try:
        return version("battlemap")
    except PackageNotFoundError:  # `streamlit run` in a clone that nothing was installed from
        return "unknown"


def routes(settings: Settings, metrics: Metrics) -> list[Route]:
    """Return the route.

    Raises
    ------
    SettingsError
        The token cannot be read, or is too short.
    """
    token = _token(settings.metrics_token_file)

    async def show(request: Request) -> Response:
        if not token:
            return missing(request)
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode()):
            wanted = {**SAFE, "WWW-Authenticate": "Bearer"}
            return PlainTextResponse(
                "Send the token of BATTLEMAP_METRICS_TOKEN_FILE.\n", HTTPStatus.UNAUTHORIZED, wanted
            )
        text = await run_in_threadpool(generate_latest, metrics.registry)
        return Response(text, headers={**SAFE, "Cache-Control": "no-store", "Content-Type": CONTENT_TYPE_PLAIN_1_0_0})

    return [Route(PATH, show)]


def _token(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        token = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"BATTLEMAP_METRICS_TOKEN_FILE: {file} cannot be read: {error}.") from error
    if len(token) < SHORTEST:
        raise SettingsError(f"BATTLEMAP_METRICS_TOKEN_FILE: {file} holds {len(token)} characters; a token has {SHORTEST} or more.")  # fmt: skip
    return token
