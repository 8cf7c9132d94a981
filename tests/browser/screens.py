"""Pictures of what a person sees, in both themes and at both widths, kept in a folder that git ignores."""

import io
from contextlib import suppress
from pathlib import Path

from PIL import Image

from tests.browser.accessible import assert_accessible
from tests.browser.kernels import NEWEST, ROOT
from tests.browser.lab import VIEWPORT, Lab

ARTEFACTS = ROOT / "artefacts"
WIDTHS = (1400, 600)
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
#: Of which scenario and state the README shows a picture, its name in docs/, and how wide it is (pixels): a
#: README's column is narrower than a screen, and makes small what is wide.
README_PICTURES = {"notebook-06-ready": ("form.png", 1210), "run-running": ("run.png", 900)}
#: What Lab has left and right of a cell's output, in pixels.
_MARGINS = 130
_FRAME_MS = 200
_FRAME_LOOKS = 25
#: So many pixels of another colour are no mail: the frame's corner, by which it is dragged, has some.
_SPECK = 200
#: Bytes; a README's picture is loaded by everybody who looks at the project.
_LARGEST = 150_000


def inspect(lab: Lab, cell: int, scenario: str, state: str, *, only: str = "") -> None:
    """Take pictures of a cell's output in each theme and width, and check that everybody can use it.

    Args:
        lab: whose page.
        cell: whose output, from 0.
        scenario: the first part of the pictures' name.
        state: the second.
        only: a CSS selector within the output, where the rest is not ours to check.
    """
    if lab.kernel is not NEWEST:
        # The other kernel shows the same.
        return
    selector = f".jp-Notebook .jp-Cell:nth-child({cell + 1}) .jp-Cell-outputWrapper {only}".strip()
    for theme in THEMES:
        dress(lab, theme)
        assert_accessible(lab.page, selector)
        if theme == "light" and (taken := f"{scenario}-{state}") in README_PICTURES:
            photograph(lab, selector, README_PICTURES[taken][1], readme_picture(taken))
        for width in WIDTHS:
            photograph(lab, selector, width, ARTEFACTS / f"{scenario}-{state}-{theme}-{width}.png")
    dress(lab, "light")
    lab.page.set_viewport_size(VIEWPORT)


def dress(lab: Lab, theme: str) -> None:
    """Change to one of the themes, and wait until it is there."""
    lab.command("apputils:change-theme", theme=THEMES[theme])
    lab.page.wait_for_function(
        "light => document.body.dataset.jpThemeLight === light", arg=str(theme == "light").lower()
    )


def photograph(lab: Lab, selector: str, width: int, path: Path) -> None:
    """Take a picture of what a CSS selector names, the output of its cell being so many pixels wide."""
    from playwright.sync_api import Error  # noqa: PLC0415 - not everybody has it who runs other tests

    shown = lab.page.locator(selector).first
    lab.page.set_viewport_size({"width": width + _MARGINS, "height": 900})
    box = shown.bounding_box()
    assert box is not None, f"nothing is seen of {selector}"
    lab.page.set_viewport_size({"width": width + _MARGINS, "height": max(900, int(box["height"]) + 300)})
    frames = shown.locator("iframe")
    # A mail's frame that has just come into sight is white for a moment, on a busy machine for a longer one.
    for _ in range(_FRAME_LOOKS if frames.count() else 0):
        with suppress(Error):  # a frame that was drawn anew meanwhile is looked at again
            if _has_something(frames.first.screenshot()):
                break
        lab.page.wait_for_timeout(_FRAME_MS)
    path.parent.mkdir(exist_ok=True)
    shown.screenshot(path=path, animations="disabled")


def _has_something(picture: bytes) -> bool:
    with Image.open(io.BytesIO(picture)) as opened:
        pixels = opened.width * opened.height
        counts = [int(count) for count, _ in opened.convert("RGB").getcolors(pixels) or ()]
    return pixels - max(counts, default=0) > _SPECK


def readme_picture(taken: str) -> Path:
    """Return where the picture of a scenario and state is kept from which the README's is made."""
    return ARTEFACTS / f"{taken}-readme.png"


def for_the_readme(picture: Path, name: str) -> None:
    """Make a picture into one of the README's, small enough for a page that everybody loads."""
    with Image.open(picture) as opened:
        small = opened.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    out = io.BytesIO()
    small.save(out, "PNG", optimize=True)
    assert len(out.getvalue()) <= _LARGEST, f"{name} has {len(out.getvalue()):,} bytes"
    (ROOT / "docs" / name).write_bytes(out.getvalue())
