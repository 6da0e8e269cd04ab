"""What `make demo` says before it serves."""

import os
import socket
from pathlib import Path

import processes
import pytest
import serve_demo


def test_a_port_in_use_is_named_and_the_next_one_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    port = processes.free_port(19_600)
    monkeypatch.setenv("PORT", str(port))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        chosen = serve_demo.choose_port("127.0.0.1")
    assert chosen > port
    assert capsys.readouterr().out == f"Port {port} is in use; the academy takes {chosen}.\n"


@pytest.mark.parametrize("wrong", ["eighty", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wrong: str
) -> None:
    monkeypatch.setenv("PORT", wrong)
    with pytest.raises(SystemExit):
        serve_demo.choose_port("127.0.0.1")
    assert capsys.readouterr().err == f"PORT is {wrong!r}; it must be a number from 1 to 65535.\n"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SystemExit):
        serve_demo.require_writable(f"sqlite:///{tmp_path}/file/academy.sqlite3")
    assert capsys.readouterr().err.startswith(f"The folder {tmp_path}/file cannot be made (")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(SystemExit):
        serve_demo.require_writable(f"sqlite:///{tmp_path}/academy.sqlite3")


def test_a_folder_that_can_be_written_passes_and_postgresql_is_not_asked(tmp_path: Path) -> None:
    serve_demo.require_writable(f"sqlite:///{tmp_path}/new/academy.sqlite3")
    assert (tmp_path / "new").is_dir()
    serve_demo.require_writable("postgres://academy@db/academy")
