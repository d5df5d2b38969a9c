"""The table of settings. A new one is a new entry here, and nothing else.

Its flag, its environment variable and its key in the file follow from its name, and so does its row in README.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from policyengine.configuration.kinds import Database, Files, Folders, Kind, OneOf, Place, Switch, Text, Value, Whole
from policyengine.engine.settings import DEFAULT, SAMPLE

PREFIX: Final = "POLICYENGINE_"
#: The folder for differences, in the one in which the service is started. It is made when there is the first.
DIFFERENCES: Final = "policyengine-differences"
#: Requests that a worker decides at a time.
CONCURRENCY: Final = 48
#: The decision log, likewise.
LOG: Final = "policyengine-log/decisions.sqlite"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. ``name`` is its key in the file; ``help`` one or two sentences for people.

    ``default_shown`` says in words what the default comes to, where its value does not. A ``secret`` is never shown; it
    has no flag, because everybody on a machine can see the flags of a program. ``in_file`` False: it cannot stand in
    the file.
    """

    name: str
    kind: Kind
    default: Value
    help: str
    default_shown: str = ""
    secret: bool = False
    in_file: bool = True

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return PREFIX + self.name.upper()

    @property
    def flags(self) -> tuple[str, ...]:
        """What gives it on the command line: an option, one and its opposite, or an argument."""
        if self.secret:
            return ()
        if isinstance(self.kind, Folders):
            return ("FOLDER...",)
        words = self.name.replace("_", "-")
        has_opposite = isinstance(self.kind, Switch) or (isinstance(self.kind, Place) and self.kind.without)
        return (f"--{words}", f"--no-{words}") if has_opposite else (f"--{words}",)

    def flag_of(self, value: Value) -> str:
        """The flag that gives it this value."""
        is_opposite = value is None or value is False
        return self.flags[-1] if is_opposite else self.flags[0]

    def shown(self, value: Value) -> str:
        """A value of it as a person would write it; a secret is masked."""
        return "(secret)" if self.secret and value is not None else self.kind.shown(value)

    def told(self, value: Value) -> Value:
        """A value of it as a program takes it, without what must not be shown."""
        return self.shown(value) if value is not None and (self.secret or isinstance(self.kind, Database)) else value

    @property
    def shown_default(self) -> str:
        """Its default, as it is told to people."""
        return self.default_shown or self.kind.shown(self.default)


def _engines() -> Sequence[str]:
    # All engines are loaded for their names, so only when one is named.
    from policyengine.engine.selection import ENGINES

    return ENGINES


def _log_formats() -> Sequence[str]:
    return ("text", "json")


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting("config", Place("FILE"), None, "File of settings, in YAML.", "none", in_file=False),
    Setting("bundles", Folders(), (), "Bundles, or folders of bundles.", "the shipped ones"),
    Setting("watch", Switch(), default=False, help="Load bundles anew when their files change."),
    Setting(
        "require_signature",
        Files(),
        (),
        "Serve only packed bundles that the public key in this file verifies; may be given several times.",
        "none",
    ),
    Setting(
        "ready_requires_current",
        Switch(),
        default=False,
        help="Let `/readyz` answer 503 while an update is refused; without it, it stays at 200 and says so.",
    ),
    Setting("host", Text("ADDRESS"), "127.0.0.1", "Address to listen on."),
    Setting("port", Whole(0, 65535), 8000, "Port to listen on; 0 chooses a free one."),
    Setting("workers", Whole(1, 64), 1, "Processes that answer; each uses at most one processor."),
    Setting(
        "concurrency", Whole(1, 1000), CONCURRENCY, "Requests that each process decides at a time; more are refused."
    ),
    Setting(
        "proxies",
        Whole(0, 10),
        0,
        "How many proxies in front add to `X-Forwarded-For`: the address that is logged is then the one before them.",
    ),
    Setting("access_log", Switch(), default=False, help="Log every request."),
    Setting(
        "log_format", OneOf("log format", _log_formats), "text", "Log lines for people, text, or for programs, json."
    ),
    Setting(
        "keys",
        Place("FILE", without="Let everybody ask who can reach the address."),
        None,
        "File of the keys with which callers may ask.",
        "none; refused where other machines can reach the address",
    ),
    Setting("engine", OneOf("engine", _engines), DEFAULT, "Engine that decides: durable, compiled or reference."),
    Setting(
        "check",
        Switch(),
        default=True,
        help="Compare every match with the twin's, and sampled answers with the reference's.",
    ),
    Setting(
        "sample",
        Whole(0, 1_000_000_000),
        SAMPLE,
        "With checks: compare the first and then every N-th answer of each decision with the reference's; 0 for none.",
    ),
    Setting(
        "differences",
        Place("FOLDER", without="Keep no facts."),
        DIFFERENCES,
        "Where facts are kept, as cases, on which engines differ. They may be personal data.",
    ),
    Setting(
        "log",
        Database("DATABASE", without="Log no decisions."),
        LOG,
        "The decision log: a file of SQLite, or postgresql://USER@HOST/DATABASE.",
    ),
    Setting(
        "log_mask",
        Text("POINTERS"),
        "",
        "Facts to put *** for in the log, with commas between them, such as /input/payments/*/amount.",
        "none",
    ),
    Setting("log_erase", Text("POINTERS"), "", "Facts to leave out of the log, such as /input/buyer/name.", "none"),
    Setting(
        "log_heads", Place("FILE"), None, "Where signed heads of the log go. Keep it elsewhere than the log.", "none"
    ),
    Setting("log_key", Place("FILE"), None, "Private key that signs heads, made by `policyengine log key`.", "none"),
    Setting(
        "answers_without_log",
        Switch(),
        default=False,
        help="Answer even when the log cannot be written, rather than with 503.",
    ),
    Setting(
        "read_log",
        Switch(),
        default=False,
        help="Without keys: let whoever may ask read the log over HTTP, facts and all.",
    ),
)
