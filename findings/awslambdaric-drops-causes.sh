#!/usr/bin/env bash
# awslambdaric 4.2.2, the client that runs a Python function in Lambda: of an exception that leaves
# the handler, neither the log line nor what is posted to Lambda has the chained cause, the notes
# or the members of a group. `raise X from error` is a habit for people who read logs; here the
# error behind it is nowhere, and no failure destination is told of it.
# What helps: log the whole chain yourself before the exception leaves the handler.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check awslambdaric==4.2.2
mkdir "$dir/task"
cat > "$dir/task/app.py" <<'PY'
def handler(event, context):
    try:
        raise ExceptionGroup("two rows", [ValueError("row 3"), ValueError("row 7")])
    except ExceptionGroup as group:
        group.add_note("while reading the invoice")
        error = RuntimeError("the file was not understood")
        error.add_note("a note on the outer error")
        raise error from group
PY
cat > "$dir/api.py" <<'PY'
"""Lambda's Runtime API for one invocation; starts the client, and prints what it posts and logs."""
import json, os, subprocess, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer

posted, asked = [], 0

class Api(BaseHTTPRequestHandler):
    def do_GET(self):
        global asked
        asked += 1
        if asked > 1:
            threading.Event().wait()  # no second event
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "request-1")
        self.send_header("Lambda-Runtime-Deadline-Ms", "99999999999999")
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:f")
        self.send_header("Lambda-Runtime-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def do_POST(self):
        posted.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        threading.Thread(target=client.terminate).start()

    def log_message(self, *_):
        pass

from socketserver import ThreadingMixIn
class Server(ThreadingMixIn, HTTPServer):
    daemon_threads = True

server = Server(("127.0.0.1", 0), Api)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = subprocess.Popen(
    [sys.executable, "-m", "awslambdaric", "app.handler"], cwd=sys.argv[1], text=True,
    stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    env={**os.environ, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
         "LAMBDA_TASK_ROOT": sys.argv[1], "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_FUNCTION_NAME": "f",
         "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128"},
)
logged = client.communicate(timeout=60)[0]
line = next(json.loads(l) for l in logged.splitlines() if "errorType" in l)
print("posted keys:", *sorted(json.loads(posted[0])))
print("logged keys:", *sorted(line))
both = posted[0] + json.dumps(line)
for word in ("RuntimeError", "the file was not understood", "ExceptionGroup", "row 3", "reading the invoice", "a note on the outer"):
    print(f"{word!r}: {'there' if word in both else 'missing'}")
PY
seen=$("$dir/venv/bin/python" "$dir/api.py" "$dir/task")
echo "$seen"
expected="posted keys: errorMessage errorType requestId stackTrace
logged keys: errorMessage errorType level requestId stackTrace timestamp
'RuntimeError': there
'the file was not understood': there
'ExceptionGroup': missing
'row 3': missing
'reading the invoice': missing
'a note on the outer': missing"
[ "$seen" = "$expected" ] || { echo "CHANGED: awslambdaric 4.2.2 behaves in another way than it did" >&2; exit 1; }
