"""`run.plot`: a figure of any run, whatever its size, without a screen or matplotlib's global state."""

import builtins
import io
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image

import migma_nb as mg
from migma_nb.api.states import RunState, State
from migma_nb.ledger.timeline import Timeline, step_for
from migma_nb.notebook.figure import RunFigure, figure_of
from migma_nb.sending.fates import Fates
from migma_nb.sending.summary import RunFacts

NOW = 1_790_000_000.0
BATCH = {"recipient": "tag:t", "state": State.ACCEPTED}
MANY = {
    State.ACCEPTED: 96_000,
    State.ALREADY_SENT: 1_000,
    State.UNKNOWN: 17,
    State.REFUSED: 1_200,
    State.INVALID: 800,
    State.DUPLICATE: 983,
}
KNOWN = Fates(
    NOW,
    mails=97_000,
    words={
        "delivered": 40_211,
        "opened": 50_000,
        "clicked": 1_023,
        "bounced": 3_100,
        "complained": 12,
        "suppressed": 943,
    },
    delivered=91_234,
    opened=51_023,
    clicked=1_204,
    pending=1_711,
)


def over(sent_at: Sequence[float], refused: Sequence[float] = ()) -> Timeline:
    """Return when mails were answered, those that were refused too."""
    moments = [*sent_at, *refused]
    step = step_for(min(moments), max(moments))
    begin = int(min(moments) / step)
    counts = {one: [0] * (int(max(moments) / step) - begin + 1) for one in (State.ACCEPTED, State.REFUSED)}
    for one, times in ((State.ACCEPTED, sent_at), (State.REFUSED, refused)):
        for moment in times:
            counts[one][int(moment / step) - begin] += 1
    found = {one: tuple(numbers) for one, numbers in counts.items() if any(numbers)}
    return Timeline(begin * step, step, found)


RUNS: dict[str, dict[str, Any]] = {
    "nothing": {"counts": {}},
    "one row": {"counts": {State.ACCEPTED: 1}, "timeline": over([NOW])},
    "one opened": {
        "counts": {State.ACCEPTED: 1},
        "fates": Fates(NOW, mails=1, words={"opened": 1}, delivered=1, opened=1),
        "timeline": over([NOW]),
    },
    "all refused": {"counts": {State.REFUSED: 7}, "timeline": over([], refused=[NOW] * 7)},
    "a blink": {
        "counts": {State.ACCEPTED: 300},
        "timeline": over([NOW + 0.01 * number for number in range(300)]),
    },
    "100,000 rows": {
        "counts": MANY,
        "fates": KNOWN,
        "timeline": over(
            [NOW + 0.9 * number for number in range(96_000)],
            refused=[NOW + 70.0 * number for number in range(1_200)],
        ),
    },
    "years": {"counts": {State.ACCEPTED: 3}, "timeline": over([NOW, NOW + 3e6, NOW + 9e7])},
    "no log": {
        "counts": {State.ACCEPTED: 2},
        "fates": Fates(NOW, mails=2, without_log=2),
        "timeline": over([NOW, NOW + 1]),
    },
    "a batch": {
        "batches": 1,
        "counts": {State.ACCEPTED: 1},
        "rows": [
            {**BATCH, "batch_total": 12_000, "batch_sent": 9_000, "batch_queued": 2_800, "batch_failed": 200}
        ],
        "timeline": over([NOW]),
    },
    "a fresh batch": {
        "batches": 1,
        "counts": {State.ACCEPTED: 1},
        "rows": [{**BATCH, "batch_total": None}],
        "timeline": over([NOW]),
    },
    "a name in any script": {
        "counts": {State.ACCEPTED: 2},
        "mailing": "顧客 $x^2$ {a} \u202e\n" * 9,
        "timeline": over([NOW, NOW]),
    },
}


def drawn(name: str) -> RunFigure:
    """Return the figure of a made-up run."""
    fields: dict[str, Any] = {
        "run_id": "20261124-160111-70bb2a",
        "mailing": "2026-11 renewal",
        "server": "https://api.example",
        "sandbox": False,
        "state": RunState.FINISHED,
        "detail": "",
        "ledger": "l",
        "batches": 0,
        "has_log": True,
    }
    return figure_of(RunFacts(**fields | RUNS[name]))


@pytest.mark.parametrize("name", RUNS)
def test_every_run_is_drawn_with_its_axes_named_and_no_word_cut(name: str) -> None:
    """Nor two words over one another beside the bars or an axis; warnings of matplotlib are errors."""
    figure = drawn(name)
    picture = Image.open(io.BytesIO(figure._repr_png_()))
    width, height = picture.size
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]  # that of the canvas for files
    for axes in figure.axes:
        assert axes.get_xlabel()
        assert axes.get_title()
        below = _in_view(axes.get_xticklabels(), axes.get_xlim(), 0)
        beside = _in_view(axes.get_yticklabels(), axes.get_ylim(), 1)
        named = [one for one in (axes.title, axes.xaxis.label, axes.yaxis.label) if one.get_text()]
        for text in [*below, *beside, *axes.texts, *named]:
            box = text.get_window_extent(renderer)
            assert 0 <= box.x0 <= box.x1 <= width, text.get_text()
            assert 0 <= box.y0 <= box.y1 <= height, text.get_text()
        for labels in (below, beside, axes.texts):
            boxes = [text.get_window_extent(renderer) for text in labels]
            assert not any(a.overlaps(b) for at, a in enumerate(boxes) for b in boxes[at + 1 :])


def _in_view(labels: Sequence[Text], limits: tuple[float, float], at: int) -> list[Text]:
    """Return the labels of ticks that are drawn: an axis has more of them than it shows."""
    low, high = sorted(limits)
    return [one for one in labels if one.get_text() and low <= one.get_position()[at] <= high]


def test_the_numbers_are_beside_the_bars() -> None:
    """With separators of thousands, and the share of what went before."""
    figure = drawn("100,000 rows")
    left, right = figure.axes
    found = dict(
        zip(
            [one.get_text() for one in left.get_yticklabels()],
            [one.get_text() for one in left.texts],
            strict=True,
        )
    )
    assert {
        "planned": "100,000",
        "accepted": "97,000   97 % of planned",
        "delivered": "91,234   94 % of accepted",
        "opened": "51,023   56 % of delivered",
        "clicked": "1,204   1 % of delivered",
        "bounced": "3,100",
        "complained": "12",
        "suppressed": "943",
        "no line yet": "1,711",
        "refused": "1,200",
        "unknown": "17",
        "not mailed": "1,783",
    } == found
    assert "mails in an hour" == right.get_ylabel()
    assert 97_200 == sum(bar.get_height() for bar in right.patches if isinstance(bar, Rectangle))
    legend = right.get_legend()
    assert legend is not None
    assert ["96,000 accepted", "1,200 refused"] == [text.get_text() for text in legend.get_texts()]
    assert "Opens are inflated" in figure.get_supxlabel()


def test_a_runs_figure_shows_itself_in_a_notebook(sandbox: mg.Sandbox) -> None:
    """Also where nothing there has set matplotlib up, and once where something has."""
    from IPython.core.formatters import DisplayFormatter  # noqa: PLC0415 - only here

    figure = _run(sandbox).plot()
    data, _ = DisplayFormatter().format(figure)  # type: ignore[no-untyped-call]  # IPython says no types
    assert data["image/png"].startswith(b"\x89PNG")


def test_drawing_leaves_no_global_state(sandbox: mg.Sandbox) -> None:
    """pyplot, which keeps every figure and may open windows, is not even imported."""
    run = _run(sandbox)
    code = (
        f"import sys, migma_nb as mg; mg.open_run({run.id!r}, ledger={str(sandbox.ledger)!r}).plot();"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_without_matplotlib_the_line_to_type_is_named(
    sandbox: mg.Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where the same figures stand in words."""
    run = _run(sandbox)
    load = builtins.__import__

    def absent(name: str, *args: Any, **options: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return load(name, *args, **options)

    monkeypatch.delitem(sys.modules, "migma_nb.notebook.figure")
    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(mg.InputError, match=r"pip install 'migma-nb\[plot\]'.*run.summary\(\)"):
        run.plot()


def _run(sandbox: mg.Sandbox) -> mg.Run:
    plan = mg.plan("a@x.example", mailing="m", sender="A <a@b.example>", subject="S", email_id="e")
    return plan.send(sandbox.client(), progress=False)


@pytest.fixture
def sandbox() -> Iterator[mg.Sandbox]:
    """A sandbox that ends with the test."""
    with mg.Sandbox() as made:
        yield made
