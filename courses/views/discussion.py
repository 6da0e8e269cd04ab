"""Questions about a lesson: asked, replied to, accepted, hidden."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from cms.refusals import Refused
from courses.actions import discussion
from courses.forms import HideForm, QuestionForm, ReplyForm
from courses.models import LessonQuestion
from courses.reports.discussion import Place, place_of, question_for, questions_of, reply_for
from courses.rules.discussion import clock
from enrollment.requests import AuthenticatedHttpRequest, number_in

QUESTIONS_PER_PAGE = 20


def _page(
    request: AuthenticatedHttpRequest,
    place: Place,
    *,
    form: QuestionForm | None = None,
    reply_form: ReplyForm | None = None,
    about: int | None = None,
) -> HttpResponse:
    """The questions of a lesson; a form that was refused keeps what was typed. ``about`` one, its page."""
    found = questions_of(place, request.user)
    number = request.GET.get("page")
    wanted = found.filter(pk=about).first() if about is not None else None
    if wanted is not None and number is None:
        before = found.filter(written_at__gt=wanted.written_at).count()
        number = str(before // QUESTIONS_PER_PAGE + 1)
    at = number_in(request.GET.get("at", ""))
    context = {
        "lesson": place.lesson,
        "course": place.course,
        "teaches": place.teaches,
        "page_obj": Paginator(found, QUESTIONS_PER_PAGE).get_page(number),
        "form": form
        or QuestionForm(
            has_video=place.lesson.has_film, initial={"at_seconds": clock(at) if at is not None else ""}
        ),
        "reply_form": reply_form or ReplyForm(),
        "reply_to": about if reply_form is not None else None,
    }
    refused = form is not None or reply_form is not None
    return render(request, "courses/questions.html", context, status=422 if refused else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def questions(request: AuthenticatedHttpRequest, lesson_id: int) -> HttpResponse:
    """What was asked about a lesson, and a form to ask (POST)."""
    place = place_of(request.user, lesson_id)
    if place is None:
        raise Http404
    if request.method != "POST":
        return _page(request, place, about=number_in(request.GET.get("question", "")))
    form = QuestionForm(request.POST, has_video=place.lesson.has_film)
    if form.is_valid():
        data = form.cleaned_data
        try:
            question = discussion.ask(
                user=request.user,
                lesson=place.lesson,
                text=data["text"],
                key=data["key"],
                at_seconds=data.get("at_seconds"),
            )
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(reason.field if reason.field in form.fields else None, str(reason))
        else:
            messages.success(request, _("Asked. You will be told when somebody replies."))
            return redirect(discussion.address(question))
    return _page(request, place, form=form)


@require_POST
@login_required
def reply(request: AuthenticatedHttpRequest, question_id: int) -> HttpResponse:
    """Reply to a question."""
    found = question_for(request.user, question_id)
    if found is None:
        raise Http404
    place, question = found
    form = ReplyForm(request.POST)
    if form.is_valid():
        try:
            discussion.reply(
                question=question,
                user=request.user,
                text=form.cleaned_data["text"],
                key=form.cleaned_data["key"],
            )
        except Refused as refusal:
            for reason in refusal.reasons:
                form.add_error(reason.field if reason.field in form.fields else None, str(reason))
        else:
            return redirect(discussion.address(question))
    return _page(request, place, reply_form=form, about=question_id)


@require_POST
@login_required
def accept(request: AuthenticatedHttpRequest, reply_id: int) -> HttpResponse:
    """Let a reply stand as the answer."""
    found = reply_for(request.user, reply_id)
    if found is None:
        raise Http404
    said = found[1]
    return _done(request, said.question, lambda: discussion.accept(reply=said, actor=request.user))


@require_POST
@login_required
def hide_question(request: AuthenticatedHttpRequest, question_id: int) -> HttpResponse:
    """Hide a question with a reason, or show it again."""
    found = question_for(request.user, question_id)
    if found is None or not found[0].teaches:
        raise Http404
    return _hide(request, found[1], found[1])


@require_POST
@login_required
def hide_reply(request: AuthenticatedHttpRequest, reply_id: int) -> HttpResponse:
    """The same for a reply."""
    found = reply_for(request.user, reply_id)
    if found is None or not found[0].teaches:
        raise Http404
    return _hide(request, found[1], found[1].question)


def _hide(request: AuthenticatedHttpRequest, post: discussion.Said, question: LessonQuestion) -> HttpResponse:
    form = HideForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect(discussion.address(question))
    data = form.cleaned_data

    def act() -> object:
        if data["show"]:
            return discussion.show(post=post, actor=request.user)
        return discussion.hide(post=post, reason=data["reason"], actor=request.user)

    return _done(request, question, act)


def _done(
    request: AuthenticatedHttpRequest, question: LessonQuestion, act: Callable[[], object]
) -> HttpResponse:
    try:
        act()
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    return redirect(discussion.address(question))
