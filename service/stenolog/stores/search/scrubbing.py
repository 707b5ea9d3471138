"""Write pages of a database file without what SQLite has left in their unused parts.

SQLite's `secure_delete` overwrites what is deleted. It does not overwrite copies of what is kept:
when rows move from one page to another, their old bytes stay in the unused part of the first page.
Once such a row is deleted, they would still be there (measured: words of one in four of some
hundred erased transcripts). So the unused part of each page is zeroed on its way into the file.
What is in the WAL is gone once that is truncated.
"""

from __future__ import annotations

import apsw

PAGE_BYTES = 4_096
# An overflow page begins with the number of another page: up to here its first byte is none of
# those that a B-tree page begins with. 128 GiB.
PAGES_MAX = (1 << 25) - 1
VFS_NAME = "stenolog-scrubbing"
# SQLite database file format, 1.6 "B-tree Pages": the first byte, and the length of the header.
HEADER_BYTES = {2: 12, 5: 12, 10: 8, 13: 8}
FIRST_PAGE_HEADER = 100  # bytes before the header of the first page
LARGEST_START = 65_536  # what a start of 0 means


def scrubbed(page: bytes, *, first: bool) -> bytes:
    """Return a page with zeros between its cell pointers and its cells; others as they are."""
    at = FIRST_PAGE_HEADER if first else 0
    header = HEADER_BYTES.get(page[at])
    if header is None:
        return page
    cells = int.from_bytes(page[at + 3 : at + 5], "big")
    start = int.from_bytes(page[at + 5 : at + 7], "big") or LARGEST_START
    begin = at + header + 2 * cells
    if begin >= start or start > len(page):
        return page
    return page[:begin] + bytes(start - begin) + page[start:]


class _ScrubbedFile(apsw.VFSFile):
    """The database file of the writing connection."""

    def xWrite(self, data: bytes, offset: int) -> None:
        """Writes whole pages scrubbed; SQLite writes nothing else into this file."""
        if len(data) == PAGE_BYTES and offset % PAGE_BYTES == 0:
            data = scrubbed(bytes(data), first=offset == 0)
        super().xWrite(data, offset)


class _ScrubbingVfs(apsw.VFS):
    """The system's own files, but for the database file."""

    def __init__(self) -> None:
        super().__init__(VFS_NAME, base="")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        """Opens WAL and temporary files as they are: their pages carry checksums."""
        opened = _ScrubbedFile if flags[0] & apsw.SQLITE_OPEN_MAIN_DB else apsw.VFSFile
        return opened("", name, flags)


_vfs = _ScrubbingVfs()  # registered as long as it is held
