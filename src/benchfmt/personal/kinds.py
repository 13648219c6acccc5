"""The kinds of personal data, each with the patterns by which texts mention it.

A pattern that fits what is not personal does more harm than one that misses something, so each asks for context where a
form has other meanings: 10.2.0.1 is the version of a driver more often than an address. All patterns are tried at few
places of a text, and bounded, so that a stranger's text costs no more than its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_SHOWN_OF_SECRET = 4
_IT = "it"
"""The group of a pattern that is the personal part; the rest is context."""


def _anything(_text: str) -> bool:
    return True


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of personal data."""

    name: str
    """What its placeholders are called."""
    one: str
    many: str
    patterns: tuple[re.Pattern[str], ...]
    """What fits has the personal part as group `it`."""
    screen: str
    """A pattern of RE2 that fits every text in which a pattern may fit."""
    members: frozenset[str] = frozenset()
    """Names of members, in small letters, whose whole value is of the kind."""
    value: re.Pattern[str] | None = None
    """What such a value looks like."""
    is_personal: Callable[[str], bool] = _anything
    """Whether what fits tells of somebody: many names are everybody's."""

    def shown(self, text: str) -> str:
        """Return what may be shown of a mention; of a secret only its beginning."""
        if self is SECRET:
            return text[:_SHOWN_OF_SECRET] + "…"
        return text


_BEGIN = r"(?<![\w.~/+@%\\-])"
"""Where a path may begin: not inside another one, and not inside a URL."""
_NAME = r"[A-Za-z0-9_][\w.+-]{0,63}"
_HOMES_OF_ALL = frozenset({"shared", "public", "default", "guest", "all"})


def _is_home_of_one(path: str) -> bool:
    return re.split(r"[\\/]", path)[-1].lower() not in _HOMES_OF_ALL


HOME = Kind(
    name="home",
    one="home folder",
    many="home folders",
    patterns=(
        re.compile(rf"{_BEGIN}(?P<it>(?:/[\w.+-]{{1,64}}){{0,3}}/(?:home|Users)/{_NAME})"),
        re.compile(rf"(?<=file://)(?P<it>/(?:home|Users)/{_NAME})"),
        re.compile(
            rf"(?<![A-Za-z0-9])(?P<it>[A-Za-z]:[\\/]{{1,2}}Users[\\/]{{1,2}}{_NAME})", re.IGNORECASE
        ),
        re.compile(rf"{_BEGIN}(?P<it>/root)(?=/[\w.])"),
    ),
    screen=r"(?i)[/\\](?:home|users|root)[/\\]",
    is_personal=_is_home_of_one,
)

_OF_NOBODY = re.compile(
    r"(?:git|no-?reply|info|support|contact|help|hello|office|webmaster|root|"
    r"build|buildd|builder|buildbot|mockbuild|kbuild|abuild|geeko)@"
    r"|[^@]*[@.](?:example(?:\.[a-z]+)?|invalid|test|localhost|noreply\.github\.com)$",
    re.IGNORECASE,
)
"""Addresses of programs, offices and examples; those at which kernels are built stand in the name of each system."""


def _is_of_person(address: str) -> bool:
    return _OF_NOBODY.match(address) is None


EMAIL = Kind(
    name="email",
    one="e-mail address",
    many="e-mail addresses",
    patterns=(
        re.compile(
            r"(?<![\w.+%/@-])(?P<it>[A-Za-z0-9][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){0,4}"
            r"(?=[0-9-]*[A-Za-z])[A-Za-z0-9-]{1,63}\.(?:[A-Za-z]{2}|com|org|net|edu|gov|mil|int|info|dev|tech|cloud|online|science))"
            r"(?![\w@]|\.[A-Za-z0-9]|-[A-Za-z0-9])"
        ),
    ),
    screen="@",
    is_personal=_is_of_person,
)

_NAMES_OF_ALL = frozenset(
    [
        "localhost",
        "unknown",
        "none",
        "null",
        "nil",
        "default",
        "anonymous",
        "root",
        "admin",
        "administrator",
        "user",
        "users",
        "username",
        "test",
        "tester",
        "guest",
        "nobody",
        "git",
        "host",
        "hostname",
        "name",
        "ubuntu",
        "debian",
        "centos",
        "rhel",
        "ec2-user",
        "runner",
        "docker",
        "container",
        "string",
        "true",
        "false",
        "required",
        "optional",
    ]
)


def _is_name_of_one(name: str) -> bool:
    if name.lower() in _NAMES_OF_ALL:
        return False
    return not re.fullmatch(r"[0-9._-]+|localhost\..*|.*\.example(?:\.[a-z]+)?", name)


_WHO = r"[A-Za-z_][A-Za-z0-9_.-]{0,31}"
_WHERE = r"[A-Za-z][A-Za-z0-9.-]{0,252}"
_PLACE_THERE = r":(?=[~/])"
"""How a shell or scp goes on after USER@HOST; a version or a digest after an at-sign does not."""
USER = Kind(
    name="user",
    one="user name",
    many="user names",
    patterns=(
        re.compile(rf"(?<![\w.+%/@:-])(?P<it>{_WHO})(?=@{_WHERE}{_PLACE_THERE})"),
        re.compile(rf"(?<![\w])(?:USER|LOGNAME|USERNAME)=[\"']?(?P<it>{_WHO})"),
    ),
    screen=r"@[A-Za-z][A-Za-z0-9.-]*:[~/]|USER=|LOGNAME=|USERNAME=",
    members=frozenset(
        {"user", "username", "user_name", "login", "login_name", "logname", "userprofile"}
    ),
    value=re.compile(rf"(?P<it>{_WHO})"),
    is_personal=_is_name_of_one,
)
HOST = Kind(
    name="host",
    one="host name",
    many="host names",
    patterns=(
        re.compile(rf"(?<=@)(?P<it>{_WHERE})(?={_PLACE_THERE})"),
        re.compile(r"(?<=\broot@)(?P<it>[A-Za-z][A-Za-z0-9-]{0,62}(?:\.[A-Za-z0-9-]{1,63}){0,4})"),
        re.compile(rf"\b[Hh]ost ?name\s{{0,3}}[:=]\s{{0,3}}[\"']?(?P<it>{_WHERE})"),
        re.compile(rf"(?<![\w])(?:HOSTNAME|COMPUTERNAME)=[\"']?(?P<it>{_WHERE})"),
    ),
    screen=r"(?i)@[a-z][a-z0-9.-]*:[~/]|root@|host ?name|computername",
    members=frozenset(
        {
            "hostname",
            "host_name",
            "nodename",
            "computername",
            "computer_name",
            "machine_name",
            "fqdn",
        }
    ),
    value=re.compile(rf"(?P<it>{_WHERE})"),
    is_personal=_is_name_of_one,
)

_KEY_NAMES = [
    "password",
    "passwd",
    "api_key",
    "api-key",
    "apikey",
    "access_token",
    "access-token",
    "auth_token",
    "auth-token",
    "secret_key",
    "secret-key",
    "secret_access_key",
    "aws_secret_access_key",
    "client_secret",
    "hf_token",
]
_NOT_SECRET = re.compile(
    r"[$%<{(\[*]|(?:none|null|true|false|x+|\.+|-+)$|os\.|env\b", re.IGNORECASE
)
_VALUE = r"[^\s\"',;&<>]{6,256}"


def _is_secret(text: str) -> bool:
    """Whether a text may be a secret: it has a digit or several kinds of characters, and stands for nothing else."""
    if _NOT_SECRET.match(text):
        return False
    return re.search(r"[0-9]|[a-z][A-Z]|[!#?+=]|-----", text) is not None


SECRET = Kind(
    name="secret",
    one="token or key",
    many="tokens and keys",
    patterns=(
        re.compile(r"\b(?P<it>(?:AKIA|ASIA)[0-9A-Z]{16})\b"),
        re.compile(r"\b(?P<it>gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{22,255})\b"),
        re.compile(
            r"(?<![\w-])(?P<it>glpat-[\w-]{20,64}|hf_[A-Za-z0-9]{30,64}|nvapi-[\w-]{40,128})"
        ),
        re.compile(r"(?<![\w-])(?P<it>xox[abprs]-[\w-]{10,128}|AIza[\w-]{35}|sk-[\w-]{32,256})"),
        re.compile(r"(?<![\w-])(?P<it>eyJ[\w-]{8,4096}\.eyJ[\w-]{8,4096}\.[\w-]{8,1024})"),
        re.compile(r"\bBearer\s{1,3}(?P<it>[\w.~+/-]{16,4096}=*)"),
        re.compile(
            r"(?P<it>-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY-----(?:[A-Za-z0-9+/=\s\\]{0,8192}-----END [A-Z ]{0,20}PRIVATE KEY-----)?)"
        ),
        re.compile(r"\b[a-z]{2,8}://[^\s/:@]{1,64}:(?P<it>[^\s/@]{1,128})@"),
        re.compile(
            rf"(?<![A-Za-z0-9])(?:{'|'.join(_KEY_NAMES)})[\"']?\s{{0,3}}[:=]\s{{0,3}}[\"']?(?P<it>{_VALUE})",
            re.IGNORECASE,
        ),
        re.compile(rf"--(?:{'|'.join(_KEY_NAMES)}|token)[ =](?P<it>{_VALUE})", re.IGNORECASE),
    ),
    screen=(
        r"(?i)AKIA[0-9A-Z]|ASIA[0-9A-Z]{8}|gh[pousr]_[a-z0-9]|github_pat_|glpat-|hf_[a-z0-9]{30}|nvapi-|xox[abprs]-|AIza[\w-]"
        r"|sk-[\w-]{32}|eyJ[\w-]|Bearer\s|PRIVATE KEY|://[^\s/:@]{1,64}:[^\s/@]+@|"
        + "|".join(_KEY_NAMES)
    ),
    members=frozenset(_KEY_NAMES),
    value=re.compile(rf"(?P<it>{_VALUE})"),
    is_personal=_is_secret,
)

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_AFTER = r"(?![\w-]|\.[0-9])"
_NOT_INSIDE = r"(?<![\w.-])"
_TEN = rf"10\.{_OCTET}\.{_OCTET}\.{_OCTET}"
ADDRESS = Kind(
    name="address",
    one="private network address",
    many="private network addresses",
    patterns=(
        re.compile(
            rf"{_NOT_INSIDE}(?P<it>(?:192\.168|169\.254|172\.(?:1[6-9]|2[0-9]|3[01]))\.{_OCTET}\.{_OCTET}){_AFTER}"
        ),
        re.compile(
            rf"(?:://|(?<=\w)@|\binet |(?i:\b(?:ip|ip_?addr|ip address|[a-z_]*addr|inet|host|gateway|peer|endpoint)"
            rf"[\"']?\s{{0,2}}[:=]\s{{0,2}}[\"']?))(?P<it>{_TEN}){_AFTER}"
        ),
        re.compile(rf"{_NOT_INSIDE}(?P<it>{_TEN})(?=:[0-9]{{2,5}}(?![\w.]))"),
        re.compile(
            r"(?<![\w:.])(?P<it>fd[0-9a-f]{2}(?::[0-9a-f]{1,4}){1,6}::?[0-9a-f]{1,4})(?![\w:])"
        ),
        re.compile(r"(?<![\w:.])(?P<it>fe80:(?::[0-9a-f]{1,4}){1,7})(?![\w:])"),
    ),
    screen=r"192\.168\.|169\.254\.|172\.[123][0-9]\.|10\.[0-9]+\.[0-9]+\.[0-9]|fe80:|fd[0-9a-f]{2}:[0-9a-f]",
    members=frozenset(
        {"ip", "ip_address", "ipaddress", "ip_addr", "address", "addr", "master_addr", "host"}
    ),
    value=re.compile(rf"(?P<it>{_TEN})"),
)

KINDS = (SECRET, EMAIL, HOME, USER, HOST, ADDRESS)
"""Where two of them fit, the first one counts."""
SCREEN = "|".join(f"(?:{kind.screen})" for kind in KINDS)
"""A pattern of RE2 that fits every text in which something may be mentioned."""
MEMBERS = {member: kind for kind in KINDS for member in kind.members}
"""The kinds by the names of members whose values they are."""
SCREEN_OF_JSON = rf'{SCREEN}|(?i)"(?:{"|".join(MEMBERS)})":"'
"""The same of JSON as benchfmt writes it, where a name may say what a text is."""
