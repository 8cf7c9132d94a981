"""A campaign at a glance, as text and as a card: what it is, how it stands, and what to type next."""

from migma_nb.api.resources import CampaignInfo
from migma_nb.notebook.lines import counted, one_line, safe
from migma_nb.notebook.theme import MUTED, badge, card, facts, head, named, section, typed


def campaign_text(info: CampaignInfo, *, sandbox: bool) -> str:
    """Return a campaign as text for a terminal."""
    title = f"Campaign {one_line(info.name, 60)!r} ({info.id}): {one_line(info.status, 30)}"
    lines = [f"{title}, {'sandbox' if sandbox else 'LIVE'}"]
    lines += [f"  {name}: {one_line(value, 90)}" for name, value in _facts(info)]
    lines += [f"  → {line}  {words}" for line, words in _steps(info, sandbox=sandbox)]
    return "\n".join(lines)


def campaign_html(info: CampaignInfo, *, sandbox: bool) -> str:
    """Return a campaign as a card: inline styles only, no scripts, nothing from elsewhere."""
    where = f'<span style="{MUTED}">sandbox: nobody real is mailed</span>' if sandbox else badge("LIVE")
    steps = _steps(info, sandbox=sandbox)
    return card(
        head(f"Campaign {named(info.id)} · {safe(info.status, 30)}", safe(info.name, 120), where),
        facts((name, safe(value, 120)) for name, value in _facts(info)),
        section("Next", typed(steps)) if steps else "",
    )


def _facts(info: CampaignInfo) -> list[tuple[str, str]]:
    count = info.estimated_recipients
    people = "" if count is None else f", about {counted(count, 'person', 'people')}"
    pairs = [
        ("To", f"{info.recipient_type} {info.recipient_id}{people}"),
        ("From", f"{info.from_name} <{info.from_}>"),
        ("Subject", info.subject),
        ("Scheduled", _moment(info.scheduled_at, info.scheduled_timezone)),
        ("Sent", _moment(info.sent_at, None)),
        ("Completed", _moment(info.completed_at, None)),
        ("Error", info.error),
    ]
    return [(name, str(value)) for name, value in pairs if value]


def _moment(at: object, zone: str | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M} UTC{f' (planned in {zone})' if zone else ''}"


def _steps(info: CampaignInfo, *, sandbox: bool) -> list[tuple[str, str]]:
    status = (info.status or "").lower()
    count = "…" if info.estimated_recipients is None else info.estimated_recipients
    confirm = "" if sandbox else f"confirm={count}"
    if status == "draft":
        comma = "" if sandbox else ", "
        return [
            (f"campaign.send({confirm})", "mails everybody in it now"),
            (f"campaign.schedule(at=…{comma}{confirm})", "lets Migma send it at that moment"),
        ]
    if status == "scheduled":
        return [("campaign.cancel()", "takes it back")]
    return [("campaign.refresh()", "asks how it stands")] if status not in {"failed", "cancelled"} else []
