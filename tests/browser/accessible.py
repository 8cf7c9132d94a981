"""Whether a screen can be used by everybody, as far as axe-core can tell; its script comes with a package."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

_RUN = """([selector, options]) => {
    if (!document.querySelector(selector)) { throw new Error(`nothing is ${selector}`); }
    return axe.run(selector, options);
}"""
#: The frames of mails are other people's pages, and no script runs in them.
_OPTIONS = {"resultTypes": ["violations"], "iframes": False}


def assert_accessible(page: "Page", selector: str) -> None:
    """Find no serious or critical violation in what a CSS selector names.

    Raises:
        AssertionError: there is one; each is told with its rule, its place and the page's text there.
        playwright.sync_api.Error: nothing is named so.
    """
    from axe_playwright_python.base import AXE_SCRIPT  # noqa: PLC0415 - the oldest set lacks it

    if page.evaluate("() => typeof axe === 'undefined'"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(_RUN, [selector, _OPTIONS])
    bad = [one for one in found["violations"] if one["impact"] in {"serious", "critical"}]
    told = [_told(one, node) for one in bad for node in one["nodes"]]
    assert not told, "\n".join(told)


def _told(violation: dict[str, Any], node: dict[str, Any]) -> str:
    reason = str(node.get("failureSummary", "")).splitlines()[-1:]
    place = " ".join(map(str, node["target"]))
    return f"{violation['id']} ({violation['impact']}) at {place}: {node['html'][:200]} {' '.join(reason)}"
