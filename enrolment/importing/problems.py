"""What can be wrong with a row or a file, in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from enrolment.importing.columns import Column
from members import phones

Text = str | Promise

# The row is not imported.
ERRORS: dict[str, Text] = {
    "no_contact": _("Neither a mobile number nor an e-mail address."),
    "phone_invalid": _("The mobile number cannot be used, and no e-mail is there."),
    "email_invalid": _("That is no e-mail address, and no mobile number is there."),
    "too_young": _("Younger than the club's terms allow."),
    "has_left": _("Left the old club."),
    "status_unknown": _("It cannot be told whether this is a member."),
    "same_phone": _("The same mobile number stands further up in the file."),
    "same_email": _("The same e-mail address stands further up in the file."),
    "same_card": _("The same card number stands further up in the file."),
    "same_external": _("The same id of the old system stands further up in the file."),
    "same_member": _("A row further up belongs to the same member."),
    "two_members": _("The row belongs to two different members of the club."),
    "unsure_member": _(
        "Another member has given this, but has not shown that it is theirs."
    ),
    "member_left": _(
        "This person has left the club. Only they themselves can come back."
    ),
    "member_blocked": _("This member is blocked."),
    "too_many_cells": _(
        "The row has more cells than there are columns; a separator stands where it "
        "should not."
    ),
    "line_too_long": _("The line is too long to be one member."),
    "quote_open": _("A quotation mark is opened here and not closed."),
    "points_unreadable": _("That is no number of points."),
    "points_not_whole": _("Points are whole numbers, such as 1250."),
    "points_unclear": _(
        "It cannot be told whether thousands or decimals are parted here. Write points "
        "without a separator, such as 1250."
    ),
    "points_negative": _(
        "Less than nothing: what a member owed the old club is not taken over. Write 0 "
        "to import the member without points."
    ),
    "points_too_many": _(
        "More than a million points for one member: this may be another column."
    ),
    "points_day_unreadable": _("The last day of the points cannot be read."),
    "unreadable_signs": _("Signs could not be read; the encoding may be another one."),
}
# The row is imported, without what is wrong.
WARNINGS: dict[str, Text] = {
    "phone_left_out": _("The mobile number cannot be used and is left out."),
    "email_left_out": _("That is no e-mail address; it is left out."),
    "name_cut": _("The name is too long and is cut."),
    "birthday_left_out": _("The birthday cannot be read; it is left out."),
    "postcode_left_out": _("The postcode is too long; it is left out."),
    "language_unknown": _("The language is not one of the club's; the club's is used."),
    "store_unknown": _("No store has this code; it is left out."),
    "card_left_out": _("That cannot be a card number; it is left out."),
    "external_left_out": _("That cannot be an id; it is left out."),
    "since_left_out": _("The date cannot be read; today's is used."),
    "sms_unclear": _("Neither yes nor no: no SMS permission."),
    "sms_no_date": _("A yes without its date is no SMS permission."),
    "sms_no_source": _("A yes without where it was given is no SMS permission."),
    "mail_unclear": _("Neither yes nor no: no e-mail permission."),
    "mail_no_date": _("A yes without its date is no e-mail permission."),
    "mail_no_source": _("A yes without where it was given is no e-mail permission."),
    "points_lapsed": _("The points had lapsed before today and are not taken over."),
    "points_brought": _(
        "The member has brought points along before, another number; points are taken "
        "over once."
    ),
    "other_phone": _("The member has another mobile number in the club and keeps it."),
    "other_email": _("The member has another e-mail address in the club and keeps it."),
}
ALL: dict[str, Text] = ERRORS | WARNINGS

# Why a file is refused, or why an import stopped.
FILE_FAULTS: dict[str, Text] = {
    "empty": _("The file is empty."),
    "only_headings": _("The file holds headings and no members."),
    "too_large": _("The file is larger than {size}."),
    "not_a_table": _(
        "This is no CSV, text or Excel file. In the program that made it, choose to "
        "save or export it as CSV or XLSX."
    ),
    "old_excel": _(
        "This is an Excel file of before 2007. Open it and save it as XLSX or CSV."
    ),
    "locked": _("The Excel file is protected by a password. Save it without one."),
    "macros": _("The Excel file holds macros. Save it as XLSX, without them."),
    "broken_excel": _("The Excel file is damaged and cannot be read. Save it anew."),
    "bomb": _(
        "Unpacked, the Excel file is larger than we accept. Save it as CSV instead."
    ),
    "no_sheet": _("The Excel file has no such sheet."),
    "first_line_too_long": _(
        "The first line is so long that this cannot be a table of members."
    ),
    "too_many_columns": _(
        "The file has more than {columns} columns. Save those that are needed."
    ),
    "not_text": _("The file cannot be read as text in any encoding we know."),
    "file_gone": _("The file is gone; upload it again."),
    "rows_gone": _(
        "The database was restarted in an emergency, and the checked rows are gone. "
        "Check the file again: members that were imported are recognised."
    ),
    "changed_often": _(
        "The club changes so much just now that some rows could not be written. Go on "
        "with the import later."
    ),
}

Problem = Mapping[str, Any]


def words_of(problem: Problem, *, country: str) -> Text:
    """Say what is wrong, and where the other one is if there is one."""
    code = problem["code"]
    text: Text = ALL.get(code) or code
    if code in {"phone_invalid", "phone_left_out"}:
        reason = phones.PhoneInvalid(problem.get("why", "not_valid"), country=country)
        return format_lazy("{} {}", text, reason.messages[0])
    if problem.get("other"):
        where = _("(row {row})")
        return format_lazy("{} {}", text, str(where).format(row=problem["other"]))
    return text


def is_error(code: str) -> bool:
    """Tell whether rows with this problem are refused."""
    return code in ERRORS


def column_label(code: str) -> Text:
    """Return what the column of a problem is called."""
    return str(Column(code).label) if code else ""
