"""The reports of `grade`: complete, harmless whatever a student wrote, and to be read on a phone and in the dark."""

import json
import re
import shutil
import struct
import subprocess
from collections.abc import Callable, Mapping
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from harness.report import graders, heatmap
from harness.report.handin_html import CARDS, STATUSES, TEMPLATE, WAITING, Evidence, html

HOSTILE = (
    "</pre></style><script>alert('boo')</script>{{ 7 * 7 }}<img src=https://example.org/x onerror=alert(1)>"
    "\" onclick='steal()' {% include '/etc/passwd' %} ]]> &amp; \x00\x07\x1b[31m\x9b\u202e\ud800\r\f end"
)
VOID = {"meta", "path"}


def check(status: str = "pass", id: str = "linear.forward", **fields: Any) -> dict[str, Any]:
    """One entry of a record."""
    points = 1.0 if status == "pass" else 0.0
    about = {"id": id, "file": "modules.py", "target": "LinearModule.forward", "status": status, "points": points}
    return about | {"max_points": 1.0, "verdict": "", "pattern": "", "message": "", "case": ""} | fields


def record(*checks: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """As `grade --json` writes it."""
    score, most = (sum(one[key] for one in checks) for key in ("points", "max_points"))
    about = {"pack": "uva-mlp", "submission": "all/group-17", "score": score, "max_score": most, "isolation": "A"}
    return about | {"versions": {"numpy": "2.4.6"}, "checks": list(checks)} | fields


class Page(HTMLParser):
    """What a browser would see: tags, attributes, texts; every tag closed in its turn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def every(self, attribute: str) -> list[str]:
        """All values of an attribute."""
        return [value for _, attributes in self.tags if (value := attributes.get(attribute)) is not None]


def harmless(page: str) -> Page:
    """No script, nothing from elsewhere, no handlers, no control characters; links lead to places on the page."""
    parsed = Page(page)
    names = {tag for tag, _ in parsed.tags}
    assert not names & {"script", "img", "link", "iframe", "object", "embed", "form", "base", "image", "use", "a:href"}
    attributes = {name for _, all_ in parsed.tags for name in all_}
    assert not {name for name in attributes if name.startswith("on")} | attributes & {"src", "srcset", "action"}
    style = page[page.index("<style>") : page.index("</style>")]
    assert not re.search(r"url\(|@import|expression|http", style)
    assert {link[0] for link in parsed.every("href")} <= {"#"}
    assert {link[1:] for link in parsed.every("href")} <= set(parsed.every("id"))
    assert len(parsed.every("id")) == len(set(parsed.every("id")))
    assert all(one == "\n" or one.isprintable() for one in page)
    assert all(re.fullmatch(r"flex-grow:[\d.]+|width:\d+%", value) for value in parsed.every("style"))
    return parsed


def wrong(shape: tuple[int, ...], *at: tuple[int, ...], by: float = 1.0) -> Evidence:
    """Arrays that differ at these entries."""
    want = np.array(np.arange(float(np.prod(shape))).reshape(shape) / 4)
    got = np.array(want)
    for index in at:
        got[index] += by
    return Evidence(got, want, "d_weight")


def test_the_page_says_all_that_the_record_says() -> None:
    """Score, level, versions; of a check its function, points, claim, details, pattern, hint, counterexample, case."""
    message = "linear.backward.weight: d_weight[0, 1] is 3, but should be 2\n  all in row 0\n  pattern: transposed"
    fields = {"message": message, "pattern": "transposed", "hint": "Which axis is summed?", "case": "linear/B=2"}
    one = check("fail", "linear.backward.weight", target="LinearModule.backward", points=0.5, **fields)
    one["counterexample"] = "import numpy as np\nx = np.array([[1.0]])"
    all_ = record(check(), one, title="The NumPy assignment", message="two files were missing")
    page = harmless(html(all_, {"linear.backward.weight": wrong((2, 3), (0, 1))}))
    for said in (
        *("The NumPy assignment", "group-17", "1.5 of 2 points", "1 of 2 checks are right; 1 wrong.", "level A"),
        *("numpy 2.4.6", "two files were missing", "LinearModule.backward", "modules.py", "linear.backward.weight"),
        *("d_weight[0, 1] is 3, but should be 2", "all in row 0", "transposed", "Which axis is summed?", "linear/B=2"),
        *("x = np.array([[1.0]])", "d_weight: 1 of 6 entries are wrong, shape (2, 3)", "0.5 / 1"),
    ):
        assert said in page.text
    assert page.text.count("transposed") == 1
    assert "all/" not in page.text


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_its_word_and_its_sign(status: str) -> None:
    """And its message in the page; only a pass is called right."""
    page = harmless(html(record(check(status, message="so it is")), {}))
    assert f"{STATUSES[status].sign} {STATUSES[status].word}" in page.text
    assert "so it is" in page.text
    assert ("is right." in page.text) == (status == "pass")


def test_statuses_are_those_of_the_design() -> None:
    """Each of them has a place on the page."""
    design = "pass|fail|unstable|mutation|missing|error|timeout|died|skipped|infra"
    assert set(STATUSES) == set(design.split("|")) == {*CARDS, *WAITING, "pass"}


def test_a_status_of_tomorrow_is_shown_and_is_no_pass() -> None:
    """With its message."""
    page = harmless(html(record(check("quantum", message="both", points=0.0)), {}))
    assert "unknown" in page.text
    assert "both" in page.text
    assert "0 of 1 checks are right" in page.text


def test_one_reason_for_many_checks_is_told_once() -> None:
    """A file that dies at import is one mistake; the points of one function are added up."""
    names = [f"linear.{i}" for i in range(3)]
    checks = [check("died", name, message=f"{name}: it ended by SIGSEGV while it was loaded") for name in names]
    page = harmless(html(record(*checks), {}))
    assert page.text.count("SIGSEGV") == 1
    assert "0 / 3" in page.text


@pytest.mark.parametrize("where", ["message", "hint", "counterexample", "pattern", "case", "file", "target", "id"])
@pytest.mark.parametrize("status", ["pass", "fail", "skipped"])
def test_what_a_student_wrote_stays_text(where: str, status: str) -> None:
    """In every field of a check."""
    one = check(status) | {where: HOSTILE}
    page = harmless(html(record(one), {one["id"]: Evidence(np.ones(2), np.zeros(2), HOSTILE)}))
    shown = status == "fail" or where not in ("hint", "counterexample", "case")
    assert ("<script>" in page.text) == ("{{ 7 * 7 }}" in page.text) == shown
    assert "49" not in page.text


def test_what_a_student_wrote_stays_text_outside_the_checks() -> None:
    """File names above all."""
    fields = {"submission": HOSTILE.replace("/", "_"), "message": HOSTILE, "pack": HOSTILE, "isolation": HOSTILE}
    page = harmless(html(record(check(), versions={HOSTILE: HOSTILE}, **fields), {}))
    assert page.text.count("<script>") >= 6


@pytest.mark.parametrize("where", ["message", "hint", "counterexample", "pattern", "case", "file", "target", "id"])
def test_a_megabyte_is_cut(where: str) -> None:
    """And said to be."""
    one = check("fail") | {where: "<&\"'" * 250_000}
    page = html(record(one), {})
    assert len(page) < 100_000
    assert "cut: 1000000 characters" in harmless(page).text


def test_thousands_of_checks_are_cut() -> None:
    """So that a browser can show the page."""
    page = harmless(html(record(*[check(id=f"c{i}") for i in range(1500)]), {}))
    assert "500 more checks are not shown." in page.text


@pytest.mark.parametrize("checks", [[], None])
def test_a_hand_in_that_could_not_be_judged_has_a_page(checks: list[Any] | None) -> None:
    """With the reason."""
    page = harmless(html(record(message="the zip file is damaged", checks=checks), {}))
    assert "the zip file is damaged" in page.text
    assert "Nothing was checked." in page.text
    assert "0 of 0 points" in page.text


def test_the_template_marks_nothing_as_safe() -> None:
    """All that comes in is escaped, the pictures' paths included."""
    text = Path(heatmap.__file__).with_name(TEMPLATE).read_text()
    assert not re.search(r"\|\s*safe|autoescape|<script|https?:", text)


def luminance(colour: str) -> float:
    """How light a #rgb colour is, by WCAG 2."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * one for one in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """From 1 to 21, by WCAG 2."""
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_can_be_read(theme: int) -> None:
    """Text by WCAG AA; what is wrong stands out from what is right by its lightness alone."""
    blocks = re.findall(r":root \{(.*?)\}", html(record(check()), {}), re.DOTALL)
    assert len(blocks) == 2
    colours = dict(re.findall(r"--([\w-]+): (#\w+)", blocks[theme]))
    for ink in ("ink", "soft", "good", "bad", "warn", "idle"):
        for ground in ("paper", "card"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    assert contrast(colours["ink"], colours["over-tint"]) >= 4.5
    assert contrast(colours["ink"], colours["under-tint"]) >= 4.5
    assert contrast(colours["soft"], colours["box"]) >= 4.5
    for wrong_ in ("over", "under", "none"):
        assert contrast(colours[wrong_], colours["right"]) >= 3


def drawn(evidence: Evidence) -> heatmap.Picture:
    """The picture, which there must be."""
    made = heatmap.picture(evidence)
    assert made is not None
    return made


def squares(panel: heatmap.Panel) -> dict[str, int]:
    """How many of each kind."""
    counts: dict[str, int] = {}
    for kind, path in panel.squares.items():
        first = kind.partition(" ")[0]
        counts[first] = counts.get(first, 0) + path.count("M")
    return counts


@pytest.mark.parametrize(
    ("shape", "panels", "right"),
    [
        ((), 1, 0),
        ((1,), 1, 0),
        ((7,), 1, 6),
        ((300,), 1, 299),
        ((3, 4), 1, 11),
        ((1, 40), 1, 39),
        ((60, 60), 1, 3599),
        ((2, 3, 4), 1, 11),
        ((4, 3, 3, 3), 1, 8),
        ((2, 1, 2, 1, 5), 1, 4),
    ],
)
def test_every_rank_is_drawn(shape: tuple[int, ...], panels: int, right: int) -> None:
    """One square for each entry of the slices that have a wrong one."""
    made = drawn(wrong(shape, tuple(size - 1 for size in shape)))
    assert len(made.panels) == panels
    counts = squares(made.panels[0])
    assert counts.pop("over") == 1
    assert counts.get("right", 0) == right
    assert made.kinds == (["over", "right"] if right else ["over"])


def test_the_wrong_entry_is_where_it_is() -> None:
    """The square's place, its slice's caption, and the table's index."""
    made = drawn(wrong((2, 8, 9), (1, 5, 2), by=-1.0))
    (panel,) = made.panels
    assert panel.caption == "[1]"
    ((kind, path),) = [(kind, path) for kind, path in panel.squares.items() if kind != "right"]
    assert kind == "under l4"
    left, top = (int(part) for part in re.findall(r"M(\d+) (\d+)", panel.squares["right"])[0])
    size = heatmap.CELLS["large"][0]
    assert path.startswith(f"M{left + 2 * size} {top + 5 * size}h")
    assert made.worst == [("[1, 5, 2]", "28.75", "29.75")]


def test_small_arrays_have_their_numbers() -> None:
    """Both of a wrong entry, with the digits that tell them apart; else a table of the worst."""
    made = drawn(wrong((2, 3), (1, 2)))
    assert [text.text for text in made.panels[0].texts if text.kind == "is"] == [
        "0",
        "0.25",
        "0.5",
        "0.75",
        "1",
        "2.25",
    ]
    assert [text.text for text in made.panels[0].texts if text.kind == "should"] == ["1.25"]
    assert [text.text for text in drawn(wrong((2, 3), (1, 2), by=1e-5)).panels[0].texts if text.kind == "is"][-1:] == [
        "1.25001"
    ]
    close = drawn(wrong((2, 3), (1, 2), by=1e-9))
    assert close.worst == [("[1, 2]", "1.250000001", "1.25")]


def test_a_large_array_shows_the_worst_of_each_block() -> None:
    """One wrong entry among a million is seen."""
    made = drawn(wrong((1000, 1000), (999, 500)))
    (panel,) = made.panels
    assert squares(panel) == {"right": 63 * 63 - 1, "over": 1}
    assert panel.width < 390
    assert any("16 × 16" in note for note in made.notes)
    assert "too large to draw" in drawn(Evidence(np.zeros((2000, 1000)), np.zeros((2000, 1000)))).words


def test_many_slices_are_cut() -> None:
    """To the first of those that are wrong."""
    made = drawn(Evidence(np.ones((40, 2, 2)), np.zeros((40, 2, 2))))
    assert len(made.panels) == heatmap.MOST_PANELS
    assert any("the first 24 of 40" in note for note in made.notes)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_has_a_cross(value: float) -> None:
    """And does not hide how far off the others are."""
    got = np.zeros((6, 6))
    got[0, 0], got[1, 1], got[2, 2] = value, 4.0, 1.0
    (panel,) = drawn(Evidence(got, np.zeros((6, 6)))).panels
    assert {kind for kind in panel.squares if kind != "right"} == {"none", "over l4", "over l2"}


@pytest.mark.parametrize("dtype", ["f2", "f4", "i8", "u1", "?", "c16", np.longdouble])
def test_every_number_type_is_drawn(dtype: Any) -> None:
    """Complex ones without their numbers."""
    made = drawn(Evidence(np.ones((2, 2), dtype), np.zeros((2, 2), dtype)))
    assert made.words == "all 4 entries are wrong, shape (2, 2)"


def test_what_cannot_be_drawn_is_said_in_words() -> None:
    """Other shapes, nothing wrong, nothing at all; and what is within the check's own tolerance is right."""
    assert drawn(Evidence(np.zeros(3), np.zeros((1, 3)))).words == "the shape is (3,), but should be (1, 3)"
    assert "all 3 entries are right" in drawn(Evidence(np.zeros(3), np.zeros(3))).words
    assert "too small" in drawn(Evidence(np.zeros((0, 3)), np.zeros((0, 3)))).words
    assert heatmap.picture(Evidence(None, np.zeros(3))) is None
    assert heatmap.picture(Evidence(np.array([None]), np.array(["a"]))) is None
    near = wrong((2, 3), (1, 2), by=1e-9)
    assert "all 6" in drawn(Evidence(near.got, near.want, tolerance=1e-8)).words
    huge = Evidence(np.full(2, 1e308), np.full(2, -1e308))
    assert drawn(huge).kinds == ["over"]


ALL = record(*[check(status, f"c.{status}", message=f"it is {status}\nmore") for status in STATUSES])


def test_junit_counts_by_outcome() -> None:
    """A suite for each submission; what stopped is an error, what is wrong a failure."""
    root = ET.fromstring(graders.junit([ALL, record(checks=[], message="no such file")]))  # noqa: S314  # our own
    full, empty = root.findall("testsuite")
    counts = {key: full.get(key) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "10", "failures": "4", "errors": "4", "skipped": "1"}
    cases = {case.get("name"): [part.tag for part in case] for case in full.iter("testcase")}
    assert cases["c.pass"] == []
    assert cases["c.fail"] == cases["c.missing"] == cases["c.unstable"] == ["failure"]
    assert cases["c.timeout"] == cases["c.infra"] == ["error"]
    assert {one.get("name"): one.get("value") for one in full.iter("property")}["score"] == "1.0"
    assert [error.get("message") for error in empty.iter("error")] == ["no such file"]


def test_gradescope_has_every_test_with_its_points() -> None:
    """Only a pass is passed."""
    made = json.loads(graders.gradescope(ALL))
    assert made["score"] == 1.0
    assert [test["score"] for test in made["tests"]] == [1.0] + [0.0] * 9
    assert [test["status"] for test in made["tests"]] == ["passed"] + ["failed"] * 9
    assert {test["max_score"] for test in made["tests"]} == {1.0}
    assert {test["visibility"] for test in made["tests"]} == {"visible"}
    assert made["tests"][1]["name"] == "c.fail (LinearModule.forward)"
    assert made["tests"][1]["output"] == "fail\nit is fail\nmore"
    assert made["tests"][0]["output"] == "it is pass\nmore"
    assert made["output"] == "1 of 10 checks are right"


def test_gradescope_asks_who_may_see() -> None:
    """One of their four words."""

    def who(one: Mapping[str, Any]) -> str:
        return "after_due_date" if one["status"] == "fail" else "visible"

    assert json.loads(graders.gradescope(ALL, who))["tests"][1]["visibility"] == "after_due_date"
    with pytest.raises(ValueError, match=r"visibility of c.pass is 'no', but should be one of"):
        _ = graders.gradescope(ALL, lambda _: "no")


def test_classroom_adds_up_to_the_score() -> None:
    """The reporter adds the scores of the tests, and fails the run unless all pass."""
    made = json.loads(graders.classroom(ALL))
    assert made["max_score"] == 10.0
    assert sum(test["score"] for test in made["tests"]) == 1.0
    assert made["status"] == "fail"
    assert {test["status"] for test in made["tests"]} == {"pass", "fail", "error"}
    assert json.loads(graders.classroom(record(check())))["status"] == "pass"
    nothing = json.loads(graders.classroom(record(checks=[], message="no such file")))
    assert (nothing["status"], nothing["tests"][0]["score"]) == ("error", 0.0)
    assert nothing["tests"][0]["message"] == "error\nno such file"


@pytest.mark.parametrize("number", [1, 60, 400])
def test_classroom_fits_an_environment_variable(number: int) -> None:
    """As base64, which is a third longer, in 128 KiB."""
    text = graders.classroom(record(*[check("fail", f"c{i}", message='\u20ac"\n' * 10**5) for i in range(number)]))
    assert len(text.encode()) * 4 / 3 < 128 * 1024
    assert len(json.loads(text)["tests"]) == number


@pytest.mark.parametrize("write", [lambda r: graders.junit([r]), graders.gradescope, graders.classroom])
def test_the_others_survive_what_a_student_wrote(write: Callable[[Any], str]) -> None:
    """Well formed, cut, without control characters, encodable, and without NaN."""
    fields = dict.fromkeys(["message", "hint", "pattern", "case", "file", "target", "id"], HOSTILE * 10_000)
    text = write(record(check("fail") | fields, submission=HOSTILE, message=HOSTILE, score=float("nan")))
    assert len(text.encode()) < 200_000
    assert all(one == "\n" or one.isprintable() for one in text)
    assert "NaN" not in text
    if text.startswith("<"):
        assert ET.fromstring(text).find("testsuite/testcase/failure") is not None  # noqa: S314  # our own
    else:
        assert json.loads(text)["tests"][0]["name"].startswith("</pre>")


@pytest.mark.parametrize("write", [lambda r: graders.junit([r]), graders.gradescope, graders.classroom])
def test_the_same_record_gives_the_same_text(write: Callable[[Any], str]) -> None:
    """Nothing of the machine or the time gets in."""
    before = json.dumps(ALL)
    assert write(ALL) == write(ALL)
    assert json.dumps(ALL) == before


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# A window cannot be as narrow as a phone, a frame can.
FRAME = """<!doctype html><body style="margin:0"><iframe style="border:0" width="{width}" height="9000" srcdoc="{page}">
</iframe><script>onload = () => {{
const page = document.querySelector("iframe").contentDocument, width = page.documentElement.clientWidth;
const wide = [...page.querySelectorAll("body *")].filter(one =>
  !one.parentElement.closest(".scroll") && one.getBoundingClientRect().right > width + 0.5);
const boxes = [...page.querySelectorAll(".scroll")].filter(one => one.scrollWidth > one.clientWidth).length;
document.title = [width, page.documentElement.scrollWidth, boxes, ...wide.map(one => one.className || one.tagName)];
}}</script>"""


def chromium(folder: Path, page: str, width: int, *options: str) -> str:
    """What headless Chromium prints of a page at this width of its window."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed, so that pages cannot be looked at")
    _ = (folder / "page.html").write_text(page, encoding="utf-8")
    command = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += [f"--user-data-dir={folder / 'profile'}", f"--window-size={width},1200", *options]
    done = subprocess.run([*command, (folder / "page.html").as_uri()], capture_output=True, timeout=100, check=True)
    return done.stdout.decode()


def handed_in() -> tuple[dict[str, Any], dict[str, Evidence]]:
    """All statuses, pictures of all sizes, wide code, hostile and endless words."""
    one = check("fail", "wide", counterexample="x = " + "1234567890 " * 50, hint="h" * 300, pattern="p" * 300)
    one |= {"target": "T" * 100, "message": "m" * 2000, "case": "c" * 300, "file": "f" * 100 + ".py"}
    shapes = {"a": (2, 3), "b": (40,), "c": (60, 60), "d": (8, 3, 5, 5), "e": (16, 16), "f": (300, 2)}
    checks = [check("fail", name) for name in shapes]
    hostile = check("error", "hostile") | {"message": HOSTILE + "Z\u0351\u0363" * 200}
    evidence = {name: wrong(shape, (0,) * len(shape)) for name, shape in shapes.items()}
    return record(*ALL["checks"], one, hostile, *checks, title="t" * 100, submission="s" * 100), evidence


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(width: int, tmp_path: Path) -> None:
    """On a phone and on a desk: only the one box with wide code holds what is wider, and scrolls."""
    frame = FRAME.format(width=width, page=escape(html(*handed_in())))
    title = re.search(r"<title>(.*?)</title>", chromium(tmp_path, frame, 1400, "--dump-dom"))
    assert title is not None
    assert title[1] == f"{width},{width},1"


@pytest.mark.parametrize("width", [390, 1280])
def test_chromium_draws_the_page(width: int, tmp_path: Path) -> None:
    """A picture of the window's size that is not blank."""
    shot = tmp_path / "shot.png"
    _ = chromium(tmp_path, html(*handed_in()), width, f"--screenshot={shot}")
    picture = shot.read_bytes()
    assert struct.unpack(">II", picture[16:24]) == (width, 1200)
    assert len(picture) > 20_000
