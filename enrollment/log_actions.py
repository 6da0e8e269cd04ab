"""What the audit log can say of this app: each action's name, its label in filters, and its sentence."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

#: (action, label, sentence)
LOG_ACTIONS = (
    ("enrollment.person.admit", _("Admit to the roster"), _("Admitted to the roster")),
    ("enrollment.person.look", _("Look at a record"), _("Record opened with the phone in full")),
    ("enrollment.person.amend", _("Amend a person"), _("Roster record amended")),
    ("enrollment.person.appoint", _("Appoint"), _("Given a new post")),
    ("enrollment.person.depart", _("Take off the roster"), _("Left; taken off the roster")),
    ("enrollment.person.erase", _("Erase a person"), _("Erased after leaving")),
    ("enrollment.message.retry", _("Retry a delivery"), _("Message to be delivered again")),
    ("enrollment.message.give_up", _("Give a delivery up"), _("Delivery of a message given up")),
    ("enrollment.log.export", _("Export the log"), _("Audit log exported")),
    ("enrollment.log.clear", _("Clear the log"), _("Entries beyond the retention period cleared")),
    ("enrollment.people.export", _("Export people"), _("Personal data exported")),
    ("enrollment.correction.ask", _("Ask for a correction"), _("Correction of the record asked for")),
    ("enrollment.correction.answer", _("Answer a request for correction"), _("Request answered")),
    ("enrollment.guidance.record", _("Record guidance"), _("Guidance recorded")),
    ("enrollment.guidance.settle", _("Settle a follow-up"), _("Follow-up settled")),
    ("enrollment.exemption.record", _("Record an exemption"), _("Exempted from the year's hours")),
    ("enrollment.exemption.change", _("Change an exemption"), _("Exemption changed")),
    ("enrollment.exemption.withdraw", _("Withdraw an exemption"), _("Exemption withdrawn")),
    ("enrollment.organization.found", _("Found an organization"), _("Organization founded")),
    ("enrollment.organization.amend", _("Amend an organization"), _("Organization amended")),
    ("enrollment.organization.rename", _("Rename an organization"), _("Organization renamed")),
    ("enrollment.organization.move", _("Move an organization"), _("Organization moved in the tree")),
    ("enrollment.organization.dissolve", _("Dissolve an organization"), _("Organization dissolved")),
    ("enrollment.organization.merge", _("Merge an organization"), _("Organization merged into another")),
    ("enrollment.organization.absorb", _("Take organizations in"), _("Other organizations merged into it")),
    ("enrollment.organization.import", _("Import organizations"), _("Organizations imported from a table")),
    ("enrollment.organization.receive", _("Upload organizations"), _("Table of organizations uploaded")),
    ("enrollment.organization.discard", _("Discard organizations"), _("Table of organizations discarded")),
    ("enrollment.organization.split", _("Split an organization"), _("New organization split off")),
    ("enrollment.hours.reverse", _("Reverse hours"), _("Hours reversed")),
    ("enrollment.rule.change", _("Change an hour rule"), _("Hour rule changed")),
    ("enrollment.year.close", _("Close a year"), _("Year closed")),
    ("enrollment.year.reopen", _("Reopen a year"), _("Year reopened")),
    ("enrollment.class.open", _("Open a class"), _("Training class opened")),
    ("enrollment.class.amend", _("Amend a class"), _("Training class amended")),
    ("enrollment.class.transition", _("Move a class on"), _("Training class moved to another status")),
    ("enrollment.class.quota", _("Set a quota"), _("Quota set")),
    ("enrollment.enrollment.nominate", _("Nominate"), _("Nominated for the class")),
    ("enrollment.enrollment.enrol", _("Enrol"), _("Enrolled in the class")),
    ("enrollment.enrollment.waitlist", _("Put on the waitlist"), _("Put on the waitlist of the class")),
    ("enrollment.enrollment.promote", _("Promote from the waitlist"), _("Promoted from the waitlist")),
    ("enrollment.enrollment.withdraw", _("Withdraw from a class"), _("Withdrawn from the class")),
    ("enrollment.enrollment.complete", _("Complete a class"), _("Completed the class")),
    ("enrollment.enrollment.group", _("Divide into groups"), _("Placed in a group")),
    ("enrollment.certificate.issue", _("Issue a certificate"), _("Certificate issued")),
    ("enrollment.certificate.revoke", _("Revoke a certificate"), _("Certificate revoked")),
    ("enrollment.activity.record", _("Record a branch activity"), _("Branch activity recorded")),
    ("enrollment.role.grant", _("Grant a role"), _("Role granted")),
    ("enrollment.role.revoke", _("Revoke a role"), _("Role revoked")),
    ("enrollment.account.open", _("Open an account"), _("Account opened")),
    ("enrollment.account.close", _("Close an account"), _("Account closed")),
    ("enrollment.account.password", _("Change a password"), _("Password changed")),
    ("enrollment.account.unlock", _("Unlock an account"), _("Account unlocked")),
    ("enrollment.session.end", _("End a session"), _("Session ended")),
    ("enrollment.session.end_all", _("End all sessions"), _("All sessions ended")),
    ("enrollment.sign_in", _("Sign in"), _("Signed in to the account")),
    ("enrollment.sign_in.fail", _("Sign-in failed"), _("Sign-in failed")),
    ("enrollment.sign_in.lock", _("Lock an account"), _("Locked after failed sign-ins")),
    ("enrollment.sign_out", _("Sign out"), _("Signed out of the account")),
    ("enrollment.second_factor.add", _("Add a second factor"), _("Second factor added")),
    ("enrollment.second_factor.remove", _("Remove a second factor"), _("Second factor removed")),
    ("enrollment.second_factor.reset", _("Reset a second factor"), _("Second factor reset")),
    ("enrollment.invitation.issue", _("Invite"), _("Invitation issued")),
    ("enrollment.invitation.accept", _("Accept an invitation"), _("Invitation accepted")),
    ("enrollment.invitation.revoke", _("Revoke an invitation"), _("Invitation revoked")),
    ("enrollment.roster.receive", _("Upload a roster"), _("Roster uploaded")),
    ("enrollment.roster.apply", _("Apply a roster"), _("Roster applied")),
    ("enrollment.roster.correct", _("Correct a roster"), _("Roster row corrected")),
    ("enrollment.roster.discard", _("Discard a roster"), _("Roster discarded")),
)


def register(actions: Any) -> None:
    """Tell Wagtail's registry of log actions about all of them."""
    for name, label, sentence in LOG_ACTIONS:
        actions.register_action(name, label, sentence)
