"""Hints as files: whole or not there, and none that cannot be read stops a worker."""

import logging
import threading
import time
from collections import Counter
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection, Exchange, Queue

from fynoflow import file_broker


def link(folder: Path) -> Connection:
    """A connection as Celery makes it."""
    messages = str(folder / "messages")
    options = {"data_folder_in": messages, "data_folder_out": messages, "control_folder": str(folder / "control")}
    return Connection("filesystem://", transport_options=options)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "messages").mkdir()
    (tmp_path / "control").mkdir()
    file_broker.Transport.global_state.clear()  # the bindings of another test's folder
    return tmp_path


@pytest.fixture
def slow_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between making a file and writing it lies time, as on a busy machine."""

    def slowly(path: Path, text: str, *args: object) -> int:
        with path.open("w") as file:
            time.sleep(0.002)
            return file.write(text)

    monkeypatch.setattr(Path, "write_text", slowly)


def sent_by(number: int, folder: Path, count: int) -> None:
    with link(folder) as writer:
        producer = writer.Producer()
        for k in range(count):
            producer.publish(f"{number}-{k}", routing_key="runs")  # past the exchanges, as Celery does


def read(folder: Path, got: list[str], expected: int) -> None:
    until = time.monotonic() + 60
    with link(folder) as reader:
        queue = reader.SimpleQueue("runs")
        while len(got) < expected and time.monotonic() < until:
            try:
                message = queue.get(timeout=0.1)
            except Empty:
                continue
            got.append(message.payload)
            message.ack()
        queue.close()


def test_hints_of_eight_threads_are_read_whole_and_once_by_two_while_files_appear_slowly(
    folder: Path, slow_disk: None, caplog: pytest.LogCaptureFixture
) -> None:
    got: list[str] = []
    writers = [threading.Thread(target=sent_by, args=(n, folder, 40)) for n in range(8)]
    readers = [threading.Thread(target=read, args=(folder, got, 320)) for _ in range(2)]
    for thread in (*readers, *writers):
        thread.start()
    for thread in (*readers, *writers):
        thread.join(90)
    assert Counter(got) == {f"{n}-{k}": 1 for n in range(8) for k in range(40)}
    assert not caplog.records
    assert not [*(folder / "messages").iterdir()]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"body": 3}', b"\xff\xfe"], ids=repr)
def test_a_hint_that_cannot_be_read_is_dropped_and_said(
    folder: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "messages" / "0-half.runs.msg").write_bytes(content)
    sent_by(1, folder, 1)
    got: list[str] = []
    with caplog.at_level(logging.WARNING, logger=file_broker.__name__):
        read(folder, got, 1)
    assert got == ["1-0"] and len(caplog.records) == 1
    assert not [*(folder / "messages").iterdir()]


@pytest.mark.parametrize("content", [b"", b"[", b"7"], ids=repr)
def test_a_table_of_queues_that_a_dying_process_left_half_is_written_anew(folder: Path, content: bytes) -> None:
    (folder / "control" / "runs.exchange").write_bytes(content)
    with link(folder) as reader:
        Queue("runs", Exchange("runs"), routing_key="runs", channel=reader.channel()).declare()
        assert [row.queue for row in reader.channel().get_table("runs")] == ["runs"]
