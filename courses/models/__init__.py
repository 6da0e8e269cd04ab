"""The catalogue, progress, assessment and assignments."""

from courses.models.archives import ArchiveKey
from courses.models.assessment import (
    AttemptStatus,
    Question,
    QuestionKind,
    QuestionVersion,
    Quiz,
    QuizAttempt,
    QuizQuestion,
)
from courses.models.assignments import CourseAssignment
from courses.models.catalogue import (
    CatalogPage,
    CatalogStamp,
    CategoryPage,
    CompletionRule,
    CoursePage,
    LessonPage,
    ModuleGroup,
    ModulePage,
)
from courses.models.discussion import LessonQuestion, LessonReply
from courses.models.presence import PresencePrompts
from courses.models.progress import CourseProgress, LessonProgress, StudyClock
from courses.models.reflections import (
    Reflection,
    ReflectionPicture,
    ReflectionStatus,
    ReflectionVersion,
)

__all__ = [
    "ArchiveKey",
    "AttemptStatus",
    "CatalogPage",
    "CatalogStamp",
    "CategoryPage",
    "CompletionRule",
    "CourseAssignment",
    "CoursePage",
    "CourseProgress",
    "LessonPage",
    "LessonProgress",
    "LessonQuestion",
    "LessonReply",
    "ModuleGroup",
    "ModulePage",
    "PresencePrompts",
    "Question",
    "QuestionKind",
    "QuestionVersion",
    "Quiz",
    "QuizAttempt",
    "QuizQuestion",
    "Reflection",
    "ReflectionPicture",
    "ReflectionStatus",
    "ReflectionVersion",
    "StudyClock",
]
