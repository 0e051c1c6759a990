"""Every way in which an invocation can end: what is posted, what is logged, and the file's fate."""

from .deployment import Lambda


def test_a_file_is_processed_and_its_line_is_logged(function: Lambda) -> None:
    function.deploy("def process(file): return {'bytes': len(file.open().read())}")
    upload = function.world.upload(body=b"a,b\n1,2\n")
    ended = function.invoke(upload)
    assert ended.succeeded, ended
    assert [line["status"] for line in ended.lines] == ["PROCESSED"]
    assert ended.errors == []
    assert function.world.standing(upload)["result"] == {"bytes": 8}


def test_what_process_raises_is_posted_and_the_file_is_set_aside(function: Lambda) -> None:
    function.deploy("def process(file): raise KeyError('amount')")
    upload = function.world.upload()
    ended = function.invoke(upload)
    assert [posted.kind for posted in ended.posted] == ["error"]
    assert ended.payload["errorType"] == "Fault"
    assert ended.payload["errorMessage"] == "PROCESS_FAILED: process raised KeyError: 'amount'"
    [error] = ended.errors
    assert error["errorMessage"] == ended.payload["errorMessage"]
    assert ended.exit_status is None
    item = function.fate_of(upload, ended)
    assert (item["status"], item["reason_code"]) == ("QUARANTINED", "PROCESS_FAILED")
