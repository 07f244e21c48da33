"""The loop, with an executor that does as it is told: what is tried again, what is final, what is done alone."""

import threading
from collections import Counter
from concurrent.futures import Future
from pathlib import Path

import pytest

from harness.gradebook.lock import Busy, held
from harness.gradebook.progress import Shown
from harness.gradebook.running import MOST_INFRA, MOST_TRIES, Running, Stop
from harness.gradebook.similar import prints
from harness.gradebook.store import AGAIN, Grading, Store
from harness.gradebook.task import InfraError, Result, Work, ungraded, version
from harness.grading.pack import Pack, load


class Told:
    """Says of each hand-in what its bytes say: one word for each time that it is asked."""

    window = 3

    def __init__(self, pack: Pack) -> None:
        self.pack, self.asked, self.live, self.together = pack, Counter[bytes](), 0, list[tuple[bytes, int]]()
        self.lock = threading.Lock()

    def submit(self, data: bytes) -> Future[Result]:
        """Answers a little later, so that several are under way."""
        future: Future[Result] = Future()
        with self.lock:
            self.live += 1
            word = data.split()[1:][self.asked[data]]
            self.asked[data] += 1
            self.together.append((data, self.live))
        threading.Timer(0.02, self.answer, (future, word.decode())).start()
        return future

    def answer(self, future: Future[Result], word: str) -> None:
        """A record whose checks all ended so, or the grader's failure."""
        with self.lock:
            self.live -= 1
        if word == "dies":
            future.set_exception(InfraError("the grading worker died"))
            return
        result = ungraded(Work("", ""), self.pack, "0" * 64, "as it was told")
        for check in result.record["checks"]:
            check["status"] = word
        future.set_result(result)

    def close(self) -> None:
        """Nothing to end."""


def ran(store: Store, pack: Path, *hands: str) -> tuple[Told, Grading, dict[str, str]]:
    """Run these; the status that each has in the end, by its first word."""
    found = load(pack)
    grading = store.grading(found.name, found.title, Work(str(pack), version(found)))
    with store.transaction():
        for hand in hands:
            store.enrol(hand.split()[0])
            assert not store.hand_in(hand.split()[0], hand, hand.encode(), "", False)
    told = Told(found)
    with Shown() as shown:
        _ = Running(store, grading, found, told, shown, Stop()).all()
    records = {one.student: store.record(grading, one.hash) for one in store.attempts()}
    return told, grading, {who: record["checks"][0]["status"] for who, record in records.items() if record}


def test_what_is_tried_again(tmp_path: Path, pack: Path) -> None:
    """A student's failure once, the grader's three times, a time-out twice; the last answer counts."""
    hands = (
        "a fail",
        "b died",
        "c dies dies pass",
        "d infra pass",
        "e dies dies dies",
        "f infra infra infra",
        "g timeout pass",
    )
    with Store(tmp_path, write=True) as store:
        told, grading, ended = ran(store, pack, *hands)
        assert ended == {"a": "fail", "b": "died", "c": "pass", "d": "pass", "e": "infra", "f": "infra", "g": "pass"}
        assert {data.decode(): count for data, count in told.asked.items()} == {
            hand: len(hand.split()) - 1 for hand in hands
        }
        tries = {hash[0]: facts[1] for hash, facts in store.facts(grading).items()}
        assert tries == {"a": 1, "b": 1, "c": 3, "d": 2, "e": 3, "f": 3, "g": 1}
        record = store.record(grading, "e dies dies dies")
        assert record
        assert record["message"] == "the grading worker died, 3 times in a row"


def test_time_outs_alone_at_the_end(tmp_path: Path, pack: Path) -> None:
    """Others are under way together; these are not, and come last. A second time-out is final."""
    hands = [f"t{at} timeout timeout" for at in range(3)] + [f"p{at} pass" for at in range(6)]
    with Store(tmp_path, write=True) as store:
        told, grading, ended = ran(store, pack, *hands)
        assert Counter(ended.values()) == {"timeout": 3, "pass": 6}
        assert store.to_do(grading, AGAIN) == []
        first, last = told.together[:9], told.together[9:]
        assert max(live for _, live in first) == 3
        assert [(data[:1], live) for data, live in last] == [(b"t", 1)] * 3


def test_where_no_hand_in_can_be_graded(tmp_path: Path, pack: Path) -> None:
    """It is not tried a thousand times: what is known is kept, the rest is left for when the machine is mended."""
    broken = [f"b{at:02} " + " ".join(["infra"] * MOST_TRIES) for at in range(MOST_INFRA + 10)]
    with Store(tmp_path, write=True) as store:
        told, grading, ended = ran(store, pack, "a pass", *broken)
        assert (ended, len(store.to_do(grading))) == ({"a": "pass"}, len(broken))
        assert told.asked.total() in range(MOST_INFRA + 1, MOST_INFRA + 1 + 2 * told.window)


def test_where_some_cannot_be_graded(tmp_path: Path, pack: Path) -> None:
    """That many, but with others between them: each is tried three times, and then it is said of each."""
    hands = [f"b{at:02} " + " ".join(["pass"] if at % 10 == 9 else ["infra"] * MOST_TRIES) for at in range(30)]
    with Store(tmp_path, write=True) as store:
        _, _, ended = ran(store, pack, *hands)
        assert Counter(ended.values()) == {"infra": 27, "pass": 3}


def test_stopped_before_the_rerun(tmp_path: Path, pack: Path) -> None:
    """What still has to be rerun is, in the next run, and only that."""
    with Store(tmp_path, write=True) as store:
        grading_pack = load(pack)
        grading = store.grading(grading_pack.name, grading_pack.title, Work(str(pack), version(grading_pack)))
        with store.transaction():
            store.enrol("g")
            _ = store.hand_in("g", "g timeout pass", b"g timeout pass", "", False)
        late = ungraded(Work("", ""), grading_pack, "0" * 64, "")
        store.keep(grading, "g timeout pass", late, AGAIN)
        told, _, ended = ran(store, pack)
        assert (told.asked.total(), ended) == (1, {"g": "timeout"})


def test_the_version(tmp_path: Path, pack: Path) -> None:
    """Another judge, or another pack, is another version; another example is not."""
    judge = tmp_path / "harness" / "judge.py"
    judge.parent.mkdir()
    versions = [version(load(pack))]
    for place, text in ((judge, "first"), (pack / "hints.md", "more"), (pack / "examples" / "one.py", "")):
        place.parent.mkdir(exist_ok=True)
        _ = place.write_text(text)
        versions.append(version(load(pack), tmp_path))
    assert len(set(versions)) == 3
    assert versions[2] == versions[3]


def test_the_lock(tmp_path: Path) -> None:
    """One at a time; what a killed one left in the temporary folder is cleared by the next, and nothing else is."""
    with held(tmp_path) as folder:
        assert folder.is_dir()
        with pytest.raises(Busy, match="is being graded by process"), held(tmp_path):
            pass
    assert not folder.exists()
    folder.mkdir()
    with held(tmp_path):
        assert not folder.exists()
    other = tmp_path / "backprove-class-other"
    other.mkdir()
    _ = (tmp_path / "lock").write_text(f'{{"process": 1, "folder": "{other}"}}')
    with held(tmp_path):
        assert other.is_dir()
    _ = (tmp_path / "lock").write_text("rubbish")
    with held(tmp_path):
        pass


def test_progress_is_true() -> None:
    """Counts, the rate of the last two minutes, and what that makes of the rest."""
    now = [0.0]
    shown = Shown(lambda: now[0])
    shown.begin(100)
    assert shown.line() == "0 of 100"
    for _ in range(10):
        now[0] += 2
        shown.done("graded")
    assert shown.line() == "10 of 100 · 30 a minute · 3:00 left"
    for _ in range(40):  # ten times as slow: the first minutes count no more
        now[0] += 20
        shown.done("infra")
    assert shown.line() == "50 of 100 · 3 a minute · 16:40 left · 40 infra"
    shown.later()  # which is known to be done alone: not counted with what is left at this rate
    shown.later()
    assert shown.line() == "50 of 100 · 4 a minute · 12:00 left for all but 2 · 40 infra"
    shown.begin(100)
    assert shown.line() == "50 of 100 · 40 infra"


FIRST = '''
"""Mine."""
def f(x, w):
    # a comment
    total = x @ w
    return sum(total)
'''
SECOND = "def g(a,b):\n    c = a@b\n    return sum(c)\n"


def test_prints(tmp_path: Path) -> None:
    """Names, comments, docstrings and layout make no difference to the tree; another program does."""

    def of(name: str, source: str) -> tuple[str, str]:
        (tmp_path / name).mkdir()
        _ = (tmp_path / name / "f.py").write_text(source)
        return prints(tmp_path / name, ["f.py"])

    first, again, second = of("a", FIRST), of("b", FIRST), of("c", SECOND)
    assert (first == again, first[0] != second[0], first[1] == second[1]) == (True, True, True)
    others = [
        of(str(at), SECOND.replace(*change)) for at, change in enumerate((("@", "*"), ("sum", "max"), ("a@b", "b@a")))
    ]
    assert len({tree for _, tree in (*others, second)}) == 4
    content, tree = of("broken", "def f(:")
    assert (bool(content), tree) == (True, "")
    assert of("deep", "x = " + "(" * 5000 + ")" * 5000)[1] == ""
    assert prints(tmp_path / "none", ["f.py"]) == ("", "")
