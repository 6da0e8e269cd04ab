from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CmsConfig(AppConfig):
    """Site, authoring kit, media and search."""

    name = "cms"
    verbose_name = _("Content")

    def ready(self) -> None:
        from cms import document_watch

        document_watch.connect()
