"""A private Redis starts empty, keeps nothing, and leaves nothing behind."""

import redis as client

from tests.harness.ports import is_free
from tests.harness.proc import ports_of, ports_open_to_others, processes_mentioning
from tests.harness.redis import RedisServer


def test_it_starts_empty_and_forgets_with_its_process(redis: RedisServer) -> None:
    with client.Redis.from_url(redis.url) as connection:
        assert connection.dbsize() == 0
        connection.set("word", "here I am")
        assert connection.get("word") == b"here I am"

    redis.kill()
    redis.start()

    with client.Redis.from_url(redis.url) as connection:
        assert connection.get("word") is None


def test_it_listens_on_loopback_only(redis: RedisServer) -> None:
    assert ports_of(redis.pid) == [redis.port]
    assert ports_open_to_others(redis.pid) == []


def test_a_stopped_server_leaves_nothing_behind() -> None:
    with RedisServer() as server:
        folder = server.folder
    assert folder is not None
    assert not folder.exists()
    assert not processes_mentioning(str(folder))
    assert is_free(server.port)
