"""What a page shows in place of a form or panel that it has lost, and the line that brings it back.

Lab says "model not found" there once the page was loaded anew. These words are an output of their own, right
below the widget's, and are seen exactly where Lab has nothing but that to show.
"""

import secrets
from collections.abc import Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from migma_nb.notebook.lines import safe
from migma_nb.notebook.theme import CODE, MUTED, TINT, card, head

#: Lab asks a kernel only for a few seconds, so that one that lives may have lost its widgets on a page, too.
LOST = "This page has lost it: its kernel was restarted, has ended, or was too busy to answer."
#: Lab marks an output whose widget is not to be had with the widgets' own class, and no other.
_BROKEN = ".jp-OutputArea-child:has(> .jp-OutputArea-output.jupyter-widgets)"
_OURS = "> .jp-OutputArea-output > .mnb-lost"
#: While the widget lives the words take no room at all, and where they are seen Lab's own are not.
_SHEET = f"""
.jp-OutputArea-child:not({_BROKEN} + *):has({_OURS}) {{ display: none; }}
{_BROKEN}:has(+ .jp-OutputArea-child {_OURS}) > * {{ display: none; }}
{_BROKEN} + .jp-OutputArea-child {_OURS} {{ display: block !important; }}
"""
#: As a link: of a style element a page that strips all tags would leave the text.
_LINK = f'<link rel="stylesheet" href="data:text/css,{quote(_SHEET)}">'


def lost(kind: str, title: str, words: str, lines: Sequence[str] = ()) -> dict[str, Any]:
    """Return an output that is seen only where the widget before it was lost; in text it is not there.

    Args:
        kind: what it was, HTML.
        title: what is known of it (text).
        words: what to do (text).
        lines: what to type for that.
    """
    typed = "\n".join(escape(one) for one in lines)
    style = f"{CODE};{TINT};color:inherit;padding:8px 12px;margin:10px 0 0;border-radius:6px;overflow-x:auto"
    shown = card(
        head(kind, safe(title, 300), ""),
        f'<div style="{MUTED}">{safe(words, 300)}</div>',
        f'<pre style="{style}">{typed}</pre>' if typed else "",
    )
    # Without our style sheet, as where outputs are not trusted, it is not seen either.
    html = f'<div class="mnb-lost" style="display:none">{shown}</div>{_LINK}'
    return {"text/html": html}


def put(output: dict[str, Any], name: str = "") -> str:
    """Show an output below the cell, or renew the one of a name; return its name.

    Args:
        output: by MIME type.
        name: as an earlier call returned it; "" shows a new one.
    """
    from IPython import display  # noqa: PLC0415 - only a notebook has it

    shown: Any = display  # its functions have no types
    if name:
        shown.update_display(output, raw=True, display_id=name)
        return name
    name = secrets.token_hex(8)
    shown.display(output, raw=True, display_id=name)
    return name
