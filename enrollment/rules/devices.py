"""What a browser's own description says about it, in words its owner understands."""

from __future__ import annotations

_BROWSERS = (
    ("MicroMessenger", "微信"),
    ("DingTalk", "钉钉"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("HuaweiBrowser", "华为浏览器"),
    ("MiuiBrowser", "小米浏览器"),
    ("QQBrowser", "QQ浏览器"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def device_name(description: str) -> str:
    """A short name such as ``微信 · Android`` for a User-Agent; empty when it says nothing known."""
    browser = next((name for mark, name in _BROWSERS if mark in description), "")
    system = next((name for mark, name in _SYSTEMS if mark in description), "")
    return " · ".join(part for part in (browser, system) if part)
