"""The one table of the floors."""

from django.db import models


class Row(models.Model):
    """A row that is read, or written over."""

    key = models.PositiveIntegerField(unique=True)
    value = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.key}: {self.value}"
