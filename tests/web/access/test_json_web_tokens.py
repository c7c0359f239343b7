"""JSON Web Tokens at the door: the attacks that are known, and those that the library leaves to its caller."""

from __future__ import annotations

import hmac
import json
from datetime import timedelta

import pytest
from joserfc import jwe
from joserfc.jwk import RSAKey

from tests.support.api import NOW, Clock
from tests.support.issuer import SETTINGS, Issuer, claims, encoded, seconds
from trueup.config.token_trust import refuse_weak
from trueup.model.access import Role
from trueup.model.errors import ConfigurationError
from trueup.model.settings import JwtSettings
from trueup.web.access.issuer_keys import IssuerKeys
from trueup.web.access.json_web_tokens import JsonWebTokens
from trueup.web.access.principal import Principal
from trueup.web.access.verifying import Rejected


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    """The issuer whose tokens are believed."""
    return Issuer()


def judged(issuer: Issuer, token: str, settings: JwtSettings = SETTINGS) -> Principal | Rejected:
    return JsonWebTokens(settings=settings, keys=IssuerKeys(fetch=issuer.fetch), clock=Clock()).verify(token)


def refused(issuer: Issuer, token: str) -> bool:
    return isinstance(judged(issuer, token), Rejected)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_right_token_of_each_algorithm_comes_in(issuer: Issuer, algorithm: str) -> None:
    expected = Principal(actor="jwt:ada", role=Role.ADMIN, proven_at=NOW - timedelta(minutes=1))
    assert judged(issuer, issuer.token(algorithm=algorithm)) == expected


@pytest.mark.parametrize(
    ("changed", "age"),
    [
        ({"auth_time": seconds(NOW) - 600}, timedelta(minutes=10)),
        ({"auth_time": None}, timedelta(minutes=1)),
        ({"auth_time": True}, timedelta(minutes=1)),
        ({"auth_time": 10**30}, timedelta(minutes=1)),
        ({"auth_time": "x"}, timedelta(minutes=1)),
    ],
)
def test_the_subject_was_proven_when_it_signed_in_and_otherwise_when_the_token_was_issued(
    issuer: Issuer, changed: dict[str, object], age: timedelta
) -> None:
    principal = judged(issuer, issuer.token({**claims(), **changed}))
    assert isinstance(principal, Principal)
    assert principal.proven_at == NOW - age


def test_an_algorithm_that_is_not_configured_is_not_believed(issuer: Issuer) -> None:
    settings = JwtSettings(
        issuer=SETTINGS.issuer, audience=SETTINGS.audience, jwks_url=SETTINGS.jwks_url, roles=SETTINGS.roles
    )
    assert isinstance(judged(issuer, issuer.token(), settings), Principal)
    assert isinstance(judged(issuer, issuer.token(algorithm="ES256"), settings), Rejected)


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", "null"])
@pytest.mark.parametrize("signature", ["", "AAAA"])
def test_no_signature_is_no_proof(issuer: Issuer, name: str, signature: str) -> None:
    head = encoded({"alg": name, "typ": "JWT", "kid": "rsa-1"})
    assert refused(issuer, f"{head}.{encoded(claims())}.{signature}")


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_the_public_key_is_no_shared_secret(issuer: Issuer, algorithm: str) -> None:
    """The old confusion of HS256 and RS256: what everybody knows signs nothing."""
    public = issuer.rsa.as_pem(private=False)
    for secret in (public, public.strip(), json.dumps(issuer.rsa.as_dict(private=False)).encode()):
        head = encoded({"alg": algorithm, "typ": "JWT", "kid": "rsa-1"})
        signed = f"{head}.{encoded(claims())}"
        digest = algorithm.lower().replace("hs", "sha")
        signature = encoded(hmac.digest(secret, signed.encode(), digest))  # the library refuses to
        assert refused(issuer, f"{signed}.{signature}")


@pytest.mark.parametrize(
    "named", ["RS384", "RS512", "PS256", "ES384", "Ed25519", "rs256", "RS256 ", ["RS256"], None, 1]
)
def test_the_header_s_algorithm_is_one_of_ours_by_its_exact_name(issuer: Issuer, named: object) -> None:
    assert refused(issuer, issuer.token(header={"alg": named}))


def test_a_key_is_for_one_algorithm(issuer: Issuer) -> None:
    """An elliptic key under the name of an RSA signature, and the other way round."""
    assert refused(issuer, issuer.token(header={"alg": "RS256"}, algorithm="ES256"))
    assert refused(issuer, issuer.token(header={"alg": "ES256"}))
    assert refused(issuer, issuer.token(header={"kid": "ec-1"}))


def test_another_key_under_the_same_name_signs_nothing(issuer: Issuer) -> None:
    stranger = RSAKey.generate_key(2048, {"kid": "rsa-1"})
    assert refused(issuer, issuer.token(key=stranger))
    for header in (
        {"jwk": stranger.as_dict(private=False)},
        {"jku": "https://evil.example.com/keys"},
        {"x5u": "https://evil.example.com/cert"},
        {"x5c": ["MIIB"]},
    ):
        assert refused(issuer, issuer.token(key=stranger, header=header)), header


@pytest.mark.parametrize(
    "kid",
    [
        None,
        "",
        "rsa-2",
        "RSA-1",
        "rsa-1 ",
        "../../dev/null",
        "rsa-1' OR '1'='1",
        "\0",
        "k" * 5000,
        ["rsa-1"],
        {},
        1,
        True,
    ],
)
def test_the_key_s_name_is_a_name_that_the_issuer_publishes(issuer: Issuer, kid: object) -> None:
    assert refused(issuer, issuer.token(header={"kid": kid}))


@pytest.mark.parametrize("kind", [None, "", "at+jwt", "JWS", "jwt2", "application/at+jwt", ["JWT"], 1])
def test_the_type_is_required_and_ours_to_check(issuer: Issuer, kind: object) -> None:
    """joserfc does not look at ``typ``: without our look an id token would pass for an access token."""
    assert refused(issuer, issuer.token(header={"typ": kind}))


@pytest.mark.parametrize("kind", ["JWT", "jwt", "application/jwt", "application/JWT"])
def test_a_type_is_compared_as_a_media_type(issuer: Issuer, kind: str) -> None:
    assert not refused(issuer, issuer.token(header={"typ": kind}))


def test_an_access_token_s_type_can_be_asked_for(issuer: Issuer) -> None:
    settings = JwtSettings(
        issuer=SETTINGS.issuer,
        audience=SETTINGS.audience,
        jwks_url=SETTINGS.jwks_url,
        type="at+jwt",
        roles=SETTINGS.roles,
    )
    assert isinstance(judged(issuer, issuer.token(header={"typ": "at+jwt"}), settings), Principal)
    assert isinstance(judged(issuer, issuer.token(), settings), Rejected)


@pytest.mark.parametrize("header", [{"crit": ["exp"]}, {"crit": []}, {"b64": False, "crit": ["b64"]}, {"b64": False}])
def test_an_extension_that_must_be_understood_is_not(issuer: Issuer, header: dict[str, object]) -> None:
    assert refused(issuer, issuer.token(header=header))


def test_a_header_that_nobody_needs_is_passed_over(issuer: Issuer) -> None:
    assert not refused(issuer, issuer.token(header={"x5t": "abc", "ver": "2.0"}))


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": None},
        {"iss": ""},
        {"iss": "https://id.example.com"},
        {"iss": "https://id.example.com/.evil.example.com"},
        {"iss": ["https://id.example.com/"]},
        {"aud": None},
        {"aud": ""},
        {"aud": []},
        {"aud": "trueup2"},
        {"aud": ["another", "TRUEUP"]},
        {"aud": {"trueup": True}},
        {"exp": None},
        {"exp": "2999-01-01"},
        {"exp": str(seconds(NOW) + 300)},
        {"exp": True},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": seconds(NOW) - 30},
        {"exp": -1},
        {"nbf": seconds(NOW) + 31},
        {"nbf": "now"},
        {"iat": seconds(NOW) + 31},
        {"iat": []},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "a\nb"},
        {"sub": "a\u202eb"},
        {"sub": "a" * 201},
        {"roles": None},
        {"roles": []},
        {"roles": "nobody"},
        {"roles": ["admin"]},
        {"roles": 1},
        {"roles": {"billing-admin": True}},
        {"roles": [["billing-admin"]]},
        {"roles": "billing-admin,root"},
    ],
)
def test_a_claim_that_is_missing_or_wrong_is_refused(issuer: Issuer, changed: dict[str, object]) -> None:
    assert refused(issuer, issuer.token(claims(**changed)))


@pytest.mark.parametrize(
    ("changed", "role"),
    [
        ({"aud": ["another", "trueup"]}, Role.ADMIN),
        ({"exp": seconds(NOW) - 29}, Role.ADMIN),
        ({"exp": seconds(NOW) + 0.5}, Role.ADMIN),
        ({"nbf": None, "iat": None}, Role.ADMIN),
        ({"nbf": seconds(NOW) + 30, "iat": seconds(NOW) + 30}, Role.ADMIN),
        ({"roles": "billing-read"}, Role.VIEWER),
        ({"roles": ["root", "billing-read", 7]}, Role.SUPER_ADMIN),
    ],
)
def test_a_claim_at_the_edge_holds(issuer: Issuer, changed: dict[str, object], role: Role) -> None:
    principal = judged(issuer, issuer.token(claims(**changed)))
    assert isinstance(principal, Principal)
    assert (principal.actor, principal.role) == ("jwt:ada", role)


def test_the_role_stands_in_the_configured_claim_alone(issuer: Issuer) -> None:
    body = claims(roles=None, role="billing-admin", groups=["billing-admin"], scope="billing-admin")
    assert refused(issuer, issuer.token(body))


def test_what_was_changed_after_signing_is_refused(issuer: Issuer) -> None:
    head, _, signature = issuer.token().split(".")
    assert refused(issuer, f"{head}.{encoded(claims(roles=['root']))}.{signature}")
    assert refused(issuer, f"{head}.{encoded(claims())}.")
    other = issuer.token(claims(sub="bob")).split(".")[2]
    assert refused(issuer, f"{head}.{encoded(claims())}.{other}")


def test_what_is_no_token_is_refused_without_a_fault(issuer: Issuer) -> None:
    head, body, signature = issuer.token().split(".")
    doubled = encoded(b'{"alg":"none","alg":"RS256","typ":"JWT","kid":"rsa-1"}')
    for wrong in (
        "..",
        "a.b.c",
        f"{head}=.{body}.{signature}",
        f" {head}.{body}.{signature}",
        f"{head}.{body}.{signature}==",
        f"{doubled}.{body}.{signature}",
        f"{encoded([1])}.{body}.{signature}",
        f"{encoded(['alg'])}.{body}.{signature}",
        f"{encoded(b'[' * 300)}.{body}.{signature}",
        f"{encoded(chr(0xFFFD))}.{body}.{signature}",
        f"{head}.{encoded(b'x' * 9000)}.{signature}",
        f"\u00e9{head}.{body}.{signature}",
    ):
        assert refused(issuer, wrong), wrong
    assert refused(issuer, issuer.token("just a string"))
    assert refused(issuer, issuer.token([claims()]))


def test_an_encrypted_token_is_not_ours_to_open(issuer: Issuer) -> None:
    public = RSAKey.import_key(issuer.rsa.as_dict(private=False))
    sealed = jwe.encrypt_compact({"alg": "RSA-OAEP", "enc": "A128GCM", "kid": "rsa-1"}, b"{}", public)
    tokens = JsonWebTokens(settings=SETTINGS, keys=IssuerKeys(fetch=issuer.fetch), clock=Clock())
    assert not tokens.accepts(sealed)
    assert isinstance(tokens.verify(sealed), Rejected)


def test_the_claimed_name_is_read_without_being_believed(issuer: Issuer) -> None:
    tokens = JsonWebTokens(settings=SETTINGS, keys=IssuerKeys(fetch=issuer.fetch), clock=Clock())
    assert tokens.claimed_name(f"x.{encoded({'sub': 'eve'})}.y") == "jwt:eve"
    for odd in ("x.y.z", f"x.{encoded([1])}.y", f"x.{encoded({'sub': 1})}.y", f"x.{encoded(b'[' * 900)}.y"):
        assert tokens.claimed_name(odd) is None


@pytest.mark.parametrize("name", ["none", "HS256", "RS512", "PS256", "rs256", ""])
def test_a_config_cannot_allow_more_than_we_do(name: str) -> None:
    settings = JwtSettings(
        issuer="i", audience="a", jwks_url="u", algorithms=("RS256", name), roles={"admin": ("billing-admin",)}
    )
    with pytest.raises(ConfigurationError, match=r"server\.jwt\.algorithms"):
        refuse_weak(settings, place="trueup.toml")


def test_a_config_that_lets_nobody_in_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="would accept no token"):
        refuse_weak(JwtSettings(issuer="i", audience="a", jwks_url="https://i.example.com"), place="trueup.toml")


@pytest.mark.parametrize("address", ["http://i.example.com", "i.example.com", "file:///keys", "HTTPS:i"])
def test_keys_come_over_an_encrypted_connection(address: str) -> None:
    settings = JwtSettings(issuer="i", audience="a", jwks_url=address, roles={"admin": ("billing-admin",)})
    with pytest.raises(ConfigurationError, match=r"server\.jwt\.jwks_url"):
        refuse_weak(settings, place="trueup.toml")
