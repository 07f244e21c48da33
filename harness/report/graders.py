"""Records in the forms that others read: JUnit XML, Gradescope's results.json, GitHub Classroom's autograding.

All are functions of the record alone. What a student may have written is cut and without control characters.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from xml.etree import ElementTree as ET

from .untrusted import cut, number

Record = Mapping[str, Any]
NAME, TEXT = 200, 10_000
ERRORS = ("error", "timeout", "died", "infra")  # JUnit tells what stopped from what is wrong
VISIBILITIES = ("visible", "after_due_date", "after_published", "hidden")
# The answer reaches the reporter in an environment variable, as base64: 128 KiB at most on Linux.
CLASSROOM_BYTES, CLASSROOM_TEXTS = 90_000, (4000, 1000, 200, 40, 0)


def junit(records: Iterable[Record]) -> str:
    """One suite for each submission, one case for each check; a submission without checks is a case of its own."""
    root = ET.Element("testsuites", name="backprove")
    for record in records:
        checks = list(record.get("checks") or ())
        if not checks:
            checks = [_nothing(record)]
        counts = {
            "tests": len(checks),
            "failures": sum(_outcome(check) == "failure" for check in checks),
            "errors": sum(_outcome(check) == "error" for check in checks),
            "skipped": sum(_outcome(check) == "skipped" for check in checks),
        }
        name = cut(record.get("submission"), NAME)
        suite = ET.SubElement(root, "testsuite", {"name": name} | {key: str(value) for key, value in counts.items()})
        facts = {key: record.get(key) for key in ("pack", "score", "max_score", "isolation")}
        properties = ET.SubElement(suite, "properties")
        for key, value in (facts | dict(record.get("versions") or {})).items():
            _ = ET.SubElement(properties, "property", name=cut(key, NAME), value=cut(value, NAME))
        for check in checks:
            file = cut(check.get("file") or record.get("pack"), NAME)
            case = ET.SubElement(suite, "testcase", classname=file, name=cut(check.get("id"), NAME))
            if outcome := _outcome(check):
                message = cut(check.get("message"), TEXT)
                about = {"type": cut(check.get("status"), NAME), "message": message.partition("\n")[0]}
                ET.SubElement(case, outcome, about).text = _full(check, TEXT)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def gradescope(record: Record, visible: Callable[[Record], str] | None = None) -> str:
    """For /autograder/results/results.json. `visible` says of a check who sees it when: one of `VISIBILITIES`.

    If it hides one, Gradescope does not show the student the total either.
    """
    tests = []
    for check in record.get("checks") or ():
        who = "visible" if visible is None else visible(check)
        if who not in VISIBILITIES:
            raise ValueError(f"the visibility of {check.get('id')} is {who!r}, but should be one of {VISIBILITIES}")
        tests.append(
            {
                "name": _title(check),
                "score": number(check.get("points")),
                "max_score": number(check.get("max_points")),
                "status": "passed" if check.get("status") == "pass" else "failed",
                "output": _full(check, TEXT),
                "visibility": who,
            }
        )
    about = {
        "score": number(record.get("score")),
        "output": cut(record.get("message"), TEXT) or _summary(record),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "stdout_visibility": "hidden",  # it is the grader's
        "extra_data": {key: cut(record.get(key), NAME) for key in ("pack", "isolation")},
    }
    return _json(about | {"tests": tests})


def classroom(record: Record) -> str:
    """For the autograding reporter, once it is base64: `echo "result=$(base64 -w0 FILE)" >> "$GITHUB_OUTPUT"`.

    The points come from each test's score; the table in the reporter's log counts tests that pass.
    """
    text = ""
    for most in CLASSROOM_TEXTS:  # the longest messages that fit
        text = _json(_classroom(record, most))
        if len(text.encode()) <= CLASSROOM_BYTES:
            break
    return text


def _classroom(record: Record, most: int) -> dict[str, Any]:
    tests = []
    for check in record.get("checks") or [_nothing(record)]:
        status = {"": "pass", "error": "error"}.get(_outcome(check), "fail")
        message = None if status == "pass" else _full(check, most)
        told = {"name": _title(check), "status": status, "message": message, "score": number(check.get("points"))}
        tests.append(told | {"line_no": 0, "execution_time": ""})
    statuses = {test["status"] for test in tests}
    status = next((one for one in ("fail", "error") if one in statuses), "pass")
    return {"version": 1, "status": status, "max_score": number(record.get("max_score")), "tests": tests}


def _nothing(record: Record) -> dict[str, Any]:
    """In place of the checks, where there are none: never a pass."""
    return {"id": "submission", "status": "error", "message": record.get("message") or "nothing was checked"}


def _outcome(check: Record) -> str:
    """JUnit's word; none for what is right."""
    status = check.get("status")
    if status == "pass":
        return ""
    return "skipped" if status == "skipped" else "error" if status in ERRORS else "failure"


def _title(check: Record) -> str:
    """The id, and what it is in the student's own words."""
    id, target = cut(check.get("id"), NAME), cut(check.get("target"), NAME)
    return f"{id} ({target})" if target and target != id else id


def _full(check: Record, most: int) -> str:
    """All that is said of a check, in text."""
    message = cut(check.get("message"), most)
    if check.get("status") == "pass":
        return message
    hint, case = (f"{key}: {said}" if (said := cut(check.get(key), most)) else "" for key in ("hint", "case"))
    lines = [cut(check.get("status"), NAME), message, "" if hint in message else hint, case]
    return "\n".join(line for line in lines if line)


def _summary(record: Record) -> str:
    checks = list(record.get("checks") or ())
    return f"{sum(check.get('status') == 'pass' for check in checks)} of {len(checks)} checks are right"


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
