"""A provider of log-in by OpenID Connect (统一身份认证): where to send somebody, what the provider says when they return, and which role and scope that gives.

OpenID Connect Core 1.0 (code flow), Discovery 1.0; PKCE, RFC 7636; state and nonce as BCP 240 (RFC 9700) asks.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from authlib.common.security import generate_token
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from data import rules
from desk.access.grants import require_shape
from desk.access.rules import FILE
from geo.errors import AccessError, LoginError, RulesError
from incidents.access import GIVEN, Role, Scope

KEPT = timedelta(hours=1)  # so long the provider's keys and addresses are taken for true
ANEW = timedelta(minutes=1)  # so often at most they are asked for again, when a token names a key that nobody knows
PATIENCE = 10.0  # seconds that the provider gets for an answer
# What a token may be signed with: never with a secret that both sides know, nor not at all.
SIGNED = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"})  # fmt: skip
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
FILLED = re.compile(r"\{([^{}]+)\}")
PLAIN = re.compile(r"[\w.-]{1,64}")  # what a claim may fill into a scope: no colon, no star


@dataclass(frozen=True)
class ClaimRule:
    """Which claim gives which role and scope.

    Attributes
    ----------
    claim
        Its name; with dots for one that stands within another: ``realm_access.roles``.
    value
        What it must be, or hold where it is a list.
    scope
        As `Scope.read` reads it; ``{grid}`` stands for the claim of that name.
    """

    claim: str
    value: str
    role: Role
    scope: str

    def gives(self, claims: Mapping[str, Any]) -> tuple[Role, Scope] | None:
        """Return the role and scope that it gives somebody; None where it does not fit, or a claim of its scope is missing or odd."""
        found = claim_of(claims, self.claim)
        if self.value not in (found if isinstance(found, list) else [found]):
            return None
        fills = {name: claim_of(claims, name) for name in FILLED.findall(self.scope)}
        if not all(isinstance(fill, str) and PLAIN.fullmatch(fill) for fill in fills.values()):
            return None
        return self.role, Scope.read(FILLED.sub(lambda part: str(fills[part[1]]), self.scope))


@dataclass(frozen=True)
class ClaimRules:
    """What stands in ``identity.toml`` under ``[oidc]``.

    Attributes
    ----------
    name
        The claim that is the name of the account.
    asked
        The scopes (of OpenID Connect) that are asked for.
    leeway
        By so much the provider's clock may differ from ours.
    rules
        The first that fits holds.
    """

    name: str
    asked: tuple[str, ...]
    leeway: timedelta
    rules: tuple[ClaimRule, ...]

    def gives(self, claims: Mapping[str, Any]) -> tuple[Role, Scope] | None:
        """Return the role and scope that somebody's claims give; None where no rule fits."""
        return next(filter(None, (rule.gives(claims) for rule in self.rules)), None)


@dataclass(frozen=True)
class Begun:
    """A log-in that was begun: where to send the browser, and what it has to bring back.

    Attributes
    ----------
    state, nonce, verifier
        Known to this browser alone; the nonce comes back within the token, the verifier proves that who began it ends it.
    """

    address: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Vouched:
    """Whom the provider vouches for."""

    subject: tuple[str, str]
    name: str
    role: Role
    scope: Scope


class Provider:
    """A provider of log-in. `provider_of` gives that of some settings.

    Parameters
    ----------
    issuer
        Its address, as its tokens name it.
    client
        What it knows this console by.
    secret
        File with the secret that it gave this console; None for a client without one.
    """

    def __init__(self, issuer: str, client: str, secret: Path | None, claims: ClaimRules) -> None:
        self.issuer, self._client, self._secret, self.claims = issuer, client, secret, claims
        self._lock = Lock()
        self._known: tuple[datetime, Mapping[str, Any], KeySet] | None = None

    def begin(self, back: str, now: datetime) -> Begun:
        """Begin a log-in.

        Parameters
        ----------
        back
            The address of this console that the provider sends the browser back to.

        Raises
        ------
        LoginError
            ``unreachable``: the provider does not answer, or not as one.
        """
        state, nonce, verifier = generate_token(32), generate_token(32), generate_token(64)
        address = prepare_grant_uri(
            self._found(now)[0]["authorization_endpoint"],
            self._client,
            "code",
            redirect_uri=back,
            scope=" ".join(self.claims.asked),
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
        )
        return Begun(address, state, nonce, verifier)

    def end(self, back: str, code: str, nonce: str, verifier: str, now: datetime) -> Vouched:
        """Turn the code that a browser brought back into whom the provider vouches for.

        Raises
        ------
        LoginError
            ``unreachable``; ``provider``: it does not take the code, or what it says cannot be believed; ``unknown``: no rule gives these claims a role.
        """
        found, _ = self._found(now)
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        try:
            with httpx.Client(timeout=PATIENCE) as client:
                token = self._token(client, found, asked)
                claims = self._believed(token, nonce, now)
                if "userinfo_endpoint" in found:
                    claims = {**_more(client, found["userinfo_endpoint"], token, claims["sub"]), **claims}
        except httpx.HTTPError as error:
            raise _unreachable(self.issuer, error) from error
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise LoginError(f"{self.issuer} did not let you in: {_said(error)}", "provider") from error
        return self._vouched(claims)

    def _vouched(self, claims: Mapping[str, Any]) -> Vouched:
        given, name = self.claims.gives(claims), claim_of(claims, self.claims.name)
        if given is None or not isinstance(name, str) or not name:
            raise LoginError(
                "No rule of identity.toml [oidc] gives this account a role here. Ask the security administrator.",
                "unknown",
            )
        return Vouched((self.issuer, str(claims["sub"])), name, *given)

    def _believed(self, token: Mapping[str, Any], nonce: str, now: datetime) -> dict[str, Any]:
        """Return the claims of an ID token that this provider signed for us, now, and for this log-in."""
        known, keys = self._found(now)
        advertised = known.get("id_token_signing_alg_values_supported") or ["RS256"]
        allowed = sorted(SIGNED & set(advertised))
        try:
            read = jwt.decode(token["id_token"], keys, algorithms=allowed)
        except JoseError:  # it may be signed with a key that is newer than those we know
            read = jwt.decode(token["id_token"], self._found(now, anew=True)[1], algorithms=allowed)
        claims = CodeIDToken(
            read.claims,
            read.header,
            {"iss": {"essential": True, "value": self.issuer}, "aud": {"essential": True, "value": self._client}},
            {"nonce": nonce, "client_id": self._client, "access_token": token.get("access_token")},
        )
        claims.validate(now=int(now.timestamp()), leeway=int(self.claims.leeway.total_seconds()))
        if not isinstance(claims["sub"], str) or not claims["sub"]:
            raise ValueError("it names nobody")
        return dict(claims)

    def _token(self, client: httpx.Client, found: Mapping[str, Any], asked: Mapping[str, str]) -> Mapping[str, Any]:
        """Return what the provider gives for a code; raises ValueError with its reason where it gives nothing."""
        secret = self._secret_text()
        methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if secret is not None and "client_secret_basic" in methods:  # both encoded first: RFC 6749, 2.3.1
            auth = httpx.BasicAuth(quote(self._client, safe=""), quote(secret, safe=""))
            answer = client.post(found["token_endpoint"], data=asked, auth=auth)
        else:
            known = {"client_id": self._client, **({} if secret is None else {"client_secret": secret})}
            answer = client.post(found["token_endpoint"], data={**asked, **known})
        if answer.is_server_error:
            answer.raise_for_status()
        said = answer.json()
        if not answer.is_success or not isinstance(said, dict):
            raise ValueError(str(said.get("error")) if isinstance(said, dict) else "no token")
        return said

    def _secret_text(self) -> str | None:
        if self._secret is None:
            return None
        try:
            return self._secret.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise LoginError(
                f"BATTLEMAP_OIDC_CLIENT_SECRET_FILE cannot be read: {self._secret.name}. Let the console read it.",
                "unreachable",
            ) from error

    def _found(self, now: datetime, *, anew: bool = False) -> tuple[Mapping[str, Any], KeySet]:
        """Return the provider's addresses and keys, as it tells them, and keep them for a while."""
        with self._lock:
            known = self._known
        if known and abs(now - known[0]) < (ANEW if anew else KEPT):
            return known[1], known[2]
        try:
            with httpx.Client(timeout=PATIENCE) as client:
                found = _read(client, f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
                self._check(found)
                keys = KeySet.import_key_set(_read(client, found["jwks_uri"]))  # type: ignore[arg-type]
        except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
            raise _unreachable(self.issuer, error) from error
        with self._lock:
            self._known = (now, found, keys)
        return found, keys

    def _check(self, found: Mapping[str, Any]) -> None:
        if found.get("issuer") != self.issuer:
            raise ValueError(f"it calls itself {found.get('issuer')!r}; BATTLEMAP_OIDC_ISSUER must be that very text")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
            if name != "userinfo_endpoint" or name in found:
                checked_address(found[name])


def claim_of(claims: Mapping[str, Any], name: str) -> Any:
    """Return a claim by its name, or by the names that lead to it, with dots between them; None where it is not there."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def checked_address(address: str) -> str:
    """Return an address by https, or of this machine; raises ValueError for any other."""
    parts = urlsplit(address)
    if not parts.hostname or parts.scheme not in {"https", "http"} or parts.query or parts.fragment:
        raise ValueError(f"{address!r} is no address: write https://…")
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ValueError(f"{address!r} is not https")
    return address


def _more(client: httpx.Client, address: str, token: Mapping[str, Any], subject: str) -> Mapping[str, Any]:
    """Return what else the provider tells of somebody."""
    answer = client.get(address, headers={"Authorization": f"Bearer {token['access_token']}"})
    answer.raise_for_status()
    said = answer.json()
    if not isinstance(said, dict) or said.get("sub") != subject:
        raise ValueError("it tells of somebody else than it vouches for")
    return said


def _read(client: httpx.Client, address: str) -> dict[str, Any]:
    answer = client.get(address)
    answer.raise_for_status()
    said = answer.json()
    if not isinstance(said, dict):
        raise TypeError(f"{address} is no table")
    return said


def _said(error: Exception) -> str:
    """Return what an error says, without what a request held."""
    if isinstance(error, httpx.HTTPStatusError):
        return (
            f"status {error.response.status_code}"  # its own text has the address, which may hold more than it should
        )
    return (str(error) or type(error).__name__)[:200]


def _unreachable(issuer: str, error: Exception) -> LoginError:
    return LoginError(f"{issuer} does not answer as a provider of OpenID Connect: {_said(error)}", "unreachable")


@lru_cache(maxsize=4)
def provider_of(issuer: str, client: str, secret: Path | None, folder: Path | None) -> Provider:
    """Return the provider of some settings, the same object each time, so that its keys are kept.

    Raises
    ------
    RulesError
        ``identity.toml`` has faults under ``[oidc]``; names them.
    """
    return Provider(issuer, client, secret, claim_rules(rules.read(FILE, rules.folders_of(None, folder))))


def claim_rules(said: Mapping[str, Any]) -> ClaimRules:
    """Read ``[oidc]`` of ``identity.toml``; raises RulesError, which names every fault."""
    table = said.get("oidc")
    table = table if isinstance(table, dict) else {}
    faults: list[str] = []
    name = _checked(table.get("name"), _is_word, "oidc.name is the name of a claim", faults)
    asked = _checked(table.get("scopes"), _are_words, "oidc.scopes is a list of words, openid among them", faults)
    leeway = _checked(table.get("leeway_seconds"), _is_seconds, "oidc.leeway_seconds lies from 0 to 300", faults)
    made = [_rule(i, rule, faults) for i, rule in enumerate(table.get("rules", []), start=1)]
    if faults:
        raise RulesError(f"identity.toml has {len(faults)} fault(s) in [oidc]:", faults)
    return ClaimRules(name, tuple(asked), timedelta(seconds=leeway), tuple(filter(None, made)))


def _rule(number: int, rule: Any, faults: list[str]) -> ClaimRule | None:
    where, rule = f"oidc.rules, number {number}", rule if isinstance(rule, dict) else {}
    texts = {key: rule.get(key) for key in ("claim", "is", "role", "scope")}
    if not all(_is_word(text) for text in texts.values()) or set(rule) - set(texts):
        faults.append(f"{where}: needs claim, is, role and scope, each a text, and nothing else")
        return None
    given = [role for role in GIVEN if role is not Role.WALL and role.value == texts["role"]]
    if not given:
        faults.append(f"{where}: {texts['role']!r} is no role that a person may have")
        return None
    try:
        require_shape(given[0], Scope.read(FILLED.sub("x", str(texts["scope"]))))
    except AccessError as error:
        faults.append(f"{where}: {error}")
        return None
    return ClaimRule(str(texts["claim"]), str(texts["is"]), given[0], str(texts["scope"]))


def _checked(value: Any, fits: Callable[[Any], bool], wanted: str, faults: list[str]) -> Any:
    if fits(value):
        return value
    faults.append(f"{wanted}; it is {value!r}")
    return 0 if "seconds" in wanted else ""


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_words(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_word, value)) and "openid" in value


def _is_seconds(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 300  # noqa: PLR2004  said in words
