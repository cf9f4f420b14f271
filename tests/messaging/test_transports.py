"""What carries messages out: against servers that misbehave."""

import json
import socket
import socketserver
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from messaging import transports
from messaging.checks import transports_are_set
from messaging.transports import (
    HttpSms,
    NotSent,
    Outgoing,
    Refused,
    Simulator,
    Smtp,
    Unsure,
)

SMS = Outgoing(
    id="0199f0c2-7b1d-7000-8000-000000000001",
    address="+46701740605",
    sender_name="Klubben",
    sender_address="",
    subject="",
    body="Hej å",
)
MAIL = Outgoing(
    id=SMS.id,
    address="vera@example.se",
    sender_name="Ljung & Dal",
    sender_address="klubben@example.se",
    subject="Välkommen",
    body="Hej Vera!\n",
)


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@contextmanager
def serving(server):
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}
    )
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def provider(status=200, answer=b'{"id": "p-17"}', headers=(), hang_up=False):
    """Serve an SMS provider; `server.seen` holds what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            length = int(self.headers["Content-Length"])
            body = json.loads(self.rfile.read(length))
            self.server.seen.append((self.path, dict(self.headers), body))
            if hang_up:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.seen = []
    server.url = f"http://127.0.0.1:{server.server_port}/v1/send?account=7"
    with serving(server):
        yield server


class TestHttpSms:
    def test_posts_the_message_with_its_id_and_token(self):
        with provider() as server:
            assert HttpSms(server.url, "s3cret").send(SMS) == "p-17"

        ((path, headers, body),) = server.seen
        assert path == "/v1/send?account=7"
        assert headers["Authorization"] == "Bearer s3cret"
        assert headers["Idempotency-Key"] == SMS.id
        assert body == {
            "id": SMS.id,
            "from": "Klubben",
            "to": "+46701740605",
            "text": "Hej å",
        }

    @pytest.mark.parametrize("answer", [b"", b"ok", b"[1]", b'{"id": null}'])
    def test_takes_any_2xx_for_a_yes(self, answer):
        with provider(status=202, answer=answer) as server:
            assert HttpSms(server.url, "t").send(SMS) == ""

    @pytest.mark.parametrize(
        ("status", "error"),
        [
            (400, Refused),
            (401, Refused),
            (404, Refused),
            (429, NotSent),
            (503, NotSent),
            (500, Unsure),
            (502, Unsure),
        ],
    )
    def test_says_what_a_status_means(self, status, error):
        with provider(status=status) as server, pytest.raises(error):
            HttpSms(server.url, "t").send(SMS)

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_follows_no_redirect(self, status):
        with provider() as elsewhere:
            to = [("Location", elsewhere.url)]
            with provider(status, headers=to) as server, pytest.raises(Refused):
                HttpSms(server.url, "t").send(SMS)

        assert elsewhere.seen == []

    def test_is_unsure_when_the_line_breaks_after_the_question(self):
        with provider(hang_up=True) as server, pytest.raises(Unsure):
            HttpSms(server.url, "t").send(SMS)

    def test_is_unsure_when_no_answer_comes(self, monkeypatch):
        monkeypatch.setattr(transports, "_SECONDS", 0.2)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
            with pytest.raises(Unsure):
                HttpSms(url, "t").send(SMS)

    def test_knows_that_nothing_was_sent_when_nobody_listens(self):
        with pytest.raises(NotSent):
            HttpSms(f"http://127.0.0.1:{free_port()}/", "t").send(SMS)

    @pytest.mark.parametrize(
        "url", ["", "http://sms.example.com/send", "ftp://sms.example.com", "https://"]
    )
    def test_speaks_only_https_to_others(self, url, settings):
        settings.SMS_HTTP_URL = ""
        with pytest.raises(NotSent, match="https"):
            HttpSms(url, "t")


class SmtpHandler(socketserver.StreamRequestHandler):
    """Just enough of SMTP; `server.answers` replaces what it says to a command."""

    def handle(self):
        self.say("220 test")
        while line := self.rfile.readline():
            verb = line.decode().strip().split(" ")[0].upper()
            self.say(self.server.answers.get(verb, "250 ok"))
            if verb == "QUIT":
                return
            if verb == "DATA":
                self.server.seen.append(self.letter())
                if self.server.hangs_up:
                    return
                self.say(self.server.answers.get("END", "250 taken"))

    def letter(self):
        lines = []
        while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
            lines.append(line)
        return "\n".join(lines)

    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")


@contextmanager
def mail_server(settings, hangs_up=False, **answers):
    server = socketserver.TCPServer(("127.0.0.1", 0), SmtpHandler)
    server.answers = {"DATA": "354 go on", "QUIT": "221 bye", **answers}
    server.seen = []
    server.hangs_up = hangs_up
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = server.server_address[1]
    settings.EMAIL_USE_TLS = False
    with serving(server):
        yield server


class TestSmtp:
    def test_hands_the_letter_over(self, settings):
        settings.PUBLIC_URL = "https://klubb.example.se"
        with mail_server(settings) as server:
            name = Smtp().send(MAIL)

        (letter,) = server.seen
        assert name == f"<{SMS.id}@klubb.example.se>"
        assert f"Message-ID: {name}" in letter
        assert "From: Ljung & Dal <klubben@example.se>" in letter
        assert "To: vera@example.se" in letter
        assert "Auto-Submitted: auto-generated" in letter

    @pytest.mark.parametrize(
        ("answers", "error"),
        [
            ({"RCPT": "550 no such mailbox"}, Refused),
            ({"RCPT": "450 try later"}, NotSent),
            ({"MAIL": "530 not yours"}, Refused),
            ({"MAIL": "421 too busy"}, NotSent),
            ({"END": "554 looks like spam"}, Refused),
            ({"END": "451 disk is full"}, NotSent),
        ],
    )
    def test_says_what_an_answer_means(self, settings, answers, error):
        with mail_server(settings, **answers), pytest.raises(error):
            Smtp().send(MAIL)

    def test_is_unsure_when_the_line_breaks_after_the_letter(self, settings):
        with mail_server(settings, hangs_up=True), pytest.raises(Unsure):
            Smtp().send(MAIL)

    def test_knows_that_nothing_was_sent_when_nobody_listens(self, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
        settings.EMAIL_USE_TLS = False

        with pytest.raises(NotSent):
            Smtp().send(MAIL)

    def test_lets_nobody_write_headers(self, settings):
        with mail_server(settings) as server, pytest.raises(Refused):
            Smtp().send(
                Outgoing(
                    id=MAIL.id,
                    address="vera@example.se\r\nBcc: alla@example.se",
                    sender_name=MAIL.sender_name,
                    sender_address=MAIL.sender_address,
                    subject=MAIL.subject,
                    body=MAIL.body,
                )
            )

        assert server.seen == []


class TestSimulator:
    def test_sends_nothing_where_it_is_off(self, settings):
        settings.MESSAGE_SIMULATOR = False

        with pytest.raises(NotSent):
            Simulator().send(SMS)


class TestChecks:
    def find(self, settings, **transports):
        settings.MESSAGE_TRANSPORTS = transports
        return [found.id for found in transports_are_set()]

    def test_are_content_with_the_simulator(self, settings):
        settings.MESSAGE_SIMULATOR = True
        assert self.find(settings, SMS="simulator", EMAIL="smtp") == []

    def test_name_what_is_wrong(self, settings):
        settings.SMS_HTTP_URL = ""
        settings.MESSAGE_SIMULATOR = False

        assert self.find(settings, SMS="", EMAIL="smtp") == ["messaging.W001"]
        assert self.find(settings, SMS="pigeon", EMAIL="smtp") == ["messaging.E001"]
        assert self.find(settings, SMS="simulator") == ["messaging.E002"]
        assert self.find(settings, SMS="http_sms") == ["messaging.E003"]
