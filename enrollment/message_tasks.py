"""Background work on messages; a run that is cut short is taken up by the next."""

from enrollment.actions import messages


def send_messages() -> str:
    """After each deed that tells somebody, and every minute: messages that are due go out."""
    sent = messages.send_due()
    return f"{sent.sent} sent, {sent.failed} failed, {sent.given_up} given up"
