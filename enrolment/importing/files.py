"""The uploaded file: written to a private place under a name of ours, and removed."""

import hashlib
import os
from codecs import getincrementaldecoder
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from common.ids import uuid7

# Bytes that stand for no sign in Windows' own alphabet.
_NOT_WINDOWS = bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D])


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as it lies on disk, and what was seen while it was written."""

    public_id: UUID
    size: int
    digest: bytes
    is_utf8: bool
    is_windows: bool


class Writer:
    """Writes a file block by block, and looks at each."""

    def __init__(self) -> None:
        self.public_id = uuid7()
        self.size = 0
        self._hash = hashlib.sha256()
        self._decoder: Any = getincrementaldecoder("utf-8")("strict")
        self._is_utf8 = self._is_windows = True
        self._file: BinaryIO = _open_new(path_of(self.public_id))

    def write(self, block: bytes) -> None:
        """Write a block."""
        self.size += len(block)
        self._hash.update(block)
        self._file.write(block)
        self._is_utf8 = self._is_utf8 and self._decodes(block, final=False)
        if self._is_windows and len(block.translate(None, _NOT_WINDOWS)) != len(block):
            self._is_windows = False

    def close(self) -> Stored:
        """Finish the file."""
        self._file.close()
        return Stored(
            public_id=self.public_id,
            size=self.size,
            digest=self._hash.digest(),
            is_utf8=self._is_utf8 and self._decodes(b"", final=True),
            is_windows=self._is_windows,
        )

    def discard(self) -> None:
        """Remove what was written."""
        self._file.close()
        remove(self.public_id)

    def _decodes(self, block: bytes, *, final: bool) -> bool:
        try:
            self._decoder.decode(block, final)
        except UnicodeDecodeError:
            return False
        return True


class StoredUpload(UploadedFile):
    """What a form gets for a file that is stored already."""

    stored: Stored


class StoreHandler(FileUploadHandler):
    """Takes an upload straight to where it is to lie, as far as it may be long."""

    def __init__(self, *args: Any, most: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.most = most
        self.is_too_large = False
        self._writer: Writer | None = None

    def new_file(self, *args: Any, **options: Any) -> None:
        """Begin a file; a second one is not expected and takes the first one's place.

        The browser's own name and type are kept for the form alone.
        """
        super().new_file(*args, **options)
        if self._writer is not None:
            self._writer.discard()
        self._writer = Writer()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a block, or stop when there are too many."""
        if self._writer is None:
            return
        if start + len(raw_data) > self.most:
            self.is_too_large = True
            self._writer.discard()
            self._writer = None
            raise StopUpload
        self._writer.write(raw_data)

    def file_complete(self, file_size: int) -> StoredUpload | None:
        """Hand the finished file to the form."""
        if self._writer is None:
            return None
        stored = self._writer.close()
        self._writer = None
        upload = StoredUpload(name=self.file_name, size=file_size)
        upload.stored = stored
        return upload

    def upload_interrupted(self) -> None:
        """Remove half a file when the browser has gone."""
        if self._writer is not None:
            self._writer.discard()
            self._writer = None


def path_of(public_id: UUID, *, ending: str = "") -> Path:
    """Return where a file lies; `ending` tells the one made from it."""
    return Path(settings.IMPORT_DIR) / f"{public_id}{ending}"


def store(blocks: Any) -> Stored:
    """Store a file that comes in blocks."""
    writer = Writer()
    try:
        for block in blocks:
            writer.write(block)
    except BaseException:
        writer.discard()
        raise
    return writer.close()


def remove(public_id: UUID) -> None:
    """Remove a file and what was made from it."""
    for ending in ("", ".csv"):
        path_of(public_id, ending=ending).unlink(missing_ok=True)


def strays(*, older_than: float) -> list[UUID]:
    """Name the files that were last written before a moment, in seconds."""
    folder = Path(settings.IMPORT_DIR)
    if not folder.is_dir():
        return []
    found = set()
    for path in folder.iterdir():
        try:
            if path.stat().st_mtime < older_than:
                found.add(UUID(path.name.partition(".")[0]))
        except (ValueError, FileNotFoundError):
            continue
    return sorted(found)


def _open_new(path: Path) -> BinaryIO:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Readable for us alone: it holds a whole club.
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    return os.fdopen(descriptor, "wb")
