"""Stands before Prism before a server, and keeps what Prism finds wrong with each call.

usage: through.py DOCUMENT.json UPSTREAM SAID.jsonl

Starts Prism (SLUICEBOX_PRISM names it) as a validating proxy before UPSTREAM, prints its own address, and passes all calls
on. Each answer's `sl-violations` goes into SAID.jsonl as a line: method, address, violations. Ends when its input does.
"""

import http.client
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

DOCUMENT, UPSTREAM, SAID = sys.argv[1:4]
# What concerns one connection alone.
OWN = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}
START_SECONDS_MAX = 90


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def prism():
    """Prism, listening, and its port."""
    port = free_port()
    command = [os.environ["SLUICEBOX_PRISM"], "proxy", DOCUMENT, UPSTREAM, "--host", "127.0.0.1", "--port", str(port)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**os.environ, "NO_UPDATE_NOTIFIER": "1"})
    ends = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < ends:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return running, port
        except OSError:
            time.sleep(0.1)
    running.terminate()
    raise SystemExit("Prism did not start")


class Through(http.server.BaseHTTPRequestHandler):
    """Passes a call on."""

    protocol_version = "HTTP/1.1"

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in OWN}
        # Prism follows redirects by itself and takes the token along, which the download host refuses, as it should.
        direct = self.command == "GET" and self.path.split("?")[0].endswith("/content")
        there = urlsplit(UPSTREAM).netloc if direct else f"127.0.0.1:{self.server.behind}"
        connection = http.client.HTTPConnection(there, timeout=60)
        connection.request(self.command, self.path, body or None, headers)
        answer = connection.getresponse()
        told = answer.read()
        violations = answer.getheader("sl-violations")
        if violations:
            with self.server.lock, open(SAID, "a", encoding="utf-8") as file:
                file.write(json.dumps([self.command, self.path, json.loads(violations)]) + "\n")
        with self.server.lock:
            self.server.calls += 1
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in OWN and name.lower() != "sl-violations":
                self.send_header(name, value)
        self.send_header("content-length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)
        connection.close()

    do_GET = do_PUT = do_POST = do_DELETE = do_OPTIONS = pass_on

    def log_message(self, *_):
        pass


def main():
    open(SAID, "w", encoding="utf-8").close()
    running, port = prism()
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Through)
        server.behind, server.lock, server.calls, server.daemon_threads = port, threading.Lock(), 0, True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        sys.stdin.read()
        with open(SAID, "a", encoding="utf-8") as file:
            file.write(json.dumps({"calls": server.calls}) + "\n")
    finally:
        running.terminate()
        running.wait()


if __name__ == "__main__":
    main()
