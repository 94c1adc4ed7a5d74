"""https: the local authority, the certificate that is shown, and what a browser may do behind it."""

import base64
import json
import os
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from chromium import ARGS, PATIENCE, executable
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
)
from playwright.sync_api import sync_playwright
from starlette.responses import PlainTextResponse

from api import serving
from cli import battlemap
from desk.tls import Tls, authority
from geo.errors import SettingsError
from settings import Settings

ROOT = Path(__file__).parent.parent
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
NAMES = ("localhost", "wangge", "wangge.local", "127.0.0.1", "10.20.30.40")
YEAR = timedelta(days=366)


def certificate(path):
    return x509.load_pem_x509_certificates(path.read_bytes())[0]


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """What the settings say; the names of this machine, which are whatever they are, stay out."""
    monkeypatch.setattr(authority, "machine_names", lambda _host="": NAMES)
    return Tls(tmp_path, "127.0.0.1", ("wangge.local",))


def clock():
    return datetime.now(UTC)


@contextmanager
def served(context, said="ok"):
    """Serve one answer by TLS, on a port of its own; yields the port."""

    async def app(scope, receive, send):
        assert scope["type"] == "http"
        await PlainTextResponse(f"{said} {scope['scheme']}")(scope, receive, send)

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = serving.server(app, context)
    server.config.lifespan = "off"
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listening.close()


def trusting(path, **options):
    """A client that trusts one authority, and nobody else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=certificate(path).public_bytes(Encoding.PEM).decode())
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    for name, value in options.items():
        setattr(context, name, value)
    return context


def lenient():
    """A client that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def asked(port, context, name="wangge.local"):
    """Ask for / by TLS as a machine of that name; returns the answer, and the certificate that was shown."""
    raw = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    with raw, context.wrap_socket(raw, server_hostname=name) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\nHost: wangge\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: wire.recv(65536), b""))
        return answer.decode(), wire.getpeercert(binary_form=True)


# ---------------------------------------------------------------------------------------------------- the authority


def test_the_authority_is_made_once_and_then_stays(tmp_path):
    first = authority.authority(tmp_path, NAMES, NOW)
    assert authority.authority(tmp_path, ("other.local",), NOW + YEAR).certificate == first.certificate


def test_keys_are_readable_by_their_owner_alone(tmp_path):
    before = os.umask(0)
    try:
        authority.server(tmp_path, NAMES, NOW)
    finally:
        os.umask(before)
    folder = tmp_path / authority.FOLDER
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        "authority.pem": 0o600,
        "server.pem": 0o600,
    }


def test_two_processes_that_start_at_once_have_one_authority(tmp_path):
    made = []
    threads = [
        threading.Thread(target=lambda: made.append(authority.authority(tmp_path, NAMES, NOW))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len({authority.fingerprint(one.certificate) for one in made}) == 1


def test_the_certificate_is_for_every_name_and_address(tmp_path):
    shown = certificate(authority.server(tmp_path, NAMES, NOW))
    assert authority.names_of(shown) == NAMES
    assert not shown.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_a_certificate_stays_until_its_end_is_near(tmp_path):
    file = authority.server(tmp_path, NAMES, NOW)
    first = file.read_bytes()
    authority.server(tmp_path, tuple(reversed(NAMES)), NOW + timedelta(days=300))
    assert file.read_bytes() == first
    authority.server(tmp_path, NAMES, NOW + timedelta(days=370))
    assert file.read_bytes() != first
    assert certificate(file).not_valid_after_utc > NOW + timedelta(days=700)


def test_a_certificate_is_made_anew_for_other_names(tmp_path):
    file = authority.server(tmp_path, NAMES, NOW)
    first = file.read_bytes()
    authority.server(tmp_path, (*NAMES, "10.9.8.7"), NOW)
    assert "10.9.8.7" in authority.names_of(certificate(file))
    assert file.read_bytes() != first


def test_a_clock_that_was_set_back_gets_a_certificate_that_holds_then(tmp_path):
    authority.authority(tmp_path, NAMES, NOW)
    file = authority.server(tmp_path, NAMES, NOW + YEAR)
    authority.server(tmp_path, NAMES, NOW + timedelta(days=1))
    assert certificate(file).not_valid_before_utc <= NOW + timedelta(days=1)


def test_no_certificate_outlives_its_authority(tmp_path):
    signer = authority.authority(tmp_path, NAMES, NOW).certificate
    shown = certificate(authority.server(tmp_path, NAMES, signer.not_valid_after_utc - timedelta(days=40)))
    assert shown.not_valid_after_utc == signer.not_valid_after_utc


def test_an_authority_that_ended_is_named(tmp_path):
    authority.authority(tmp_path, NAMES, NOW)
    with pytest.raises(SettingsError, match=r"ended on 2036-02-28.*docs/tls"):
        authority.server(tmp_path, NAMES, NOW + 11 * YEAR)


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("wangge", True),
        ("wall.wangge", True),
        ("anything.local", True),
        ("10.250.1.1", True),
        ("192.168.9.9", True),
        ("fd00::7", True),
        ("bank.example.com", False),
        ("notwangge", False),
        ("8.8.8.8", False),
        ("2001:4860::1", False),
    ],
)
def test_an_authority_signs_what_is_private_and_what_was_named(tmp_path, name, may):
    assert authority.may_sign(authority.authority(tmp_path, NAMES, NOW).certificate, name) is may


def test_a_public_name_or_address_is_in_the_bounds_when_it_was_set_before_the_authority_was_made(tmp_path):
    signer = authority.authority(tmp_path, ("wangge.example.gov.cn", "93.184.216.34"), NOW).certificate
    assert authority.may_sign(signer, "wangge.example.gov.cn")
    assert authority.may_sign(signer, "93.184.216.34")
    assert not authority.may_sign(signer, "example.gov.cn")
    assert not authority.may_sign(signer, "93.184.216.35")


def test_what_the_authority_may_not_sign_no_client_takes(tmp_path):
    """A stolen authority poses as nobody else: the bounds are in the certificate, and clients read them."""
    signer = authority.authority(tmp_path, NAMES, datetime.now(UTC))
    forged = tmp_path / "forged.pem"
    forged.write_bytes(authority._new_server(signer, ("bank.example.com",), datetime.now(UTC)).pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(forged)
    with served(context) as port, pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        asked(port, trusting(tmp_path / "tls/authority.pem"), "bank.example.com")


@pytest.mark.parametrize("content", [b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_file_that_holds_something_else_is_named(tmp_path, content):
    authority.authority(tmp_path, NAMES, NOW)
    (tmp_path / "tls/authority.pem").write_bytes(content)
    with pytest.raises(SettingsError, match=r"authority\.pem"):
        authority.server(tmp_path, NAMES, NOW)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "tls").write_text("a file")
    with pytest.raises(SettingsError, match="BATTLEMAP_DATA_DIR"):
        authority.authority(tmp_path, NAMES, NOW)


def test_the_names_of_this_machine_can_stand_in_a_certificate(tmp_path):
    names = authority.machine_names("0.0.0.0")
    assert {"localhost", "127.0.0.1", "::1"} <= set(names)
    assert socket.gethostname().lower() in names
    assert "0.0.0.0" not in names
    assert set(authority.names_of(certificate(authority.server(tmp_path, names, NOW)))) == set(names)
    assert "10.4.4.4" in authority.machine_names("10.4.4.4")


# -------------------------------------------------------------------------------------------- the wire


def test_a_device_with_the_authority_reads_the_console_and_one_without_it_does_not(settings):
    with served(settings.context(clock)) as port:
        answer, _ = asked(port, trusting(settings.data_dir / "tls/authority.pem"))
        assert answer.endswith("ok https")
        with pytest.raises(ssl.SSLCertVerificationError):
            asked(port, ssl.create_default_context())


@pytest.mark.parametrize("name", [*NAMES])
def test_the_console_is_trusted_under_each_of_its_names(settings, name):
    with served(settings.context(clock)) as port:
        assert "200 OK" in asked(port, trusting(settings.data_dir / "tls/authority.pem"), name)[0]


@pytest.mark.parametrize("name", ["other.local", "10.20.30.41"])
def test_it_is_trusted_under_no_other(settings, name):
    with served(settings.context(clock)) as port, pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        asked(port, trusting(settings.data_dir / "tls/authority.pem"), name)


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_tls_1_2_and_1_3_are_spoken(settings, version):
    spoken = ssl.TLSVersion[version]
    with served(settings.context(clock)) as port:
        client = trusting(settings.data_dir / "tls/authority.pem", minimum_version=spoken, maximum_version=spoken)
        assert "200 OK" in asked(port, client)[0]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_nothing_older_than_tls_1_2_is_spoken(settings, version):
    spoken, context = ssl.TLSVersion[version], settings.context(clock)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2  # the ciphers alone would refuse older ones today
    with served(context) as port:
        client = trusting(settings.data_dir / "tls/authority.pem", minimum_version=spoken, maximum_version=spoken)
        client.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises(ssl.SSLError, match=r"(?i)protocol"):
            asked(port, client)


def test_who_writes_http_is_told_to_write_https(settings):
    with served(settings.context(clock)) as port, socket.create_connection(("127.0.0.1", port)) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\nHost: wangge\r\n\r\n")
        answer = b"".join(iter(lambda: wire.recv(65536), b"")).decode()
    assert answer.startswith("HTTP/1.1 400 ")
    assert "https://，本平台只接受加密连接" in answer
    head, _, body = answer.partition("\r\n\r\n")
    assert f"Content-Length: {len(body.encode())}" in head


def test_a_first_byte_that_comes_alone_is_enough(settings):
    with served(settings.context(clock)) as port:
        context, wanted = trusting(settings.data_dir / "tls/authority.pem"), ssl.MemoryBIO()
        said = ssl.MemoryBIO()
        client = context.wrap_bio(wanted, said, server_hostname="wangge")
        with socket.create_connection(("127.0.0.1", port)) as wire:
            while True:
                try:
                    client.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    for byte in said.read():
                        wire.sendall(bytes([byte]))
                    wanted.write(wire.recv(65536))
            assert client.version() == "TLSv1.3"


@pytest.mark.parametrize("secured", [True, False], ids=["https", "http"])
def test_a_connection_that_says_nothing_or_never_ends_its_question_is_closed(settings, monkeypatch, secured):
    monkeypatch.setattr(serving, "HEARING", 0.3)
    context = settings.context(clock) if secured else None
    with served(context) as port, ExitStack() as open_:
        silent, slow = (
            open_.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)) for _ in range(2)
        )
        if secured:
            slow = trusting(settings.data_dir / "tls/authority.pem").wrap_socket(slow, server_hostname="wangge")
            open_.enter_context(slow)
        slow.sendall(b"GET / HTTP/1.1\r\nHost: wan")
        assert [ended(one) for one in (silent, slow)] == [True, True]


def ended(wire):
    """Wait until the other side ends a connection; False if it says something."""
    try:
        return wire.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_a_thousand_connections_that_say_nothing_stop_nobody(settings):
    with served(settings.context(clock)) as port:
        serving._allow_connections()
        bogus = [socket.create_connection(("127.0.0.1", port)) for _ in range(1000)]
        try:
            began = time.monotonic()
            assert "200 OK" in asked(port, trusting(settings.data_dir / "tls/authority.pem"))[0]
            assert time.monotonic() - began < 5
        finally:
            for one in bogus:
                one.close()


def test_a_certificate_that_was_renewed_is_shown_without_a_new_start(settings):
    times = [datetime.now(UTC)]
    with served(settings.context(lambda: times[-1])) as port:
        client = trusting(settings.data_dir / "tls/authority.pem")
        first = asked(port, client)[1]
        times.append(times[0] + timedelta(days=380))
        for _ in range(2):  # the handshake that finds out, and the next
            renewed = asked(port, lenient())[1]
        assert renewed == certificate(settings.data_dir / "tls/server.pem").public_bytes(Encoding.DER)
        assert renewed != first


# -------------------------------------------------------------------------------------- a certificate that is given


@pytest.fixture
def given(tmp_path):
    """A certificate of somebody else's authority, with its key."""
    signer = authority.authority(tmp_path / "elsewhere", ("wangge.example.gov.cn",), datetime.now(UTC))
    made = authority._new_server(signer, ("wangge.example.gov.cn",), datetime.now(UTC))
    key = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, authority.NoEncryption())
    (tmp_path / "console.crt").write_bytes(made.pem().removeprefix(key))
    (tmp_path / "console.key").write_bytes(key)
    return Tls(tmp_path / "data", "127.0.0.1", (), (tmp_path / "console.crt", tmp_path / "console.key"))


def test_a_certificate_that_is_given_is_shown_and_no_authority_is_made(given, tmp_path):
    with served(given.context(clock)) as port:
        client = trusting(tmp_path / "elsewhere/tls/authority.pem")
        assert "200 OK" in asked(port, client, "wangge.example.gov.cn")[0]
    assert not (given.data_dir / "tls").exists()


def test_a_key_of_another_certificate_is_named(given):
    other = ec.generate_private_key(ec.SECP256R1())
    given.given[1].write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, authority.NoEncryption()))
    with pytest.raises(SettingsError, match=r"console\.crt.*console\.key"):
        given.context(clock)


def test_a_key_with_a_password_is_named_and_nobody_is_asked(given):
    other = ec.generate_private_key(ec.SECP256R1())
    given.given[1].write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")))
    with pytest.raises(SettingsError, match="password"):
        given.context(clock)


def test_a_certificate_that_is_none_is_named(given):
    given.given[0].write_text("nothing")
    with pytest.raises(SettingsError, match=r"console\.crt"):
        given.context(clock)


def test_a_certificate_that_is_given_switches_https_on(given):
    files = {"BATTLEMAP_TLS_CERT": str(given.given[0]), "BATTLEMAP_TLS_KEY": str(given.given[1])}
    assert Settings.from_env(files).secure
    assert Settings.from_env(files).certificate == given.given
    assert not Settings.from_env({}).secure


def test_a_certificate_without_its_key_stops_the_start(given):
    with pytest.raises(SettingsError, match="give both"):
        Settings.from_env({"BATTLEMAP_TLS_CERT": str(given.given[0])})


def test_a_name_set_later_that_the_authority_may_not_sign_stops_the_start(settings):
    settings.shown(NOW)
    with pytest.raises(SettingsError, match=r"may not sign wangge\.example\.gov\.cn"):
        Tls(settings.data_dir, "127.0.0.1", ("wangge.example.gov.cn",)).shown(NOW)


# ---------------------------------------------------------------------------------------------- the command line


@pytest.fixture
def command(tmp_path, monkeypatch):
    monkeypatch.setenv("BATTLEMAP_DATA_DIR", str(tmp_path / "data"))
    return lambda *words: CliRunner().invoke(battlemap, ["tls", *words])


def test_the_authority_is_written_for_devices_without_its_key(command, tmp_path):
    out = tmp_path / "authority.crt"
    assert command("authority", str(out)).exit_code == 0
    assert b"PRIVATE" not in out.read_bytes()
    assert certificate(out) == certificate(tmp_path / "data/tls/authority.pem")
    assert command("authority", str(out)).exit_code == 2
    assert command("authority", str(out), "--force", "--der").exit_code == 0
    assert x509.load_der_x509_certificate(out.read_bytes()) == certificate(tmp_path / "data/tls/authority.pem")


def test_show_tells_names_fingerprints_and_ends(command, tmp_path):
    said = command("show").output
    signer = certificate(tmp_path / "data/tls/authority.pem")
    assert signer.fingerprint(hashes.SHA256()).hex(":").upper() in said
    assert f"{signer.not_valid_after_utc:%Y-%m-%d}" in said
    told = json.loads(command("show", "--json").output)
    assert {"localhost", "127.0.0.1"} <= set(told["server"]["names"])


def test_there_is_no_authority_of_ours_behind_a_certificate_that_was_given(command, given, monkeypatch, tmp_path):
    monkeypatch.setenv("BATTLEMAP_TLS_CERT", str(given.given[0]))
    monkeypatch.setenv("BATTLEMAP_TLS_KEY", str(given.given[1]))
    assert isinstance(command("authority", str(tmp_path / "x.crt")).exception, SettingsError)
    assert "wangge.example.gov.cn" in command("show").output


# ------------------------------------------------------------------------------------------- a browser


@contextmanager
def console(data_dir):
    """Serve the console as a user does, with --tls; yields its port and the authority."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BATTLEMAP_")}
    environ = {**kept, "BATTLEMAP_DATA_DIR": str(data_dir), "BATTLEMAP_DEMO": "off", "BATTLEMAP_NAMES": "wangge.local"}
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "cli.py"), "serve", "--tls", "--port", str(port)],
        cwd=data_dir, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert f"https://localhost:{port}" in process.stdout.readline()
        yield port, data_dir / "tls/authority.pem"
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


@contextmanager
def browser_that_trusts(signer):
    """Start a Chromium that takes what this authority signed, and complains of every other certificate."""
    public = certificate(signer).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(public)
    pinned = base64.b64encode(digest.finalize()).decode()
    args = [
        *ARGS,
        f"--ignore-certificate-errors-spki-list={pinned}",
        "--host-resolver-rules=MAP wangge.local 127.0.0.1",
    ]
    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=executable(), args=args)
        yield found
        found.close()


@pytest.mark.browser
def test_a_browser_that_trusts_the_authority_gets_camera_and_place_and_workers(tmp_path):
    tells = "() => [isSecureContext, 'mediaDevices' in navigator, 'serviceWorker' in navigator]"
    with console(tmp_path) as (port, signer), browser_that_trusts(signer) as browser:
        page = browser.new_page()
        for _ in range(600):
            try:
                page.goto(f"https://wangge.local:{port}/healthz")
                break
            except Exception:  # noqa: BLE001  until it listens
                time.sleep(0.1)
        assert page.locator("body").inner_text() == "ok"
        assert page.evaluate(tells) == [True, True, True]
        page.goto(f"http://wangge.local:{port}/")
        assert "请在地址前写上 https://" in page.locator("body").inner_text()
        assert page.evaluate(tells) == [False, False, False]
