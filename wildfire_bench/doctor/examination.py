"""Going through the checks, each in its own time and all in bounded time."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from confluent_kafka import KafkaError, KafkaException

from wildfire_bench.doctor.check import Check, Finding, Severity, all_checks, fail, skipped
from wildfire_bench.doctor.surroundings import Surroundings
from wildfire_bench.errors import InputError, WildfireBenchError

__all__ = ["TOTAL_TIMEOUT_S", "Result", "examine", "worst"]

TOTAL_TIMEOUT_S: Final = 90.0
"""How long all checks together may take; those that come later are skipped."""
_ORDER: Final = (Severity.OK, Severity.SKIPPED, Severity.WARN, Severity.FAIL)
_STOPPED: Final = frozenset({Severity.FAIL, Severity.SKIPPED})


@dataclass(frozen=True, slots=True)
class Result:
    """A check and what it found."""

    check: Check
    finding: Finding
    seconds: float


def examine(
    surroundings: Surroundings,
    only: Sequence[str] = (),
    *,
    tell: Callable[[Result], None] = lambda _: None,
    checks: Mapping[str, Check] | None = None,
    total_timeout_s: float = TOTAL_TIMEOUT_S,
) -> tuple[Result, ...]:
    """Make the checks, one after another.

    Parameters
    ----------
    surroundings
        What is looked at.
    only
        Names of checks, or of topics such as ``s3``; those that they need are made as well. Empty:
        all.
    tell
        Called with each result as it comes.
    checks
        None: all that are registered.
    total_timeout_s
        For all of them together.

    Returns
    -------
    tuple of Result
        In the order of the checks. What a check raises is a finding as well.

    Raises
    ------
    InputError
        If `only` names what does not exist.
    """
    known = all_checks() if checks is None else checks
    deadline = time.monotonic() + total_timeout_s
    results: dict[str, Result] = {}
    for each in _chosen(known, only):
        result = _examine_one(each, surroundings, results, deadline)
        results[each.name] = result
        tell(result)
    return tuple(results.values())


def worst(results: Iterable[Result]) -> Severity:
    """Find the gravest severity; `Severity.OK` for none."""
    found = [result.finding.severity for result in results]
    return max(found, key=_ORDER.index, default=Severity.OK)


def _chosen(known: Mapping[str, Check], only: Sequence[str]) -> list[Check]:
    if not only:
        return list(known.values())
    names = set()
    for wanted in only:
        found = {name for name in known if name == wanted or name.startswith(f"{wanted}.")}
        if not found:
            msg = f"there is no check {wanted!r}: see `wildfire-bench doctor list`"
            raise InputError(msg)
        names |= found
    for name in reversed(list(known)):  # what is needed comes before what needs it
        if name in names:
            names.update(each for each in known[name].needs if each in known)
    return [each for name, each in known.items() if name in names]


def _examine_one(
    check: Check, surroundings: Surroundings, before: Mapping[str, Result], deadline: float
) -> Result:
    for name in check.needs:
        if name not in before:
            return Result(check, skipped(f"{name} could not be made"), 0.0)
        severity = before[name].finding.severity
        if severity in _STOPPED:
            what = "failed" if severity is Severity.FAIL else "was skipped"
            return Result(check, skipped(f"{name} {what}"), 0.0)
    start = time.monotonic()
    patience_s = min(check.timeout_s, deadline - start)
    if patience_s <= 0:
        return Result(check, skipped("the time for all checks was up"), 0.0)
    finding = _in_time(check, surroundings, patience_s)
    return Result(check, _clean(finding, surroundings), time.monotonic() - start)


def _in_time(check: Check, surroundings: Surroundings, patience_s: float) -> Finding:
    """Look in a thread that is left behind when it takes too long: clients in C cannot be ended."""
    answers: queue.SimpleQueue[Finding] = queue.SimpleQueue()

    def look() -> None:
        answers.put(_looked(check, surroundings))

    threading.Thread(target=look, name=f"doctor {check.name}", daemon=True).start()
    try:
        return answers.get(timeout=patience_s)
    except queue.Empty:
        again = f"wildfire-bench doctor --only {check.name}"
        return fail(f"no result within {patience_s:.0f} s", again)


def _looked(check: Check, surroundings: Surroundings) -> Finding:
    try:
        return check.look(surroundings)
    except WildfireBenchError as error:
        text, _, remedy = str(error).rpartition(": ")
        return fail(text or remedy, remedy)
    except KafkaException as error:
        return _refused(error.args[0])
    except Exception as error:  # noqa: BLE001 - one check that breaks must not hide the others
        return fail(
            f"the check itself broke ({type(error).__name__}: {error})",
            f"wildfire-bench doctor --only {check.name}, and report it",
        )


def _refused(error: KafkaError) -> Finding:
    """Tell what the brokers said; what they do not allow is no fault of the set-up."""
    if "AUTHORIZATION" in error.name():
        return skipped(f"the brokers do not allow it ({error.str()})", "grant it, see their ACLs")
    return fail(f"the brokers answered {error.name()}: {error.str()}", "look into their logs")


def _clean(finding: Finding, surroundings: Surroundings) -> Finding:
    """One line each, and no secret in any."""

    def clean(text: str) -> str:
        return surroundings.without_secrets(" ".join(text.split()))

    return replace(
        finding,
        text=clean(finding.text),
        remedy=finding.remedy and clean(finding.remedy),
        details=tuple(clean(each) for each in finding.details),
    )
