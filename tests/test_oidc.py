"""Log-in by a provider of OpenID Connect: a real one, run here, honest and otherwise."""

import base64
import hashlib
import hmac
import json
import re
import socket
import threading
import time
import warnings
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from accounts import accounts_in, close
from chromium import chromium, window
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.middleware import Middleware
from werkzeug.serving import make_server

from api import oidc, serving
from api.headers import SafeHeaders
from desk.access.entrance import Entrance
from desk.access.permissions import permissions_of
from desk.access.provider import Provider, claim_rules, provider_of
from desk.rooms import Rooms
from geo.errors import RulesError, SettingsError
from incidents.access import Role, Scope
from layers.areas import areas_of
from settings import Settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it imports what authlib has deprecated
    import oidc_provider_mock

pytestmark = [  # of the provider's, not ours
    pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::authlib.deprecate.AuthlibDeprecationWarning"),
]
CLIENT = "battlemap"
RULES = {
    "oidc": {
        "name": "preferred_username",
        "scopes": ["openid", "profile"],
        "leeway_seconds": 60,
        "rules": [
            {"claim": "groups", "is": "heads", "role": "head", "scope": "longnan:micro:{grid}"},
            {"claim": "realm_access.roles", "is": "dispatch", "role": "dispatcher", "scope": "longnan"},
            {"claim": "title", "is": "analyst", "role": "analyst", "scope": "*"},
        ],
    }
}
HEAD = {"preferred_username": "zhang.head", "groups": ["staff", "heads"], "grid": "1-04"}
MICRO = "longnan:micro:41010299900100104"  # by its code, for marks and cases know no label


class Mock:
    """The provider: its address, and what a test changes of its answers."""

    def __init__(self, app):
        self.app, self.asked, self.change = app, [], {}
        app.after_request(self._answer)
        self.server = make_server("localhost", 0, app, threaded=True)
        self.address = f"http://localhost:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def _answer(self, response):
        import flask

        path = flask.request.path
        self.asked.append((path, flask.request.form.to_dict(), dict(flask.request.headers)))
        change = self.change.get(path)
        if change and response.is_json:
            response.set_data(json.dumps(change(response.get_json())))
        elif change:
            response.set_data(change(None))
        return response

    def user(self, sub, **claims):
        httpx.put(f"{self.address}/users/{sub}", json=claims).raise_for_status()

    def times(self, path):
        return sum(asked == path for asked, _, _ in self.asked)

    def stop(self):
        if self.thread.is_alive():
            self.server.shutdown()
            self.thread.join()
            self.server.server_close()


@pytest.fixture
def mock(monkeypatch):
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # of this machine alone: see settings
    found = Mock(oidc_provider_mock.app())
    yield found
    found.stop()


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text("not-for-logs\n")
    return path


@pytest.fixture
def accounts(tmp_path):
    found = accounts_in(tmp_path)
    yield found
    close(found)


@pytest.fixture
def browser(mock, accounts, secret, monkeypatch):
    """A browser at a console that knows the provider."""
    provider = Provider(mock.address, CLIENT, secret, claim_rules(RULES))
    monkeypatch.setattr(oidc, "provider_of", lambda *_settings: provider)
    entrance = Entrance(accounts, permissions_of(None), b"k" * 32)
    settings = Settings(oidc_issuer=mock.address, oidc_client_id=CLIENT, oidc_client_secret_file=secret)
    app = Starlette(
        routes=oidc.routes(settings, Rooms(areas_of((), "longnan"), accounts.ledger), entrance),
        middleware=[Middleware(SafeHeaders)],
    )
    with visiting(app) as found:
        found.provider = provider
        yield found


@contextmanager
def visiting(app):
    """Serve an app, and visit it with a browser that keeps its cookies."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = serving.server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with httpx.Client(base_url=base, headers={"accept": "text/html"}) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def sent(browser, following="/"):
    """Begin a log-in; returns the provider's address that the browser is sent to."""
    answer = browser.get(f"/log-in/provider?next={following}")
    assert answer.status_code == 303
    return answer.headers["location"]


def allowed(address, sub):
    """Log in at the provider; returns the address that it sends the browser back to."""
    answer = httpx.post(address, data={"sub": sub})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def logged_in(browser, sub, following="/"):
    return browser.get(allowed(sent(browser, following), sub))


def session_of(browser, accounts, now=None):
    return accounts.sessions.who(browser.cookies.get("battlemap_session", ""), now or datetime.now(UTC))


NONE, HS256 = b'{"alg":"none","kid":"ours"}', b'{"alg":"HS256","kid":"ours"}'


def encoded(said):
    return base64.urlsafe_b64encode(said).rstrip(b"=").decode()


def query(address):
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


# ----------------------------------------------------------------------------------------------------- an honest one


def test_somebody_whom_the_provider_knows_comes_in_with_the_role_of_their_claims(browser, mock, accounts):
    mock.user("s-1", **HEAD)
    answer = logged_in(browser, "s-1", "/cases?case=LN-1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases?case=LN-1")
    assert re.search(r"battlemap_session=\S+; HttpOnly; Path=/; SameSite=lax", answer.headers["set-cookie"])
    who = session_of(browser, accounts)
    assert (who.name, who.role, str(who.scope)) == ("zhang.head", Role.HEAD, MICRO)


@pytest.mark.browser
def test_a_browser_goes_there_and_comes_back_to_the_page_that_it_wanted(browser, mock, accounts):
    """The provider is another site: cookies and headers have to survive the way there and back."""
    mock.user("s-1", **HEAD)
    with chromium() as found:
        page = window(found).new_page()
        page.goto(str(browser.base_url.join("/log-in/provider?next=/wanted")))
        page.fill("input[name=sub]", "s-1")
        with page.expect_navigation(url="**/wanted"):
            page.keyboard.press("Enter")
        kept = {cookie["name"]: cookie for cookie in page.context.cookies(str(browser.base_url))}
    assert "battlemap_provider" not in kept
    assert kept["battlemap_session"]["httpOnly"]
    assert kept["battlemap_session"]["sameSite"] == "Lax"
    assert accounts.sessions.who(kept["battlemap_session"]["value"], datetime.now(UTC)).name == "zhang.head"


def test_a_claim_that_changes_moves_the_role_at_the_next_log_in_and_keeps_the_account(browser, mock, accounts):
    mock.user("s-1", **HEAD)
    logged_in(browser, "s-1")
    before = session_of(browser, accounts)
    mock.user("s-1", preferred_username="zhang.head", realm_access={"roles": ["dispatch"]})
    logged_in(browser, "s-1")
    after = session_of(browser, accounts)
    assert after.account == before.account
    assert (after.role, str(after.scope)) == (Role.DISPATCHER, "longnan")
    assert after.session != before.session


def test_a_claim_that_is_taken_away_shuts_the_door(browser, mock, accounts):
    mock.user("s-1", **HEAD)
    logged_in(browser, "s-1")
    mock.user("s-1", preferred_username="zhang.head", groups=["staff"])
    browser.cookies.clear()
    answer = logged_in(browser, "s-1")
    assert answer.status_code == 403
    assert session_of(browser, accounts) is None


@pytest.mark.parametrize(
    "claims",
    [
        {"preferred_username": "li"},
        {"preferred_username": "li", "groups": ["nobody"]},
        {"preferred_username": "li", "groups": "heads-of-state"},
        {"preferred_username": "li", "groups": ["heads"]},
        {"preferred_username": "li", "groups": ["heads"], "grid": ["001"]},
        {"preferred_username": "li", "groups": ["heads"], "grid": "001:002"},
        {"preferred_username": "li", "groups": ["heads"], "grid": "*"},
        {"preferred_username": "li", "realm_access": "dispatch"},
        {"groups": ["heads"], "grid": "1-04"},
        {"preferred_username": "li", "groups": ["heads"], "grid": "9-99"},
    ],
    ids=["none", "other", "alike", "no grid", "a list", "a colon", "a star", "not within", "no name", "no such grid"],
)
def test_claims_that_give_no_role_are_refused_with_a_page_and_make_no_account(browser, mock, accounts, claims):
    mock.user("s-2", **claims)
    answer = logged_in(browser, "s-2")
    assert answer.status_code == 403
    assert "您的单位账号在本平台没有角色" in answer.text
    assert "has no role here" in answer.text
    assert accounts.every() == []


def test_a_name_that_a_local_account_has_is_not_taken_over(browser, mock, accounts):
    accounts.add("zhang.head", Role.DISPATCHER, Scope("longnan"), None, by=None, now=datetime.now(UTC))
    mock.user("s-1", **HEAD)
    assert logged_in(browser, "s-1").status_code == 403
    assert session_of(browser, accounts) is None


def test_a_disabled_account_stays_out(browser, mock, accounts):
    mock.user("s-1", **HEAD)
    logged_in(browser, "s-1")
    accounts.disable(session_of(browser, accounts).account, by=None, now=datetime.now(UTC))
    answer = logged_in(browser, "s-1")
    assert answer.status_code == 403
    assert session_of(browser, accounts) is None


def test_what_is_sent_to_the_provider(browser, mock, secret):
    mock.user("s-1", **HEAD)
    address = sent(browser)
    asked = query(address)
    assert asked["response_type"] == "code"
    assert asked["client_id"] == CLIENT
    assert asked["redirect_uri"] == str(browser.base_url.join("/log-in/returned"))
    assert asked["scope"] == "openid profile"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["state"]) >= 32
    assert len(asked["nonce"]) >= 32
    browser.get(allowed(address, "s-1"))
    form, headers = next((form, headers) for path, form, headers in mock.asked if path == "/oauth2/token")
    proof = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
    assert proof == asked["code_challenge"]
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode() == f"{CLIENT}:not-for-logs"


def test_each_log_in_has_a_state_a_nonce_and_a_proof_of_its_own(browser):
    first, second = query(sent(browser)), query(sent(browser))
    assert all(first[name] != second[name] for name in ("state", "nonce", "code_challenge"))


@pytest.mark.parametrize("following", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:1"])
def test_nobody_is_sent_elsewhere_afterwards(browser, mock, following):
    mock.user("s-1", **HEAD)
    assert logged_in(browser, "s-1", following).headers["location"] == "/"


def test_the_providers_keys_are_asked_for_once(browser, mock):
    mock.user("s-1", **HEAD)
    for _ in range(3):
        assert logged_in(browser, "s-1").status_code == 303
    assert mock.times("/jwks") == 1
    assert mock.times("/.well-known/openid-configuration") == 1


# -------------------------------------------------------------------------------------------- forged, replayed, late


def refused(answer, status, says):
    assert answer.status_code == status
    assert says in answer.text
    assert "battlemap_session" not in answer.headers.get("set-cookie", "")


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(browser, mock):
    """An attacker who hands somebody a link with a code of their own would log them in as the attacker."""
    mock.user("s-1", **HEAD)
    back = allowed(sent(browser), "s-1")
    browser.cookies.clear()
    refused(browser.get(back), 400, "was not begun here")


def test_an_answer_with_another_state_is_refused(browser, mock):
    mock.user("s-1", **HEAD)
    back = allowed(sent(browser), "s-1")
    refused(browser.get(back.replace("state=", "state=x")), 400, "was not begun here")


def test_an_answer_is_taken_once(browser, mock):
    mock.user("s-1", **HEAD)
    back = allowed(sent(browser), "s-1")
    kept = browser.cookies.get("battlemap_provider")
    assert browser.get(back).status_code == 303
    refused(browser.get(back), 400, "was not begun here")
    browser.cookies.set("battlemap_provider", kept)
    refused(browser.get(back), 403, "did not let you in")


def test_a_forged_cookie_is_refused(browser, mock):
    browser.cookies.set("battlemap_provider", "e30.aaaa.bbbb")
    refused(browser.get("/log-in/returned?code=a&state=b"), 400, "was not begun here")


def test_somebody_who_says_no_at_the_provider_is_told_so_and_the_log_why(browser, mock, caplog):
    address = sent(browser)
    back = httpx.post(address, data={"action": "deny"}).headers["location"]
    back += f"&state={query(address)['state']}"  # RFC 6749, 4.1.2.1: it must come back; this provider forgets it
    answer = browser.get(back)
    refused(answer, 403, "统一认证未允许您登录")
    assert "access_denied" not in answer.text  # the provider's words are nobody's language
    assert "The provider says: access_denied" in caplog.text


def test_a_code_that_the_provider_does_not_know_is_refused(browser, mock):
    state = query(sent(browser))["state"]
    refused(browser.get(f"/log-in/returned?code=guessed&state={state}"), 403, "did not let you in")


def with_token(mock, change, key=None, alg="RS256"):
    """Let the provider hand out ID tokens with other claims, or signed by somebody else."""

    def changed(answer):
        read = answer["id_token"].split(".")
        claims = json.loads(base64.urlsafe_b64decode(read[1] + "=="))
        header = json.loads(base64.urlsafe_b64decode(read[0] + "=="))
        signer = key or RSAKey.generate_key(2048)
        made = jwt.encode({**header, "alg": alg}, {**claims, **change(claims)}, signer, algorithms=[alg])
        return {**answer, "id_token": made}

    mock.change["/oauth2/token"] = changed


def signing(mock):
    """Give the provider a key of ours, so that a test can sign in its name; returns the key."""
    key = RSAKey.generate_key(2048, {"kid": "ours"})
    mock.change["/jwks"] = lambda _answer: {"keys": [key.as_dict(private=False)]}
    return key


@pytest.mark.parametrize(
    "change",
    [
        lambda _claims: {"iss": "https://elsewhere.example"},
        lambda _claims: {"aud": "another-client"},
        lambda claims: {"aud": [claims["aud"], "another-client"], "azp": "another-client"},
        lambda _claims: {"nonce": "of another log-in"},
        lambda _claims: {"exp": int(datetime.now(UTC).timestamp()) - 120},
        lambda _claims: {"iat": int(datetime.now(UTC).timestamp()) + 600},
        lambda _claims: {"nbf": int(datetime.now(UTC).timestamp()) + 600},
        lambda _claims: {"sub": ""},
    ],
    ids=["issuer", "audience", "party", "nonce", "ended", "from the future", "not yet", "nobody"],
)
def test_a_token_that_was_not_made_for_us_now_and_for_this_log_in_is_refused(browser, mock, change):
    key = signing(mock)
    mock.user("s-1", **HEAD)
    with_token(mock, lambda _claims: {}, key)
    assert logged_in(browser, "s-1").status_code == 303, "signed by that key, and unchanged, it is taken"
    browser.cookies.clear()
    with_token(mock, change, key)
    refused(logged_in(browser, "s-1"), 403, "did not let you in")


@pytest.mark.parametrize("seconds", [-50, 50])
def test_a_clock_that_differs_by_less_than_a_minute_is_forgiven(browser, mock, seconds):
    key = signing(mock)
    mock.user("s-1", **HEAD)
    shift = {"iat": seconds, "exp": seconds} if seconds > 0 else {"exp": -3600 + seconds + 5}
    with_token(mock, lambda claims: {name: claims[name] + by for name, by in shift.items()}, key)
    assert logged_in(browser, "s-1").status_code == 303


def test_a_token_signed_by_somebody_else_is_refused(browser, mock):
    mock.user("s-1", **HEAD)
    with_token(mock, lambda _claims: {})
    refused(logged_in(browser, "s-1"), 403, "did not let you in")


def test_a_token_that_is_not_signed_or_signed_with_the_public_key_as_a_secret_is_refused(browser, mock):
    key = signing(mock)
    mock.user("s-1", **HEAD)

    def by_hand(answer):
        _, claims, _ = answer["id_token"].split(".")
        said = f"{encoded(HS256)}.{claims}"
        proof = hmac.digest(key.as_pem(private=False), said.encode(), "sha256")
        return {**answer, "id_token": f"{said}.{encoded(proof)}"}

    mock.change["/oauth2/token"] = by_hand
    refused(logged_in(browser, "s-1"), 403, "did not let you in")

    def unsigned(answer):
        _, claims, _ = answer["id_token"].split(".")
        return {**answer, "id_token": f"{encoded(NONE)}.{claims}."}

    mock.change["/oauth2/token"] = unsigned
    refused(logged_in(browser, "s-1"), 403, "did not let you in")


def test_a_provider_that_changes_its_keys_is_asked_for_the_new_ones(browser, mock):
    first = signing(mock)
    mock.user("s-1", **HEAD)
    with_token(mock, lambda _claims: {}, first)
    assert logged_in(browser, "s-1").status_code == 303
    second = RSAKey.generate_key(2048, {"kid": "newer"})
    mock.change["/jwks"] = lambda _answer: {"keys": [second.as_dict(private=False)]}

    def changed(answer):
        claims = json.loads(base64.urlsafe_b64decode(answer["id_token"].split(".")[1] + "=="))
        return {**answer, "id_token": jwt.encode({"alg": "RS256", "kid": "newer"}, claims, second)}

    mock.change["/oauth2/token"] = changed
    at, found, keys = browser.provider._known
    browser.provider._known = (at - timedelta(minutes=2), found, keys)
    assert logged_in(browser, "s-1").status_code == 303


def test_what_the_provider_tells_of_somebody_else_is_refused(browser, mock):
    mock.user("s-1", **HEAD)
    mock.change["/userinfo"] = lambda answer: {**answer, "sub": "s-9", "groups": ["heads"]}
    refused(logged_in(browser, "s-1"), 403, "did not let you in")


# ----------------------------------------------------------------------------------------------- a provider in trouble


def test_a_provider_that_is_not_there_is_told_with_a_page(browser, mock):
    mock.stop()
    refused(browser.get("/log-in/provider"), 503, "统一认证暂时无法访问")


def test_a_provider_that_goes_away_in_between_is_told_with_a_page(browser, mock):
    mock.user("s-1", **HEAD)
    back = allowed(sent(browser), "s-1")
    mock.stop()
    refused(browser.get(back), 503, "cannot be reached")


@pytest.mark.parametrize(
    "change",
    [
        lambda _said: "<html>",
        lambda said: {**said, "issuer": "https://elsewhere.example"},
        lambda said: {**said, "token_endpoint": "http://elsewhere.example/token"},
        lambda said: {name: value for name, value in said.items() if name != "jwks_uri"},
        lambda _said: [],
    ],
    ids=["a page", "another issuer", "plain http", "no keys", "a list"],
)
def test_what_does_not_answer_as_a_provider_is_none(browser, mock, change):
    mock.change["/.well-known/openid-configuration"] = change
    refused(browser.get("/log-in/provider"), 503, "cannot be reached")


def test_neither_secret_nor_code_nor_token_gets_into_the_log(browser, mock, caplog):
    caplog.set_level("WARNING")
    mock.user("s-1", **HEAD)
    codes = []
    for name in ("honest", "forged"):
        back = allowed(sent(browser), "s-1")
        codes.append(query(back)["code"])
        if name == "forged":
            with_token(mock, lambda _claims: {})
        browser.get(back)
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith(("api", "desk")))
    assert "log-in by the provider" in ours
    for hidden in ("not-for-logs", "eyJ", *codes):
        assert hidden not in ours


# --------------------------------------------------------------------------------------------------------- settings


def test_without_a_provider_there_is_nothing_behind_the_addresses(accounts):
    entrance = Entrance(accounts, permissions_of(None), b"k" * 32)
    with visiting(
        Starlette(routes=oidc.routes(Settings(), Rooms(areas_of((), "longnan"), accounts.ledger), entrance))
    ) as client:
        assert client.get("/log-in/provider").status_code == 404
        assert client.get("/log-in/returned").status_code == 404


@pytest.mark.parametrize(
    "issuer", ["http://id.example.gov.cn", "id.example.gov.cn", "https://id.example/?a=b", "https://"]
)
def test_an_issuer_is_an_address_by_https(issuer):
    with pytest.raises(SettingsError, match="BATTLEMAP_OIDC_ISSUER"):
        Settings.from_env({"BATTLEMAP_OIDC_ISSUER": issuer, "BATTLEMAP_OIDC_CLIENT_ID": "a"})


def test_an_issuer_without_a_client_is_named():
    with pytest.raises(SettingsError, match="give both"):
        Settings.from_env({"BATTLEMAP_OIDC_ISSUER": "https://id.example.gov.cn"})


def test_the_shipped_rules_let_nobody_in():
    found = provider_of("https://id.example.gov.cn", "a", None, None).claims
    assert found.rules == ()
    assert found.gives({"sub": "a", "groups": ["heads"]}) is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": ""}, "oidc.name"),
        ({"scopes": ["profile"]}, "openid among them"),
        ({"scopes": "openid"}, "oidc.scopes"),
        ({"leeway_seconds": 3600}, "0 to 300"),
        ({"rules": [{"claim": "a", "is": "b", "role": "king", "scope": "*"}]}, "number 1: 'king'"),
        ({"rules": [{"claim": "a", "is": "b", "role": "wall", "scope": "*"}]}, "no role that a person may have"),
        ({"rules": [{"claim": "a", "is": "b", "role": "demo", "scope": "*"}]}, "no role that a person may have"),
        ({"rules": [{"claim": "a", "is": "b", "role": "head", "scope": "a:b"}]}, "is no scope"),
        ({"rules": [{"claim": "a", "is": "b", "role": "head", "scope": "longnan"}]}, "belongs to a grid"),
        ({"rules": [{"claim": "a", "is": "b", "role": "department", "scope": "longnan"}]}, "needs a scope AREA:dep"),
        ({"rules": [{"claim": "a", "is": "b", "role": "analyst", "scope": "a:department:b"}]}, "no other role"),
        ({"rules": [{"claim": "a", "is": "b", "role": "audit", "scope": "longnan"}]}, "works on all areas"),
        ({"rules": [{"claim": "a", "role": "head", "scope": "a"}]}, "needs claim, is, role and scope"),
        ({"rules": ["a"]}, "number 1"),
    ],
)
def test_a_fault_in_the_rules_is_named(change, says):
    with pytest.raises(RulesError) as caught:
        claim_rules({"oidc": {**RULES["oidc"], **change}})
    assert says in str(caught.value)
