"""A small HTTP app: greets, and counts its visits in redis."""
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from store import ask


class App(BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            status, text = 200, f"{ask('GET', 'greeting')}, visit {ask('INCR', 'visits')}\n"
        except OSError as problem:
            status, text = 503, f"redis: {problem}\n"
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing: nginx logs the requests."""


port = int(os.environ["PORT"])
print(f"listening on 127.0.0.1:{port}")
ThreadingHTTPServer(("127.0.0.1", port), App).serve_forever()
