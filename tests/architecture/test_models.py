"""What import-linter cannot see: relations named by strings, and the names of constraints."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Field, Model
from wagtail.images.models import AbstractRendition

#: The line of apps (docs/architecture.md): a relation points to the same app or to one further right.
LINE = ["academy", "practicum", "courses", "enrollment", "cms"]


def own_models() -> list[type[Model]]:
    """Return every model of ours, the automatic ones of many-to-many relations included."""
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.app_label in LINE]


def relations(model: type[Model]) -> Iterator[tuple["Field[Any, Any]", type[Model]]]:
    """Yield each relation that a model itself declares, with its target."""
    for field in model._meta.get_fields(include_parents=False, include_hidden=True):
        if field.is_relation and not field.auto_created and isinstance(field.related_model, type):
            yield field, field.related_model


def points_left(source: str, target: str) -> bool:
    """Return whether a relation between two apps goes against the line; other people's apps are free."""
    return source in LINE and target in LINE and LINE.index(target) < LINE.index(source)


def test_the_line_is_understood() -> None:
    assert points_left("cms", "courses")
    assert points_left("enrollment", "academy")
    assert not points_left("courses", "cms")
    assert not points_left("courses", "courses")
    assert not points_left("cms", "auth")
    assert not points_left("wagtailcore", "cms")


def test_relations_point_to_the_right() -> None:
    models = own_models()
    assert {model._meta.app_label for model in models} >= {"enrollment", "cms"}
    breaches = [
        f"{model._meta.label}.{field.name} points left to {target._meta.label}"
        for model in models
        for field, target in relations(model)
        # The user is named by a setting, as Wagtail's own images and documents name it.
        if points_left(model._meta.app_label, target._meta.app_label) and target is not get_user_model()
    ]
    assert breaches == []


def test_constraints_are_named_after_app_model_and_rule() -> None:
    misnamed = [
        f"{model._meta.label}: {constraint.name}"
        for model in own_models()
        for constraint in model._meta.constraints
        if not constraint.name.startswith(f"{model._meta.app_label}_{model._meta.model_name}_")
    ]
    assert misnamed == []


def test_unique_together_is_not_used() -> None:
    """A constraint has a name and a message; `unique_together` has neither. Wagtail asks it of renditions."""
    silent = [
        model._meta.label
        for model in own_models()
        if model._meta.unique_together
        and not model._meta.auto_created
        and not issubclass(model, AbstractRendition)
    ]
    assert silent == []
