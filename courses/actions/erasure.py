"""What goes of studying when a person is erased; what was completed and passed stays, as hours cite it."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import CharField, Q
from django.db.models.functions import Cast
from wagtail.models import ModelLogEntry

from courses.models import (
    LessonProgress,
    LessonQuestion,
    LessonReply,
    QuizAttempt,
    ReflectionPicture,
    ReflectionVersion,
    StudyClock,
)
from enrollment.erasure import replace_names
from enrollment.models import ERASED_NAME, Message, Trainee


def erase(trainees: Collection[int], users: Collection[int]) -> None:
    """What was watched, answered and written, and the clock. The caller has locked the people."""
    StudyClock.objects.filter(user__in=users).delete()
    LessonProgress.objects.filter(user__in=users).update(intervals=[], not_counted=[], position=0)
    QuizAttempt.objects.filter(user__in=users).update(answers={})
    ReflectionVersion.objects.filter(reflection__progress__user__in=users).update(text="", comment="")
    _erase_posts(trainees, users)
    pictures = ReflectionPicture.objects.filter(reflection__progress__user__in=users)
    for picture in pictures:
        transaction.on_commit(partial(picture.file.storage.delete, str(picture.file.name)))
    pictures.delete()


def _erase_posts(trainees: Collection[int], users: Collection[int]) -> None:
    """Their questions and replies lose their words; where they took part, others' words lose their name.

    The rows stay: what others said hangs on them. So do log and messages about them, without a name.
    """
    names = dict(Trainee.objects.filter(pk__in=trainees).values_list("pk", "name"))
    with_them = LessonQuestion.objects.filter(Q(author__in=users) | Q(replies__author__in=users))
    threads = set(with_them.values_list("pk", flat=True))
    for model, thread in ((LessonQuestion, ""), (LessonReply, "question__")):
        posts = model._default_manager.all()
        for named in (f"{thread}author__trainee", f"{thread}replies__author__trainee"):
            replace_names(posts, ("text", "hidden_reason"), named=named, names=names, by=ERASED_NAME)
        there = posts.filter(**{f"{thread}pk__in": threads})
        ids = there.annotate(key_text=Cast("pk", CharField())).values("key_text")
        ModelLogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(model), object_id__in=ids
        ).update(label=ERASED_NAME, data={})
        posts.filter(author__in=users).update(text=ERASED_NAME, hidden_reason="")
    _erase_news(threads)


def _erase_news(threads: Collection[int]) -> None:
    """What messages quote of these threads; the inbox still says where something was said."""
    keys = [f"question:{pk}" for pk in threads]
    for pk, question in LessonReply.objects.filter(question__in=threads).values_list("pk", "question"):
        keys += [f"reply:{pk}", f"question:{question}:{pk}"]
    rows = list(Message.objects.filter(kind__in=["question_asked", "question_replied"], key__in=keys))
    for row in rows:
        row.context = {**row.context, "text": ERASED_NAME}
    Message.objects.bulk_update(rows, ["context"], batch_size=200)
