"""What docs/operations.md says to do: each of its commands is run here, or listed with the reason why not; and the files in deploy/ that it names."""

import base64
import configparser
import hashlib
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import tomllib
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from accounts import PASSWORD, account, quick_rules, signed_in
from chromium import until, window
from console_server import free_port, served
from desk_browser import reported
from ledgers import drive
from rooms import room_of, shipped
from websockets.sync.client import connect

from api.identity import OVER_TLS
from desk.tls import Tls
from ledger import audit
from ledger.store import open_ledger
from settings import Settings

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
PATIENCE = 60
NAME = "wangge.example.gov.cn"
RUN = {}  # a command of the page -> the test that runs it
NO_SYSTEMD = "no systemd runs under a test; the units are checked by systemd-analyze"
NO_CONTAINER = "a test machine has no container tool and no base image; what the file copies and installs is compared with the wheel"
NOT_RUN = {
    "make run": "it serves until it is stopped; `make setup`, which it needs, is what every test runs in",
    ".venv/bin/battlemap serve": "every browser test serves the console so, by cli.py",
    "useradd --system --home-dir /var/lib/battlemap --shell /usr/sbin/nologin battlemap": "it changes the machine's accounts",
    "systemctl daemon-reload": NO_SYSTEMD,
    "systemctl enable --now battlemap battlemap-backup.timer": NO_SYSTEMD,
    "systemctl start battlemap-backup": NO_SYSTEMD,
    "systemctl restart battlemap": NO_SYSTEMD,
    "systemctl stop battlemap": NO_SYSTEMD,
    "systemctl start battlemap": NO_SYSTEMD,
    "systemctl enable --now battlemap-bridge.timer": NO_SYSTEMD,
    "systemctl reload nginx": "the tests' nginx is started and ended by them",
    "sudo -u battlemap sh -c 'set -a; . /etc/battlemap/battlemap.env; BATTLEMAP_DATA_DIR=/var/lib/battlemap exec /srv/battlemap/current/bin/battlemap user list'": "there is no such user; its part in quotes is run",
    "podman build -t battlemap -f deploy/Containerfile .": NO_CONTAINER,
    "podman run -d --name battlemap -p 127.0.0.1:8501:8501 -v battlemap:/var/lib/battlemap --read-only --tmpfs /tmp --cap-drop=all --security-opt=no-new-privileges battlemap": NO_CONTAINER,
    "podman exec -it battlemap battlemap user add wang --role inspector --scope longnan": NO_CONTAINER,
    r'reg add HKCU\Software\Microsoft\Windows\CurrentVersion\Run /v battlemap-wall /d "powershell -WindowStyle Hidden -ExecutionPolicy Bypass -File C:\battlemap\battlemap-kiosk.ps1 https://wangge.example.gov.cn/wall/longnan"': "Windows",
    "powercfg /change monitor-timeout-ac 0": "Windows",
    "powercfg /change standby-timeout-ac 0": "Windows",
}  # fmt: skip


def runs(*commands):
    """Say that a test runs these commands of the page."""

    def note(test):
        RUN.update(dict.fromkeys(commands, test.__name__))
        return test

    return note


def shell(command, places=(), *, cwd=None, status=0, **environ):
    """Run a command of the page, with its places where the test has them; return what it says."""
    for said, here in places:
        command = command.replace(said, str(here))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BATTLEMAP_")}
    done = subprocess.run(["sh", "-c", command], cwd=cwd, env={**kept, **environ}, capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == status, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def commands():
    """Every line of a block of the page, without what is said of it behind #."""
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    return [re.sub(r"\s{2,}# .*", "", line.strip()) for line in re.findall(r"(?m)^    (\S.*)$", text)]


def test_each_command_of_the_page_is_run_by_a_test_or_has_a_reason():
    found = commands()
    assert len(found) > 40
    assert set(found) == {*RUN, *NOT_RUN}
    assert not RUN.keys() & NOT_RUN.keys()


@pytest.fixture(scope="module")
def bin_folder(tmp_path_factory):
    """A folder with the command ``battlemap``, for the path."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "battlemap").write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "cli.py"}" "$@"\n', "utf-8")
    (folder / "battlemap").chmod(0o755)
    return folder


def path_with(*folders):
    return os.pathsep.join([*map(str, folders), os.environ["PATH"]])


# The service


@runs("install -d -m 0750 -g battlemap /etc/battlemap", "install -d -m 0700 -o battlemap -g battlemap /var/backups/battlemap",
      "install -m 0640 -g battlemap battlemap.env /etc/battlemap/battlemap.env",
      "install -m 0644 battlemap.service battlemap-backup.service battlemap-backup.timer /etc/systemd/system/",
      "install -m 0644 battlemap-bridge.service battlemap-bridge.timer /etc/systemd/system/")  # fmt: skip
def test_units_and_settings_are_put_where_the_page_says_and_systemd_finds_no_fault_in_them(tmp_path):
    places = [("-o battlemap -g battlemap ", ""), ("-g battlemap ", ""), ("/etc/", f"{tmp_path}/etc/"), ("/var/", f"{tmp_path}/var/")]  # fmt: skip
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    mine = [command for command, test in RUN.items() if test.startswith("test_units_and_settings")]
    for command in mine:
        shell(command, places, cwd=DEPLOY)
    assert (tmp_path / "var/backups/battlemap").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "etc/battlemap/battlemap.env").stat().st_mode & 0o777 == 0o640
    names = sorted(path.name for path in units.iterdir())
    assert names == sorted(path.name for path in [*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")])
    for unit in units.iterdir():  # systemd looks whether the programs are there
        unit.write_text(re.sub(r"/srv/battlemap/current/\S+", "/bin/true", unit.read_text("utf-8")), "utf-8")
    done = subprocess.run(["systemd-analyze", "verify", *units.iterdir()], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "")
    for name in ("battlemap.service", "battlemap-backup.service"):
        shell(f"systemd-analyze security --no-pager --offline=yes --threshold=20 {units / name}")


def test_the_settings_file_of_the_service_is_one(tmp_path):
    """Each line with its # taken away is a setting that can be read."""
    text = (DEPLOY / "battlemap.env").read_text("utf-8")
    lines = [line.removeprefix("#") for line in text.splitlines() if re.match(r"#?[A-Z]", line)]
    said = dict(line.split("=", 1) for line in lines)
    assert len(said) >= 5
    (tmp_path / "token").touch()
    found = Settings.from_env({**said, "BATTLEMAP_METRICS_TOKEN_FILE": str(tmp_path / "token")})
    assert (found.proxies, found.names) == (("127.0.0.1/32",), (NAME,))


def test_programs_and_folders_of_the_units_are_those_that_the_installation_makes():
    text = "".join(path.read_text("utf-8") for path in DEPLOY.glob("*.service"))
    programs = set(re.findall(r"ExecStart=/srv/battlemap/current/(\S+)", text))
    assert programs == {"bin/battlemap", "deploy/backup"}
    assert os.access(DEPLOY / "backup", os.X_OK)


# Backup


@pytest.fixture
def folder(tmp_path):
    """The data folder of a ledger that holds something."""
    ledger = open_ledger(tmp_path / "var")
    drive(ledger)
    ledger.close()
    return tmp_path / "var"


def old_backups(folder, *names):
    folder.mkdir()
    for name in names:
        (folder / name).write_text("old", "utf-8")


@runs("/srv/battlemap/current/deploy/backup /var/backups/battlemap 30")
def test_the_newest_backups_are_kept_and_what_is_not_ours_stays(folder, tmp_path, bin_folder):
    out = tmp_path / "backups"
    old_backups(out, "ledger-20260101T000000Z.zip", "ledger-20260103T000000Z.zip", "ledger-20260102T000000Z.zip", "ledger-mine.zip", "a b.zip")  # fmt: skip
    command = next(command for command, test in RUN.items() if test.startswith("test_the_newest_backups"))
    places = [("/srv/battlemap/current/deploy", DEPLOY), ("/var/backups/battlemap 30", f"{out} 2")]
    shell(command, places, PATH=path_with(bin_folder), BATTLEMAP_DATA_DIR=str(folder))
    names = sorted(path.name for path in out.iterdir())
    today = f"ledger-{datetime.now(UTC):%Y}"
    assert [name for name in names if not name.startswith(today) or "T000000Z" in name] == ["a b.zip", "ledger-20260103T000000Z.zip", "ledger-mine.zip"]  # fmt: skip
    (made,) = (out / name for name in names if name.startswith(today) and "T000000Z" not in name)
    assert zipfile.ZipFile(made).testzip() is None
    assert made.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("ends", [1, 3])
def test_a_backup_that_fails_deletes_none_and_one_without_photos_is_said(tmp_path, ends):
    (tmp_path / "battlemap").write_text(f'#!/bin/sh\n[ {ends} = 3 ] && echo new > "$2"\nexit {ends}\n', "utf-8")
    (tmp_path / "battlemap").chmod(0o755)
    out = tmp_path / "out"
    old_backups(out, "ledger-20260101T000000Z.zip")
    shell(f"{DEPLOY / 'backup'} {out} 1", PATH=path_with(tmp_path), status=ends)
    names = [path.name for path in out.iterdir()]
    assert (names == ["ledger-20260101T000000Z.zip"]) == (ends == 1)
    assert len(names) == 1


@pytest.mark.parametrize("keep", ["0", "-1", "many", "07"])
def test_a_backup_that_would_keep_none_is_refused(tmp_path, keep):
    shell(f"{DEPLOY / 'backup'} {tmp_path} {keep}", status=2)


# Upgrade and rollback

NEWER = """
import sys
sys.path.insert(0, {house!r})
from pathlib import Path
from sqlalchemy import Column, Table, Text
from ledger import migrations, tables
assert str(migrations.FOLDER).startswith({house!r})
Table("convoy", tables.METADATA, Column("id", tables.Number, primary_key=True), Column("name", Text))
from ledger.migrations.write import write
write("convoys")
sys.path.insert(0, {tests!r})
from ledgers import NOW, report
from ledger.store import open_ledger
from ledger.verify import verify
ledger = open_ledger(Path({folder!r}))
report(ledger, title="written by the new version")
print(ledger.version(), len(verify(ledger, now=NOW).breaks))
ledger.close()
"""


@runs("battlemap backup /backups/ledger-$(date +%F).zip", "battlemap ledger verify", "ln -sfn 0.1.0-1555ad4e /srv/battlemap/current",
      "mkdir -m 0700 /var/lib/battlemap/aside && mv /var/lib/battlemap/ledger.db* /var/lib/battlemap/aside/",
      "battlemap restore /var/backups/battlemap/ledger-20261122T192004Z.zip")  # fmt: skip
def test_an_upgrade_goes_on_with_the_ledger_and_a_rollback_finds_it_as_it_was(folder, tmp_path, bin_folder):
    """The newer version is this house with one more table, in a folder of its own; the older one is this house."""
    backup, verify, back, aside, restore = (command for command, test in RUN.items() if test.startswith("test_an_upgrade_goes"))  # fmt: skip
    here = {"PATH": path_with(bin_folder), "BATTLEMAP_DATA_DIR": str(folder)}
    (tmp_path / "backups").mkdir()
    shell(backup, [("/backups", tmp_path / "backups")], **here)
    before = open_ledger(folder)
    head, version = before.head(), before.version()
    before.close()

    house = tmp_path / "newer"
    for room in ("ledger", "geo", "incidents"):
        shutil.copytree(ROOT / room, house / room)
    code = NEWER.format(house=str(house), tests=str(ROOT / "tests"), folder=str(folder))
    done = subprocess.run([sys.executable, "-c", code], cwd=house, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [str(version + 1), "0"], done.stderr

    shell(verify, **here, status=1)  # the older one lets the newer tables be

    (tmp_path / "0.1.0-1555ad4e").mkdir()
    (tmp_path / "current").symlink_to("newer")
    shell(back, [("/srv/battlemap", tmp_path)])
    assert (tmp_path / "current").resolve() == tmp_path / "0.1.0-1555ad4e"
    shell(aside, [("/var/lib/battlemap", folder)])
    (made,) = (tmp_path / "backups").iterdir()
    shell(restore, [("/var/backups/battlemap/ledger-20261122T192004Z.zip", made)], **here)
    assert shell(verify, **here)
    again = open_ledger(folder)
    assert (again.version(), again.head().hash) == (version, head.hash)
    again.close()
    assert (folder / "aside/ledger.db").exists()


# Without a network


def tiny_wheel(folder, name, version, tag, files):
    """Write a wheel, and return its hash."""
    path = folder / f"{name}-{version}-{tag}.whl"
    info = f"{name}-{version}.dist-info"
    said = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    digest = lambda text: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()  # noqa: E731
    record = "".join(f"{file},sha256={digest(text)},{len(text.encode())}\n" for file, text in said.items())
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {**said, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(file, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """A folder of wheels in place of an index, a lock of one package, and a console that only says its name."""
    folder = tmp_path_factory.mktemp("index")
    python = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    tags = [
        "manylinux2014_aarch64.manylinux_2_17_aarch64",
        "manylinux_2_28_x86_64",
        "manylinux_2_34_aarch64",
        "win_amd64",
    ]
    hashes = [tiny_wheel(folder, "tiny", "1.0", f"{python}-{python}-{tag}", {"tiny.py": f"TAG = {tag!r}\n"}) for tag in tags]  # fmt: skip
    (folder / "lock.txt").write_text("tiny==1.0 " + " ".join(f"--hash=sha256:{one}" for one in hashes) + "\n", "utf-8")
    (folder / "dist").mkdir()
    console = {"cli.py": "import tiny\n\ndef main():\n    print('battlemap', tiny.TAG)\n",
               "battlemap-0.9.dist-info/entry_points.txt": "[console_scripts]\nbattlemap = cli:main\n"}  # fmt: skip
    tiny_wheel(folder / "dist", "battlemap", "0.9", "py3-none-any", console)
    return folder


def wheels(index, out, machine, *, lock="lock.txt", status=0):
    environ = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(index), "PIP_CONFIG_FILE": os.devnull, "PYTHON": sys.executable, "LOCK": str(index / lock)}  # fmt: skip
    wheel = index / "dist/battlemap-0.9-py3-none-any.whl"
    shell(f"{DEPLOY / 'wheelhouse'} {out} {machine} {wheel}", **environ, status=status)
    return out


@runs("make wheelhouse")
def test_a_folder_of_wheels_holds_those_of_its_machine_and_not_too_new_a_system(index, tmp_path):
    """`make wheelhouse` with packages of our own: of the real ones it would bring 460 MB from the index. That it calls this script so, Make says."""
    planned = shell("make --dry-run wheelhouse", cwd=ROOT)
    assert "for machine in x86_64 aarch64; do deploy/wheelhouse wheelhouse/$machine $machine" in planned
    for machine, tag in (
        ("x86_64", "manylinux_2_28_x86_64"),
        ("aarch64", "manylinux2014_aarch64.manylinux_2_17_aarch64"),
    ):
        out = wheels(index, tmp_path / machine, machine)
        assert [path.name.rsplit("-", 1)[1] for path in (out / "wheels").iterdir()] == [f"{tag}.whl"]
        assert {path.name for path in out.iterdir()} == {"wheels", "run.txt", "install", "deploy", "SHA256SUMS", "battlemap-0.9-py3-none-any.whl"}  # fmt: skip


def test_a_package_without_a_wheel_for_a_machine_or_with_another_hash_stops_it(index, tmp_path):
    wheels(index, tmp_path / "out", "riscv64", status=1)
    (index / "wrong.txt").write_text(f"tiny==1.0 --hash=sha256:{'0' * 64}\n", "utf-8")
    wheels(index, tmp_path / "out", "x86_64", lock="wrong.txt", status=1)


def quick_python(folder):
    """A Python whose environments borrow our pip: to unpack one takes six seconds."""
    lent = next(path for path in sys.path if path.endswith("site-packages"))
    python = folder / "python"
    python.write_text(
        f'#!/bin/sh\n"{sys.executable}" "$@" --without-pip && echo "{lent}" > "$(echo "$3"/lib/python3*/site-packages)/lent.pth"\n',
        "utf-8",
    )
    python.chmod(0o755)
    return python


@runs("./install /srv/battlemap")
def test_it_is_installed_from_that_folder_alone_beside_the_version_before(index, tmp_path):
    machine = os.uname().machine
    out, srv = wheels(index, tmp_path / "out", machine), tmp_path / "srv"
    (srv / "0.8-old").mkdir(parents=True)
    (srv / "current").symlink_to("0.8-old")
    closed = {"PIP_CONFIG_FILE": os.devnull, "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    shell("./install /srv/battlemap", [("/srv/battlemap", f"{srv} {quick_python(tmp_path)}")], cwd=out, **closed)
    assert machine in shell(f"{srv / 'current/bin/battlemap'}", cwd=tmp_path)
    assert re.fullmatch(r"0\.9-[0-9a-f]{8}", str((srv / "current").readlink()))
    assert (srv / "0.8-old").is_dir()
    assert {path.name for path in (srv / "current/deploy").iterdir()} == {path.name for path in DEPLOY.iterdir()}
    with (out / "run.txt").open("a") as file:
        file.write("# changed on the way\n")
    shell(f"./install {tmp_path / 'other'}", cwd=out, status=1)
    assert not (tmp_path / "other").exists()


def test_the_container_takes_what_the_wheel_takes_and_is_no_root():
    lines = (DEPLOY / "Containerfile").read_text("utf-8").splitlines()
    copied = {word.rstrip("/") for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]}  # fmt: skip
    assert [name for name in copied if not (ROOT / name).exists()] == []
    said = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = {name.removesuffix("/**") for name in said["tool"]["hatch"]["build"]["targets"]["wheel"]["include"]}
    assert copied >= {*wanted, "pyproject.toml", said["project"]["readme"], *said["project"]["license-files"]}
    assert any("--require-hashes -r requirements/run.txt" in line for line in lines)
    ran_as = [line for line in lines if line.startswith("USER ")]
    assert ran_as == ["USER 10001"]
    assert lines.index("USER 10001") < next(n for n, line in enumerate(lines) if line.startswith("ENTRYPOINT"))


# The proxy in front, and what Prometheus asks

KEPT = "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering; proxy_buffers 64 64k;"  # a proxy that keeps answers back until they end


class Front:
    """nginx with the file of deploy/ but for ports and certificate, before a console of its own; beside it the same one more time, which keeps streams back."""

    def __init__(self, folder, console, data_dir):
        self.folder, self.console, self.data_dir = folder, console, data_dir
        self.port = self.plain = self.keeping = 0
        self.trusted = ssl.create_default_context(cafile=str(data_dir / "tls/authority.pem"))
        self.cookie = f"{OVER_TLS}={signed_in(data_dir, 'inspector', 'longnan')}"

    def write(self, site):
        """Write what nginx reads, from the file of deploy/, with ports that are free just now."""
        self.port, self.plain, self.keeping = free_port(), free_port(), free_port()
        chain = self.data_dir / "tls/server.pem"
        site = re.sub(r"(?m)^ *listen \[::\].*\n", "", site)
        for said, here in {"127.0.0.1:8501": self.console.split("//")[1], "listen 443": f"listen 127.0.0.1:{self.port}", "listen 80": f"listen 127.0.0.1:{self.plain}",
                           "/etc/nginx/battlemap/chain.pem": chain, "/etc/nginx/battlemap/key.pem": chain}.items():  # fmt: skip
            assert said in site
            site = site.replace(said, str(here))
        again = "server {" + site.split("server {")[2]
        again = again.replace(str(self.port), str(self.keeping)).replace("proxy_buffering off;", KEPT, 1)
        again = again.replace(" ssl http2;", " ssl;")  # over HTTP/2 nginx keeps nothing back, whatever it is told
        assert KEPT in again
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};\n" for kind in kinds)
        (self.folder / "nginx.conf").write_text(
            f"daemon off;\nmaster_process off;\npid {self.folder}/pid;\nerror_log {self.folder}/error.log;\nevents {{}}\n"
            f"http {{\naccess_log off;\n{temporary}{site}\n{again}\n}}\n",
            "utf-8",
        )

    def ask(self, path, *options, port=None):
        """Ask as curl does: headers and body, as text."""
        port = port or self.port
        ca = ["--cacert", self.data_dir / "tls/authority.pem", "--resolve", f"{NAME}:{port}:127.0.0.1"]
        command = ["curl", "--silent", "--include", "--max-time", "30", *ca, *options, f"https://{NAME}:{port}{path}"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def stream(self):
        """Open the stream of the area; yield what comes, as it comes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as plain, self.trusted.wrap_socket(plain, server_hostname=NAME) as line:  # fmt: skip
            line.sendall(f"GET /stream/longnan HTTP/1.1\r\nHost: {NAME}:{self.port}\r\nCookie: {self.cookie}\r\n\r\n".encode())  # fmt: skip
            while some := line.recv(65536):
                yield some


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    folder = tmp_path_factory.mktemp("front")
    (folder / "etc/nginx/conf.d").mkdir(parents=True)
    token = next(command for command, test in RUN.items() if test.startswith("test_prometheus"))
    (folder / "etc/battlemap").mkdir()
    shell(token, [("/etc/", f"{folder}/etc/"), ("chgrp battlemap", f"chgrp {os.getgid()}")])
    data_dir = folder / "var"
    Tls(data_dir, "127.0.0.1", (NAME,), None).context(lambda: datetime.now(UTC))
    environ = {"BATTLEMAP_DATA_DIR": str(data_dir), "BATTLEMAP_DEMO": "off", "BATTLEMAP_NAMES": NAME, "BATTLEMAP_PROXIES": "127.0.0.1",
               "BATTLEMAP_METRICS_TOKEN_FILE": str(folder / "etc/battlemap/metrics-token"), "BATTLEMAP_RULES": str(quick_rules(folder))}  # fmt: skip
    with served(folder, **environ) as console:
        found = Front(folder, console.replace("localhost", "127.0.0.1"), data_dir)
        install, check = (command for command, test in RUN.items() if test.startswith("test_nginx"))
        shell(install, [("/etc/nginx", folder / "etc/nginx")], cwd=DEPLOY)
        site = (folder / "etc/nginx/conf.d/battlemap.conf").read_text("utf-8")
        found.write(site)
        tried = subprocess.run(
            ["nginx", "-t", "-c", folder / "nginx.conf"], capture_output=True, text=True, check=False
        )
        if "Address already in use" in tried.stderr:  # somebody took a port meanwhile
            found.write(site)
        shell(check, [("nginx -t", f"nginx -t -q -c {folder}/nginx.conf")])
        process = subprocess.Popen(["nginx", "-c", folder / "nginx.conf"], stderr=subprocess.PIPE, text=True)
        try:
            answering(process, found.port)
            found.ask("/live/longnan", "--header", f"Cookie: {found.cookie}")  # the area begins
            yield found
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE)


def answering(process, port):
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    process.kill()
    raise AssertionError(f"nginx did not start: {process.communicate()[1]}")


@runs("install -m 0644 nginx.conf /etc/nginx/conf.d/battlemap.conf", "nginx -t")
def test_nginx_speaks_https_and_http_2_and_tells_the_console_who_asks_and_how(front):
    answer = front.ask("/log-in")
    assert answer.startswith("HTTP/2 200")
    assert "strict-transport-security: max-age=15552000" in answer
    assert front.ask("/live/longnan", "--header", f"Cookie: {front.cookie}").startswith(
        "HTTP/2 200"
    )  # a cookie that counts over https alone
    assert front.ask("/live/longnan").startswith("HTTP/2 401")  # through a proxy nobody is a visitor on this machine
    plain = subprocess.run(["curl", "--silent", "--include", "--header", f"Host: {NAME}", f"http://127.0.0.1:{front.plain}/cases?q=1"], capture_output=True, text=True, check=True).stdout  # fmt: skip
    assert plain.startswith("HTTP/1.1 301")
    assert f"Location: https://{NAME}/cases?q=1" in plain


def test_a_visitor_behind_nginx_cannot_say_from_where_it_comes(front):
    account(front.data_dir, "inspector", "longnan", "linde")
    forged = ["--header", "X-Forwarded-For: 203.0.113.7", "--header", "X-Forwarded-Proto: http"]
    page = front.ask("/log-in", *forged)
    form = re.search(r'name="(\w+)" value="([^"]+)"', page)
    jar = re.search(r"(?i)set-cookie: ([^;]+)", page)
    fields = {form[1]: form[2], "name": "linde", "password": PASSWORD}
    sent = [word for name, value in fields.items() for word in ("--data-urlencode", f"{name}={value}")]
    origin = ["--header", f"Origin: https://{NAME}:{front.port}", *(["--cookie", jar[1]] if jar else [])]
    assert OVER_TLS in front.ask("/log-in", *forged, *origin, *sent)
    ledger = open_ledger(front.data_dir)
    with ledger.reading() as connection:
        (line,) = audit.read(connection, act="log_in", name="linde")
    ledger.close()
    assert line.address == "127.0.0.1"


def test_websockets_go_through_nginx(front):
    address = f"wss://{NAME}:{front.port}/_stcore/stream"
    with connect(address, sock=socket.create_connection(("127.0.0.1", front.port), timeout=PATIENCE), ssl=front.trusted, origin=f"https://{NAME}:{front.port}", subprotocols=["streamlit"],
                 additional_headers={"Cookie": front.cookie}, open_timeout=PATIENCE) as line:  # fmt: skip
        assert line.response.status_code == 101


def test_the_stream_goes_through_nginx_as_it_happens(front):
    heard = b""
    for some in front.stream():
        heard += some
        if b"event: beat" in heard:
            break
    assert b"event: delta" in heard
    assert b"event: beat" in heard


@pytest.mark.browser
def test_a_screen_behind_a_proxy_that_keeps_the_stream_back_asks(front, browser):
    room = room_of(shipped("longnan"), front.data_dir)
    context = window(browser, 1280, 720, ignore_https_errors=True)
    name, value = front.cookie.split("=", 1)
    address = f"https://127.0.0.1:{front.keeping}"
    context.add_cookies([{"name": name, "value": value, "url": address, "secure": True, "sameSite": "Lax"}])
    page = context.new_page()
    page.goto(f"{address}/map/longnan")
    page.wait_for_function("window.battlemap && battlemap.model && battlemap.model.live.answered")
    reported(room)
    with page.expect_request(re.compile("/live/longnan")):
        until(page, lambda: page.evaluate("battlemap.model.live.known.size"), 1)
    assert page.evaluate("battlemap.model.live.state") == "live"
    context.close()
    room.ledger.close()


@runs("(umask 027 && head -c 32 /dev/urandom | base64 > /etc/battlemap/metrics-token && chgrp battlemap /etc/battlemap/metrics-token)",
      'curl -H "Authorization: Bearer $(cat /etc/battlemap/metrics-token)" http://127.0.0.1:8501/metrics')  # fmt: skip
def test_prometheus_reads_the_metrics_on_the_machine_and_nobody_through_nginx(front):
    command = [command for command, test in RUN.items() if test.startswith("test_prometheus")][1]
    places = [("/etc/", f"{front.folder}/etc/"), ("http://127.0.0.1:8501", front.console), ("curl", "curl --silent")]
    found = shell(command, places)
    assert "\nbattlemap_ledger_readable 1.0\n" in found
    assert (front.folder / "etc/battlemap/metrics-token").stat().st_mode & 0o777 == 0o640
    said = {line.split("{")[0].split(" ")[0] for line in found.splitlines() if line.startswith("battlemap_")}
    table = set(re.findall(r"`(battlemap_\w+)`", (ROOT / "docs/operations.md").read_text("utf-8").split("## Metrics")[1].split("Each process")[0]))  # fmt: skip
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in said if not name.endswith("_created")} <= table
    token = (front.folder / "etc/battlemap/metrics-token").read_text("ascii").strip()
    assert front.ask("/metrics", "--header", f"Authorization: Bearer {token}").startswith("HTTP/2 404")


# Walls


@runs("install -m 0755 battlemap-kiosk /usr/local/bin/battlemap-kiosk", "install -D -m 0644 battlemap-kiosk.desktop ~/.config/autostart/battlemap-kiosk.desktop",
      "battlemap-kiosk https://wangge.example.gov.cn/wall/longnan")  # fmt: skip
def test_a_wall_waits_for_the_console_and_opens_its_browser_again(tmp_path):
    program, autostart, start = (command for command, test in RUN.items() if test.startswith("test_a_wall_waits"))
    home, here = tmp_path / "home", tmp_path / "bin"
    here.mkdir()
    shell(program, [("/usr/local/bin", here)], cwd=DEPLOY / "kiosk")
    shell(autostart, cwd=DEPLOY / "kiosk", HOME=str(home))
    entry = configparser.ConfigParser(interpolation=None)
    entry.read(home / ".config/autostart/battlemap-kiosk.desktop", "utf-8")
    assert entry["Desktop Entry"]["exec"] == f"/usr/local/bin/{start}"
    # a console that answers from the third time on, and a browser that ends at once; the third one ends the launcher
    scripts = {"curl": f'echo "$@" >> {tmp_path}/asked; [ "$(wc -l < {tmp_path}/asked)" -ge 3 ]',
               "chromium": f'echo "$@" >> {tmp_path}/opened; [ "$(wc -l < {tmp_path}/opened)" -ge 3 ] && kill "$PPID"; true', "xset": "true"}  # fmt: skip
    for name, text in scripts.items():
        (here / name).write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        (here / name).chmod(0o755)
    environ = {"PATH": path_with(here), "HOME": str(home), "KIOSK_PAUSE": "0.01"}
    subprocess.run(["sh", "-c", f"exec {start}"], env={**os.environ, **environ}, timeout=PATIENCE, check=False)
    asked, opened = ((tmp_path / name).read_text("utf-8").splitlines() for name in ("asked", "opened"))
    assert asked[0].endswith(f"https://{NAME}/healthz")
    assert len(asked) == 5
    assert len(opened) == 3
    assert opened[0].endswith(f" https://{NAME}/wall/longnan")
    assert f"--kiosk --user-data-dir={home}/.config/battlemap-kiosk " in opened[0]
    assert "--incognito" not in opened[0]  # it would forget that the screen was connected


def test_walls_on_windows_start_with_the_flags_of_the_others():
    """What differs is how the whole screen is taken, and who keeps passwords."""
    flags = [set(re.findall(r"(--[a-z-]+)", (DEPLOY / "kiosk" / name).read_text("utf-8"))) for name in ("battlemap-kiosk", "battlemap-kiosk.ps1")]  # fmt: skip
    curl = {"--silent", "--fail", "--max-time", "--output"}
    own = {"--app", "--start-fullscreen", "--edge-kiosk-type"}
    assert flags[0] - curl - {"--kiosk", "--password-store"} == flags[1] - own - {"--kiosk"}
