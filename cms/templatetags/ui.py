"""Tags and filters of the design system; ``templates/components/`` holds the pieces themselves."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from django import forms, template
from django.core.paginator import Page
from django.forms import BoundField
from django.http import QueryDict
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.template.context import Context
from django.templatetags.static import static
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from cms.sanitizing import shown

register = template.Library()

QUARTERS_PER_HOUR = 4
WEEKDAYS_ZH = "一二三四五六日"
WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


# --- Pieces that enclose markup ------------------------------------------------------------------------


class ComponentNode(template.Node):
    """Renders ``components/<name>.html`` with the given variables, and the enclosed markup as ``slot``."""

    def __init__(self, name: str, variables: dict[str, FilterExpression], nodelist: NodeList) -> None:
        self.name = name
        self.variables = variables
        self.nodelist = nodelist

    def render(self, context: Context) -> str:
        values = {name: value.resolve(context) for name, value in self.variables.items()}
        values["slot"] = self.nodelist.render(context)
        piece = context.template.engine.get_template(f"components/{self.name}.html")
        return piece.render(context.new(values))


@register.tag
def component(parser: Parser, token: Token) -> ComponentNode:
    """``{% component "card" title=… %}…{% endcomponent %}``: a piece around markup."""
    _tag, *bits = token.split_contents()
    if not bits or bits[0][0] not in "\"'" or bits[0][0] != bits[0][-1]:
        raise template.TemplateSyntaxError("component: the first argument is the quoted name of a piece.")
    variables = token_kwargs(bits[1:], parser)
    if len(variables) != len(bits) - 1:
        raise template.TemplateSyntaxError("component: every argument after the name is name=value.")
    nodelist = parser.parse(("endcomponent",))
    parser.delete_first_token()
    return ComponentNode(bits[0][1:-1], variables, nodelist)


# --- Icons ----------------------------------------------------------------------------------------------


@cache
def _sprite() -> str:
    return static("academy/icons.svg")


@cache
def _silent_icon(name: str) -> SafeString:
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        _sprite(),
        name,
    )


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A symbol of ``academy/icons.svg``; silent to screen readers unless it has a ``label``."""
    if not label:
        return _silent_icon(name)
    return format_html(
        '<svg class="icon" role="img" aria-label="{}"><use href="{}#{}"></use></svg>',
        label,
        _sprite(),
        name,
    )


# --- Numbers ----------------------------------------------------------------------------------------------


@register.filter
def hours(quarters: int | None) -> str:
    """Whole quarters as hours: 6 → ``1.5``; nothing for ``None``."""
    if quarters is None:
        return ""
    whole, rest = divmod(abs(quarters), QUARTERS_PER_HOUR)
    sign = "−" if quarters < 0 else ""
    return f"{sign}{whole:,}" + ("", ".25", ".5", ".75")[rest]


@register.filter
def percent(part: float | Decimal | None, whole: float | Decimal | None = 1) -> int:
    """The share of ``whole`` that ``part`` is, in whole percent, never 100 before all is there."""
    if not part or not whole or part < 0:
        return 0
    share = int(Decimal(part) * 100 / Decimal(whole))
    return min(share, 100)


# --- Paper ------------------------------------------------------------------------------------------------


@register.filter
def css_text(text: str) -> SafeString:
    """Text as it may stand inside quotation marks of a style sheet: in the margins of a printed page."""
    plain = html.unescape(str(text)).strip()
    # Every sign that could end the text, or the sheet's element, by its number (CSS 2.2, §4.1.3).
    return mark_safe("".join(f"\\{ord(s):06x}" if s in "\"\\\n\r\f<>&'" else s for s in plain))  # noqa: S308


@register.filter
def at(row: Sequence[Any], place: int) -> Any:
    """What stands at a place of a row."""
    return row[place]


# --- Days and times ---------------------------------------------------------------------------------------


def _in_chinese() -> bool:
    return (translation.get_language() or "").startswith("zh")


def _local(moment: dt.datetime | dt.date) -> dt.datetime | dt.date:
    return (
        timezone.localtime(moment)
        if isinstance(moment, dt.datetime) and timezone.is_aware(moment)
        else moment
    )


@register.filter
def weekday(moment: dt.datetime | dt.date | None) -> str:
    """周三 or Wed."""
    if moment is None:
        return ""
    day = _local(moment).weekday()
    return f"周{WEEKDAYS_ZH[day]}" if _in_chinese() else WEEKDAYS_EN[day]


def month_name(number: int) -> str:
    """The name of the month with ``number`` 1 to 12."""
    return f"{number}月" if _in_chinese() else MONTHS_EN[number - 1]


@register.filter
def month(moment: dt.datetime | dt.date | None) -> str:
    """11月 or Nov."""
    if moment is None:
        return ""
    return month_name(_local(moment).month)


def written_day(moment: dt.datetime | dt.date, *, today: dt.date | None = None) -> str:
    """11月22日 or 22 Nov, with the year when it is another one than today's."""
    day = _local(moment)
    today = today or timezone.localdate()
    if _in_chinese():
        text = f"{day.month}月{day.day}日"
        return text if day.year == today.year else f"{day.year}年{text}"
    text = f"{day.day} {MONTHS_EN[day.month - 1]}"
    return text if day.year == today.year else f"{text} {day.year}"


@register.filter
def day(moment: dt.datetime | dt.date | None) -> str:
    """11月22日 or 22 Nov, with the year when it is another one than today's."""
    return written_day(moment) if moment else ""


@register.simple_tag
def period(starts_at: dt.datetime | None, ends_at: dt.datetime | None = None) -> SafeString | str:
    """11月22日 周日 14:00–17:00, as a ``<time>`` element; both days where it runs over midnight."""
    if starts_at is None:
        return ""
    start = timezone.localtime(starts_at)
    text = f"{written_day(start)} {weekday(start)} {start:%H:%M}"
    if ends_at:
        end = timezone.localtime(ends_at)
        text += f"–{end:%H:%M}" if end.date() == start.date() else f" – {written_day(end)} {end:%H:%M}"
    return format_html('<time datetime="{}">{}</time>', start.isoformat(timespec="minutes"), text)


# --- Forms ------------------------------------------------------------------------------------------------


@register.filter
def control(field: BoundField) -> SafeString:
    """The field's widget with the class its kind wears, and ``is-invalid`` where it was refused."""
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput):
        wears = "form-check-input"
    elif isinstance(widget, (forms.CheckboxSelectMultiple, forms.RadioSelect)):
        return field.as_widget()
    elif isinstance(widget, forms.Select):
        wears = "form-select"
    else:
        wears = "form-control"
    names = [wears, widget.attrs.get("class", ""), "is-invalid" if field.errors else ""]
    return field.as_widget(attrs={"class": " ".join(filter(None, names))})


@register.filter
def file_control(field: BoundField) -> SafeString:
    """The input of components/file_drop.html: the browser's own words are hidden, so the piece names it."""
    names = [
        "file-drop-input",
        field.field.widget.attrs.get("class", ""),
        "is-invalid" if field.errors else "",
    ]
    return field.as_widget(
        attrs={"class": " ".join(filter(None, names)), "aria-labelledby": f"{field.id_for_label}_label"}
    )


@register.filter
def field_kind(field: BoundField) -> str:
    """``checkbox``, ``choices`` (radio buttons, several checkboxes), ``file`` or ``plain``."""
    widget = field.field.widget
    if isinstance(widget, forms.FileInput):
        return "file"
    if isinstance(widget, (forms.CheckboxSelectMultiple, forms.RadioSelect)):
        return "choices"
    return "checkbox" if isinstance(widget, forms.CheckboxInput) else "plain"


# --- Pages of a list ---------------------------------------------------------------------------------------


@register.filter
def page_numbers(page: Page[Any]) -> list[int | None]:
    """The numbers to offer: first, last and those around this page; ``None`` stands for a gap."""
    last = page.paginator.num_pages
    shown = sorted({1, last, *range(max(1, page.number - 1), min(last, page.number + 1) + 1)})
    numbers: list[int | None] = []
    for number in shown:
        if numbers and numbers[-1] is not None and number - numbers[-1] > 1:
            numbers.append(None)
        numbers.append(number)
    return numbers


@register.simple_tag
def query(params: QueryDict | None = None, **changes: Any) -> str:
    """``?…`` with ``changes`` made to the present query; ``None`` or an empty value takes a name out."""
    data = params.copy() if params is not None else QueryDict(mutable=True)
    for name, value in changes.items():
        if value in (None, ""):
            data.pop(name, None)
        else:
            data[name] = str(value)
    return f"?{data.urlencode()}"


@register.filter
def written(text: str) -> SafeString:
    """Plain words that somebody sent, as paragraphs; see `cms.sanitizing.shown`."""
    return shown(text)


@register.filter
def nth(items: list[Any], position: int) -> Any:
    """The item at ``position``, nothing beyond the end."""
    return items[position] if position < len(items) else ""


@register.filter
def times(number: int) -> range:
    """Something to go through ``number`` times."""
    return range(int(number))


# --- Shares laid side by side -------------------------------------------------------------------------------


@register.filter
def laid_out(parts: Iterable[Any]) -> list[dict[str, Any]]:
    """``parts`` (each with ``share`` in percent) with the ``start`` at which each one's bar begins."""
    start = 0.0
    result = []
    for part in parts:
        share = float(part["share"] if isinstance(part, dict) else part.share)
        result.append({"part": part, "start": round(start, 2), "share": round(share, 2)})
        start += share
    return result
