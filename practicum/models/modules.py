"""What a training base teaches, as the ledger of hours knows it."""

from __future__ import annotations

from collections.abc import Collection

from courses.models.outlines import catalogue
from practicum.models.bases import TrainingBase


def dimensions_of_bases(bases: Collection[int]) -> dict[int, str]:
    """Category and module of the first module that each base serves, in the catalogue's order (one query)."""
    if not bases:
        return {}
    served: dict[int, set[int]] = {}
    links = TrainingBase.modules.through.objects.filter(trainingbase__in=bases)
    for base_id, module_id in links.values_list("trainingbase_id", "modulepage_id"):
        served.setdefault(base_id, set()).add(module_id)
    if not served:
        return {}
    found: dict[int, str] = {}
    for category in catalogue().categories:
        for module in category.modules:
            if not category.code or not module.code:
                continue
            for base_id, modules in served.items():
                if module.pk in modules:
                    found.setdefault(base_id, f"{category.code}/{module.code}")
    return found
