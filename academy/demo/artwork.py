"""Pictures and films, drawn by other processes while the database is being filled."""

from __future__ import annotations

import io
import multiprocessing
import tempfile
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from django.core.files.images import ImageFile

from academy.demo import media
from cms.actions.video import ffmpeg
from cms.models import AcademyImage

WORKERS = 2


class Artwork:
    """Begins to draw everything at once; hands out each piece when it is asked for."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="academy-artwork-")
        # A fresh process each: no database connection is shared with the loader.
        self._pool = ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn"))
        self._pieces: dict[str, Future[bytes]] = {}
        self._films: dict[str, Future[float]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._folder.cleanup()

    def begin_film(self, key: str) -> None:
        """Start on the film ``key``."""
        self._films[key] = self._pool.submit(media.lesson_video, key, self._path(key), ffmpeg())

    def begin_cover(self, title: str, category: str, seed: int) -> None:
        """Start on the cover of a course."""
        self._pieces[f"cover {title}"] = self._pool.submit(media.cover, title, category, seed)

    def begin_figure(self, key: str) -> None:
        """Start on a figure of a lesson."""
        self._pieces[f"figure {key}"] = self._pool.submit(media.figure, key)

    def begin_photo(self, name: str, field: str, seed: int) -> None:
        """Start on the picture of a base."""
        self._pieces[f"photo {name}"] = self._pool.submit(media.base_photo, name, field, seed)

    def film(self, key: str) -> bytes:
        """The finished film ``key`` (MP4)."""
        self._films[key].result()
        return self._path(key).read_bytes()

    def picture(self, piece: str, *, title: str, alt: str = "", extension: str = "jpg") -> AcademyImage:
        """The finished ``piece`` (“cover …”, “figure …”, “photo …”) as a picture of the site."""
        drawn = ImageFile(
            io.BytesIO(self._pieces[piece].result()), name=f"{piece.partition(' ')[0]}.{extension}"
        )
        image = AcademyImage(title=title[:255], alt_text=alt[:200], credit="示例学院绘制", file=drawn)
        image.save()
        return image

    def _path(self, key: str) -> Path:
        return Path(self._folder.name) / f"{key}.mp4"
