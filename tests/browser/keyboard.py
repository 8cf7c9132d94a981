"""Whether a screen can be worked without a mouse: Tab reaches each control, and one sees where one is."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

#: Marks each control that is seen and can be used; of a group of radio buttons Tab reaches one.
_MARK = """selector => {
    const found = document.querySelectorAll(
        ["a[href]", "button", "input", "select", "textarea", "summary", "[tabindex='0']"]
            .map(name => `${selector} ${name}`).join(", "));
    const groups = new Set();
    let count = 0;
    for (const control of found) {
        const box = control.getBoundingClientRect();
        if (control.disabled || !box.width || !box.height || control.tabIndex < 0) { continue; }
        if (getComputedStyle(control).visibility === "hidden") { continue; }
        if (control.type === "radio") {
            const group = control.closest(".widget-radio") ?? control.form;
            if (groups.has(group)) { continue; }
            groups.add(group);
        }
        control.dataset.mnbControl = count++;
    }
    return count;
}"""
_WHERE = """selector => {
    const at = document.activeElement;
    const style = getComputedStyle(at);
    const radio = at.type === "radio" && at.closest(".widget-radio");
    const marked = (radio ? radio.querySelector("[data-mnb-control]") : null) ?? at;
    const around = at.type === "file" ? getComputedStyle(at.parentElement) : style;
    const seen = [style, around].some(s => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0
        || s.boxShadow !== "none");
    // A mail's own links have the focus within its frame, where the browser shows it.
    return [marked.dataset.mnbControl ?? null, seen || at.tagName === "IFRAME",
        at.closest(selector) !== null, at.outerHTML.slice(0, 160)];
}"""
_UNMARK = (
    """() => document.querySelectorAll("[data-mnb-control]").forEach(one => delete one.dataset.mnbControl)"""
)
#: A control that has gone meanwhile, as a run's do at its end, need not be reached.
_TOLD = """at => {
    const control = document.querySelector(`[data-mnb-control="${at}"]`);
    return control?.getBoundingClientRect().height ? control.outerHTML.slice(0, 160) : "";
}"""


#: So often controls are gone through: what is drawn anew meanwhile, as a preview is, takes the focus along.
_ROUNDS = 3
_SETTLED_MS = 1_000


def assert_reached_by_tab(page: "Page", selector: str) -> None:
    """Go by Tab from the first control of a CSS selector to its last; each is reached, and shows its focus.

    Raises:
        AssertionError: one isn't, or doesn't.
    """
    for left in reversed(range(_ROUNDS)):
        missed, unseen = _gone_through(page, selector)
        if not missed or not left:
            break
        page.wait_for_timeout(_SETTLED_MS)
    assert not missed, "\n".join(["Tab does not reach", *missed])
    assert not unseen, "\n".join(["the focus is not seen on", *unseen])


def _gone_through(page: "Page", selector: str) -> tuple[list[str], list[str]]:
    """Return the controls that Tab does not reach, and those on which its focus is not seen."""
    for _ in range(_ROUNDS):
        count = page.evaluate(_MARK, selector)
        if count:
            break
        page.wait_for_timeout(_SETTLED_MS)  # after a look in another width and light it may be drawn anew
    assert count, f"{selector} has no control"
    page.locator("[data-mnb-control='0']").focus()
    reached: set[int] = set()
    unseen: list[str] = []
    for press in range(count * 2):
        at, seen, inside, told = page.evaluate(_WHERE, selector)
        if not inside:
            break
        if at is not None:
            reached.add(int(at))
        # What a script has focused need not show it, as a click doesn't either.
        if not seen and press:
            unseen.append(told)
        page.keyboard.press("Tab")
    missed = [told for at in range(count) if at not in reached and (told := page.evaluate(_TOLD, at))]
    page.evaluate(_UNMARK)
    return missed, unseen
