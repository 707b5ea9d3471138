"""Downloads begin in the order of asking, and no host takes all turns."""

from __future__ import annotations

from collections.abc import Callable

from stenolog.engine.host.download_queue import DOWNLOADS_MAX, DOWNLOADS_PER_HOST_MAX, DownloadQueue


def begun(turns: DownloadQueue, has_room: Callable[[str], bool] = lambda job_id: True) -> list[str]:
    found = []
    while (job_id := turns.following(has_room)) is not None:
        found.append(job_id)
    return found


def test_the_earliest_has_the_next_turn() -> None:
    turns = DownloadQueue(turns_max=2, per_host_max=2)
    for job_id in ("a", "b", "c", "d"):
        turns.ask(job_id, f"https://{job_id}.example/x.mp3")
    assert begun(turns) == ["a", "b"]
    turns.give_back("b")
    assert begun(turns) == ["c"]
    turns.give_back("a")
    turns.give_back("a")
    assert begun(turns) == ["d"]


def test_a_host_with_all_its_turns_holds_up_nobody_else() -> None:
    turns = DownloadQueue(turns_max=4, per_host_max=2)
    for number in range(3):
        turns.ask(f"slow-{number}", f"http://SLOW.example:{8000 + number}/x")
    turns.ask("quick", "http://quick.example/x")
    assert begun(turns) == ["slow-0", "slow-1", "quick"]
    turns.give_back("slow-1")
    assert begun(turns) == ["slow-2"]


def test_one_host_never_has_every_turn() -> None:
    assert DOWNLOADS_PER_HOST_MAX < DOWNLOADS_MAX


def test_an_url_that_is_none_has_a_turn_too() -> None:
    turns = DownloadQueue()
    turns.ask("odd", "http://[::1")
    assert begun(turns) == ["odd"]


def test_a_job_that_was_put_back_comes_before_all_others() -> None:
    turns = DownloadQueue(turns_max=1)
    for job_id in ("a", "b"):
        turns.ask(job_id, "http://a.example/x")
    assert begun(turns) == ["a"]
    turns.put_back("a")
    assert (turns.waiting, turns.having) == (2, 0)
    assert begun(turns) == ["a"]


def test_nobody_overtakes_a_job_that_waits_for_room() -> None:
    turns = DownloadQueue(per_host_max=1)
    turns.ask("large", "http://a.example/x")
    turns.ask("small", "http://b.example/x")
    assert begun(turns, lambda job_id: job_id == "small") == []
    assert begun(turns) == ["large", "small"]


def test_a_job_whose_host_is_busy_keeps_nobody_from_the_room() -> None:
    turns = DownloadQueue(per_host_max=1)
    turns.ask("first", "http://a.example/x")
    assert begun(turns) == ["first"]
    turns.ask("large", "http://a.example/y")
    turns.ask("small", "http://b.example/x")
    assert begun(turns, lambda job_id: job_id == "small") == ["small"]
