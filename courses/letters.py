"""The kinds of messages about courses and pages."""

from enrollment.letters import Kind, register
from enrollment.rules.messages import Group


def register_kinds() -> None:
    """Add them to what can be told."""
    register(
        Kind("course_assigned", Group.STUDY, "book"),
        Kind("course_due", Group.STUDY, "hourglass-split"),
        Kind("reflection_accepted", Group.STUDY, "check-circle"),
        Kind("reflection_returned", Group.STUDY, "pencil-square"),
        Kind("question_replied", Group.STUDY, "chat-left-text"),
        Kind("post_hidden", Group.STUDY, "eye"),
        Kind("question_asked", Group.WORK, "chat-left-text", inbox_only=True),
        # Its place in a list is enough: no instructor wants a letter for each of a class.
        Kind("reflection_waiting", Group.WORK, "inbox", inbox_only=True),
        Kind("course_review", Group.WORK, "journal-text"),
        # Wagtail sends its own mail to authors.
        Kind("page_sent_back", Group.WORK, "pencil-square", inbox_only=True),
    )
