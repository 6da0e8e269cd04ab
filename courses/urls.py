"""Addresses of the catalogue, under /courses/. Words used here are no course's address (RESERVED_SLUGS)."""

from django.urls import path

from courses.views import (
    archives,
    beats,
    catalogue,
    discussion,
    documents,
    following,
    lessons,
    quizzes,
    reflections,
    teaching,
)

app_name = "courses"
urlpatterns = [
    path("", catalogue.catalog, name="catalog"),
    path("search/", catalogue.search, name="search"),
    path("beat/<int:lesson_id>/", beats.beat, name="beat"),
    path("read/<int:lesson_id>/", beats.read, name="read"),
    path("record/<int:lesson_id>/", lessons.record, name="record"),
    path("quiz/<int:lesson_id>/", quizzes.quiz, name="quiz"),
    path("attempt/<int:attempt_id>/", quizzes.attempt, name="attempt"),
    path("attempt/<int:attempt_id>/save/", quizzes.save, name="attempt_save"),
    path("attempt/<int:attempt_id>/result/", quizzes.result, name="attempt_result"),
    path("reflection/<int:lesson_id>/", reflections.reflection, name="reflection"),
    path("reflection/picture/<int:picture_id>/", reflections.picture, name="reflection_picture"),
    path("questions/<int:lesson_id>/", discussion.questions, name="questions"),
    path("questions/reply/<int:question_id>/", discussion.reply, name="question_reply"),
    path("questions/accept/<int:reply_id>/", discussion.accept, name="question_accept"),
    path("questions/hide/<int:question_id>/", discussion.hide_question, name="question_hide"),
    path("questions/hide/reply/<int:reply_id>/", discussion.hide_reply, name="question_hide_reply"),
    path("teaching/", teaching.courses, name="teaching"),
    path("teaching/import/", documents.bring, name="teaching_import"),
    path("teaching/archive/", archives.archives, name="teaching_archive"),
    path("teaching/archive/export/", archives.export, name="teaching_archive_export"),
    path("teaching/questions/", teaching.question_list, name="teaching_questions"),
    path("teaching/reflections/", teaching.reflection_list, name="teaching_reflections"),
    path("teaching/reflections/<int:pk>/", teaching.reflection, name="teaching_reflection"),
    path("follow/<slug:slug>/export/", following.export, name="follow_export"),
    path("follow/<slug:slug>/", following.follow, name="follow"),
    path("<slug:slug>/", catalogue.course, name="course"),
    path("<slug:slug>/<slug:lesson_slug>/", lessons.lesson, name="lesson"),
]
