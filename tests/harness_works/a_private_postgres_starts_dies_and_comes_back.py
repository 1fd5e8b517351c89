"""A private PostgreSQL keeps its data through a crash and leaves nothing behind."""

import os
import pwd
import signal
import sys
from pathlib import Path

import psycopg
import pytest

from tests.harness.poll import wait_until
from tests.harness.ports import is_free
from tests.harness.postgres import PostgresServer
from tests.harness.proc import ports_of, ports_open_to_others, processes_mentioning
from tests.harness.process import ManagedProcess

START_ONE_AND_WAIT = """
import time
from tests.harness.postgres import PostgresServer
server = PostgresServer().start()
print("folder", server.folder, flush=True)
time.sleep(600)
"""


def ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        (answer,) = connection.execute(question.encode()).fetchone() or ("",)
        return answer


def test_what_was_committed_survives_a_crash() -> None:
    with PostgresServer() as server, server.database() as url:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 'here I am' AS words")
        first_pid = server.pid

        server.kill()
        assert is_free(server.port)
        server.start()

        assert server.pid != first_pid
        assert ask(url, "SELECT words FROM kept") == "here I am"


def test_every_database_is_new(postgres: str, postgres_server: PostgresServer) -> None:
    with postgres_server.database() as other:
        for url in (postgres, other):
            with psycopg.connect(url) as connection:
                connection.execute("CREATE TABLE mine (id int)")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(other)


def test_a_wrong_password_is_refused(postgres: str) -> None:
    wrong = psycopg.conninfo.conninfo_to_dict(postgres, password="guessed")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**wrong)


def test_names_sort_as_in_a_dictionary(postgres: str) -> None:
    question = "SELECT string_agg(n, ' ' ORDER BY n) FROM unnest(ARRAY['b', 'B', 'a', 'A-c']) n"
    assert ask(postgres, question) == "a A-c b B"


def test_it_listens_on_loopback_only(postgres_server: PostgresServer) -> None:
    assert ports_of(postgres_server.pid) == [postgres_server.port]
    assert ports_open_to_others(postgres_server.pid) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="then it runs as whoever runs the tests")
def test_it_does_not_run_as_root(postgres_server: PostgresServer) -> None:
    owner = Path(f"/proc/{postgres_server.pid}").stat().st_uid
    assert pwd.getpwuid(owner).pw_name == "postgres"


def test_a_stopped_server_leaves_nothing_behind() -> None:
    server = PostgresServer().start()
    folder = server.folder
    assert folder is not None
    assert processes_mentioning(str(folder))

    server.stop()

    assert not processes_mentioning(str(folder))
    assert not folder.exists()
    assert is_free(server.port)


def test_kill_9_of_the_tests_leaves_nothing_behind_either() -> None:
    with ManagedProcess([sys.executable, "-c", START_ONE_AND_WAIT], cwd=Path.cwd()) as tests:
        folder = tests.wait_for_line(r"^folder (\S+)")[1]
        assert processes_mentioning(folder)

        tests.send_signal(signal.SIGKILL)
        assert tests.wait() == -signal.SIGKILL

        wait_until(lambda: not processes_mentioning(folder), message="processes are left")
        wait_until(lambda: not Path(folder).exists(), message="the folder is left")


def test_a_server_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.harness.postgres.SETTINGS", {"nonsense": "1"})
    server = PostgresServer()
    with pytest.raises(Exception, match='unrecognized configuration parameter "nonsense"'):
        server.start()
    assert server.folder is None
