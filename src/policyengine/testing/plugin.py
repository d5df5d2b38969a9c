"""The cases of policies as ordinary pytest items.

Any ``*.test.yaml`` below a folder ``tests`` that stands beside a bundle is collected. Nothing of the engine is
imported until such a file is met, so other pytest runs pay nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from policyengine.testing.folders import SUFFIX, bundle_of_cases

if TYPE_CHECKING:
    from policyengine.testing.deciding import CaseRunner
    from policyengine.testing.model import Case, Outcome


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    """A collector for a file of policy cases; None for every other file."""
    if not file_path.name.endswith(SUFFIX):
        return None
    folder = bundle_of_cases(file_path)
    if folder is None:
        return None
    return PolicyCases.from_parent(parent, path=file_path, folder=folder)


class _Runners:
    """One runner for each bundle of a session; a bundle that cannot be used is remembered by its faults."""

    def __init__(self) -> None:
        self._of: dict[Path, CaseRunner | str] = {}

    def of(self, folder: Path) -> CaseRunner | str:
        """The runner of the bundle in ``folder``, or the rendered faults."""
        if folder not in self._of:
            self._of[folder] = _made(_near(folder))
        return self._of[folder]

    def close(self) -> None:
        """Free every engine."""
        for runner in self._of.values():
            if not isinstance(runner, str):
                runner.close()
        self._of.clear()


def _made(folder: Path) -> CaseRunner | str:
    from policyengine.diagnostics import Diagnostics
    from policyengine.errors import BundleError
    from policyengine.loading import load_bundle
    from policyengine.testing.deciding import CaseRunner
    from policyengine.testing.strays import tell_strays

    strays = Diagnostics()
    tell_strays(folder, strays)
    if strays.failed:
        return "\n\n".join(d.render() for d in strays)
    try:
        return CaseRunner(load_bundle(folder))
    except BundleError as e:
        return str(e)


_RUNNERS = pytest.StashKey[_Runners]()


def _runners(config: pytest.Config) -> _Runners:
    if _RUNNERS not in config.stash:
        runners = _Runners()
        config.stash[_RUNNERS] = runners
        config.add_cleanup(runners.close)
    return config.stash[_RUNNERS]


def _near(path: Path) -> Path:
    """The path as a person in the current folder would write it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


class PolicyCases(pytest.File):
    """A file of cases. Faults of it, or of its bundle, fail the collection and are told with their places."""

    def __init__(self, *, folder: Path, **more: Any) -> None:  # noqa: ANN401 - pytest's own arguments
        super().__init__(**more)
        self._folder = folder

    def collect(self) -> Iterator[pytest.Item]:
        """The cases of the file as items."""
        from policyengine.diagnostics import Diagnostics
        from policyengine.testing.cases import read_file

        runner = _runners(self.config).of(self._folder)
        if isinstance(runner, str):
            raise self.CollectError(runner)
        sink = Diagnostics()
        relative = self.path.relative_to(self._folder).as_posix()
        cases = read_file(runner.bundle, self.path, _near(self.path).as_posix(), relative, sink)
        if sink.failed or not cases:
            told = [d.render() for d in sink] or [f"{_near(self.path)}: no case was found"]
            raise self.CollectError("\n\n".join(told))
        for case in cases:
            yield PolicyCase.from_parent(self, name=case.name, case=case, runner=runner)


class NotAsExpected(Exception):  # noqa: N818 - never seen by its name: the item prints its text
    """A case that did not pass."""

    def __init__(self, outcome: Outcome) -> None:
        from policyengine.testing.formats import outcome_text

        super().__init__(outcome_text(outcome))


class PolicyCase(pytest.Item):
    """One case."""

    def __init__(self, *, case: Case, runner: CaseRunner, **more: Any) -> None:  # noqa: ANN401 - pytest's own arguments
        super().__init__(**more)
        self.case = case
        self._runner = runner

    def runtest(self) -> None:
        """Decide the case by every engine and compare. Raises :class:`NotAsExpected` unless it passes."""
        outcome = self._runner.run(self.case)
        if outcome.status != "passed":
            raise NotAsExpected(outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ANN401 - as pytest has it
        """What differs and why; a traceback only for what is no difference."""
        if isinstance(excinfo.value, NotAsExpected):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The file, the line from 0, and the name."""
        return self.path, self.case.span.start.line - 1, self.name
