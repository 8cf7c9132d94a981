"""What the rooms below say in arguments of Python, said in options of the command line."""

import ast
import re
import shlex

_OPTIONS = {
    "account": "account",
    "address": "address",
    "base_url": "base-url",
    "confirm": "confirm",
    "conversation_id": "conversation-id",
    "delimiter": "delimiter",
    "duplicates": "duplicates",
    "email_id": "email-id",
    "encoding": "encoding",
    "exclude": "exclude",
    "header": "header",
    "hidden": "hidden",
    "key": "key",
    "ledger": "ledger",
    "limit": "limit",
    "mailing": "mailing",
    "member": "member",
    "overlap": "overlap",
    "project_id": "project",
    "provider": "provider",
    "quote": "quote",
    "rate": "rate",
    "reply_to": "reply-to",
    "sender": "sender",
    "sheet": "sheet",
    "subject": "subject",
    "tag": "tag",
    "template": "template",
    "timeout": "timeout",
    "topic_id": "topic",
}
#: Whose values stand in the sentences as Python writes them.
_AS_WRITTEN = frozenset({"delimiter", "member", "quote", "sheet"})
_PAIRS = {"variables": "var", "defaults": "default"}

_NAMES = "|".join(_OPTIONS)
_WRITTEN = r'"(?:[^"\\]|\\.)*"|' + r"'(?:[^'\\]|\\.)*'"
#: A number or a word without quotation marks; a stop that ends the sentence is not of it.
_BARE = r"-?\w(?:[\w/.+-]*[\w/])?"
_UNDERSCORED = "|".join(name for name in _OPTIONS if "_" in name)

#: Tried in this order; what none of them knows stays as it is.
_RULES: list[tuple[str, str]] = [
    (r"type: plan\.send\(client, confirm='?(\w+)'?\)", r"add: --confirm \1"),
    (r"Pass mg\.Migma\(api_key=…\) or set", "Set"),
    (r"To rehearse without one: mg\.Sandbox\(\)\.client\(\)\.", "To rehearse without one, leave out --live."),
    (r"mg\.history\(\) or `migma-nb runs` lists", "`migma-nb runs` lists"),
    (
        r"run\.unknown says for each what is uncertain, and what you can do",
        "`migma-nb report RUN` says for each what is uncertain, and what you can do",
    ),
    (
        r"run\.retry\(\) sends to them as they are",
        "`migma-nb resume RUN --only-refused` sends to them as they are",
    ),
    (r"send the plan again before", "`migma-nb resume RUN` with the options of the send, before"),
    (r"run\.reconcile\(\) looks", "`migma-nb resume RUN --reconcile` looks"),
    (r"(?<!\.)\brun\.resolve\(", "in Python mg.open_run('RUN').resolve("),
    (r"Pass a client of that account: run\.reconcile\(client\)", "Give --base-url or --account as then"),
    (r"Give the same base_url= and account= as then", "Give the same --base-url and --account as then"),
    (r"run\.frame says why for each", "`migma-nb report RUN --out FILE.csv` says why for each"),
    (r", see run\.frame", ""),
    (r", or read it with pandas and pass the DataFrame", ""),
    (r", or pass pandas\.read_csv\([^)]*\)", ""),
    (r"Pass json\.load\(open\(path\)\), if it is a list of dicts\.", "Save it as CSV UTF-8."),
    (r"Write it again with DataFrame\.to_parquet\.", "Write it again."),
    (r"write mg\.(Tag|Segment|Audience)\(\"the ID\"\)", "write that"),
    (r"; mg\.plan\(…, client=client\) asks Migma", ""),
    (
        r"run\.wait\(\) follows it to its end; from another kernel mg\.open_run\(.*?client\) does",
        "see the dashboard",
    ),
    (r"plan\.preflight\(client\) shows all checks; preflight=False", "--no-preflight"),
    (r"mg\.Tag\(…\)", "--tag"),
    (r"mg\.Segment\(…\)", "--segment"),
    (r"mg\.Audience\(…\)", "--audience"),
    (r"account=\"rows\"", "--read-back"),
    (r"mg\.plan\(result\.tag, mailing=\"…\", …\)", "`migma-nb send --tag ID`"),
    (r", see result\.frame", ""),
    (r"\bcolumns=\{\"(\w+)\": None\}", r"--field \1="),
    (r"\bcolumns=\{[\"'](\w+)[\"']: [\"'](.+?)[\"']\}", r'--field "\1=\2"'),
    (r", see plan\.reading", ""),
    (r"plan\.issues", "`migma-nb check`"),
    (r"\bskip_invalid=True", "--skip-invalid"),
    (r"\bresubscribe=True", "--resubscribe"),
    (r"\btransactional=True", "--transactional"),
    (r"\btransactional=False", "--marketing"),
]


def for_terminal(text: str) -> str:
    """Return a sentence of the rooms below as somebody at a terminal can follow it.

    Args:
        text: a message, a hint or a summary (str).
    """
    for pattern, instead in _RULES:
        text = re.sub(pattern, instead, text)
    text = re.sub(
        r"\b(variables|defaults)=\{([\"'])(.+?)\2: (?:([\"'])(.+?)\4|([^},\s]+))[^}]*\}", _as_pair, text
    )
    text = re.sub(rf"\b({_NAMES})=({_WRITTEN}|{_BARE})?", _as_option, text)
    return re.sub(rf"\b({_UNDERSCORED})\b", lambda found: f"--{_OPTIONS[found[1]]}", text)


def _as_pair(found: re.Match[str]) -> str:
    pair = f"{found[3]}={found[5] or found[6]}"
    return f"--{_PAIRS[found[1]]} {_quoted(pair)}"


def _as_option(found: re.Match[str]) -> str:
    name, value = found[1], found[2]
    option = f"--{_OPTIONS[name]}"
    if not value:
        return option
    if name not in _AS_WRITTEN or value[0] not in "\"'":
        return f"{option} {_quoted(value.strip(chr(34) + chr(39)))}"
    plain = str(ast.literal_eval(value))
    return f"{option} {'tab' if plain == chr(9) else _quoted(plain)}"


def _quoted(value: str) -> str:
    if re.fullmatch(r"[\w@%+=:,./…-]+", value):
        return value
    return shlex.quote(value) if any(sign in value for sign in '"$`\\') else f'"{value}"'
