"""What a digest costs on its way out: made into a mail, handed to a mail server, beside other ways.

    python bench/delivery.py [--peers FOLDER] [--quick] [--write]

Digests of twenty stories out of a morning of 120, to readers who follow two of twelve rules each.
"made" is from the digest to the bytes of the mail (HTML, text, headers); "sent" is that and SMTP to
a sink (Postfix's smtp-sink if it is installed) over one connection. CPU is that of this process, in
milliseconds a mail. FOLDER holds css-inline, premailer and Apprise (see `mail_peers`); what is not
there is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from time import process_time
from urllib.parse import urlsplit

from mail_peers import Smtplib, apprise_sender, message, peers
from morning import Morning, context, link
from outbox import peak_mb, serve_mail
from report import Report, exponent

from alerts.clock import SystemClock
from alerts.delivery.transport import DeliveryHead, Envelope, Transport, transports
from alerts.digests.render import Renderer
from alerts.digests.templates import PACKAGED, TEMPLATES
from alerts.model import Delivery, Digest, Secret
from alerts.netguard import Guard
from alerts.settings import Settings

RTT_S = 0.010
ROUNDS = 12  # of which the least counts: others may be at work on the machine
Work = Callable[[int], object]


# --- our way --------------------------------------------------------------------------------------


class Ours:
    """From a digest to a mail that was accepted, as the pipeline does it."""

    def __init__(self, url: str, own: dict[str, str] | None = None) -> None:
        self.renderer = Renderer(own)
        settings = Settings(smtp_url=Secret(url))
        self.transport: Transport = transports(settings, Guard(), SystemClock())["email"]

    def delivery(self, digest: Digest, number: int) -> Delivery:
        """Make the mail."""
        (mail,) = self.renderer.mails(digest, context(number))
        place = digest.subscriber.destinations[0]
        head = DeliveryHead(digest.id, place, digest.created_at)
        envelope = Envelope("news@example.org", admin="desk@example.org", stop_link=link(number))
        payload = self.transport.prepare(mail, head, envelope)
        return Delivery(digest.id, place, payload, 0, digest.created_at)

    def send(self, delivery: Delivery) -> None:
        """Hand it over."""
        result = self.transport.send(delivery)
        assert result.outcome == "delivered", result


def at_size(size: int, url: str, pipe: Connection) -> None:
    """Make and send so many mails in a process of its own; tell CPU and memory."""
    day, ours = Morning(), Ours(url)
    spent = dict.fromkeys(("digest", "made", "sent"), 0.0)
    for number in range(size):
        at = [process_time()]
        digest = day.digest(number)
        at.append(process_time())
        delivery = ours.delivery(digest, number)
        at.append(process_time())
        ours.send(delivery)
        at.append(process_time())
        for name, begin, end in zip(spent, at, at[1:], strict=False):
            spent[name] += end - begin
    ours.transport.close()
    pipe.send((spent, peak_mb()))


def growth(report: Report, sizes: tuple[int, ...], url: str) -> None:
    """Print what our way costs over sizes."""
    rows, totals = [], []
    for size in sizes:
        here, there = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(
            target=at_size, args=(size, url, there)
        )
        process.start()
        spent, peak = here.recv()
        process.join()
        each = [f"{seconds / size * 1000:.2f}" for seconds in spent.values()]
        totals.append(sum(spent.values()))
        rows.append((f"{size:,}", *each, f"{size / totals[-1]:.0f}", f"{peak:.0f}"))
    report.table(
        ("mails", "digest put together", "made", "SMTP", "mails a CPU second", "peak MB"), rows
    )
    report.say(f"Growth of CPU with the number of mails: exponent {exponent(sizes, totals):.2f}.")


# --- beside others --------------------------------------------------------------------------------


def cpu_ms(work: Work, count: int) -> float:
    """Return the CPU of one call in milliseconds, the least of some rounds."""
    work(0)
    spent = []
    for _ in range(ROUNDS):
        began = process_time()
        for number in range(count):
            work(number)
        spent.append((process_time() - began) / count * 1000)
    return min(spent)


def beside_others(report: Report, count: int, url: str) -> None:
    """Print what a mail costs made, and made and sent, our way and others'."""
    day, ours = Morning(), Ours(url)
    own = {name: (PACKAGED / name).read_text(encoding="utf-8") for name in TEMPLATES}
    admins = Ours(url, own)
    digests = [day.digest(number) for number in range(count)]
    few = max(count // 10, 5)
    client = Smtplib(urlsplit(url).port or 0)
    made: dict[str, tuple[Work, int]] = {
        "ours": (lambda n: ours.delivery(digests[n], n), count),
        "ours, templates of an admin's own": (lambda n: admins.delivery(digests[n], n), few),
    }
    sent: dict[str, tuple[Work, int]] = {
        "ours": (lambda n: ours.send(ours.delivery(digests[n], n)), count)
    }
    for peer in peers():
        made[peer.name] = (lambda n, p=peer: message(p, digests[n], n), few)
        sent[f"{peer.name} + smtplib"] = (
            lambda n, p=peer: client.send(n, message(p, digests[n], n)),
            few,
        )
    if apprise := apprise_sender(url):
        sent["Apprise"] = (lambda n: apprise(digests[n], n), few)
    for title, works in (("made", made), ("made and sent", sent)):
        costs = {name: cpu_ms(work, times) for name, (work, times) in works.items()}
        rows = [(name, f"{ms:.2f}", f"{ms / costs['ours']:.1f}") for name, ms in costs.items()]
        report.table((title, "CPU ms", "times ours"), rows)
    client.close()
    ours.transport.close()


def first_renders(report: Report) -> None:
    """Print what a story costs that nobody was told yet, and what the forms for rooms cost."""
    day = Morning()
    digests = [day.digest(number) for number in range(0, 63, 3)]
    known: set[int] = set()
    fresh = [d for d in digests if known.isdisjoint(s.entry_id for s in d.stories) and not
             known.update(s.entry_id for s in d.stories)]  # fmt: skip
    renderer = Renderer()
    for number in (63, 64):  # Spanish and English: loads words and templates
        renderer.mails(day.digest(number), context(number))

    def spent(work: Work, some: list[Digest]) -> float:
        began = process_time()
        for number in range(len(some)):
            work(number)
        return (process_time() - began) * 1000

    first = spent(lambda n: renderer.mails(fresh[n], context(n)), fresh)
    again = spent(lambda n: renderer.mails(fresh[n], context(n)), fresh)
    stories = sum(len(digest.stories) for digest in fresh)
    rows = [("a story's first rendering, HTML and text", f"{(first - again) / stories:.3f}")]
    for kind, form in (("Slack", renderer.slack), ("webhook", renderer.webhook)):
        each = cpu_ms(lambda n, f=form: [json.dumps(p.document) for p in f(digests[n])], 20)
        rows.append((f"a digest for {kind}, as JSON", f"{each:.2f}"))
    report.table(("what", "CPU ms"), rows)


# --- SMTP alone -----------------------------------------------------------------------------------


def clients(url: str, mail: Delivery) -> Iterator[tuple[str, Work, Callable[[], None]]]:
    """Yield name, what sends one mail, and what says goodbye."""
    port = urlsplit(url).port or 0
    ours, kept, fresh = Ours(url), Smtplib(port), Smtplib(port, is_kept=False)
    yield "ours", lambda _: ours.send(mail), ours.transport.close
    yield "smtplib, one connection", lambda n: kept.send(n, mail.payload), kept.close
    yield "smtplib, a connection each", lambda n: fresh.send(n, mail.payload), fresh.close


def smtp_alone(report: Report, count: int, url: str, far: str) -> None:
    """Print what a ready-made mail costs to send, near and 10 ms away."""
    digest = Morning().digest(0)
    mail = Ours(url).delivery(digest, 0)
    rows = []
    for name, work, close in clients(url, mail):
        rows.append(
            (f"{name}, near", f"{cpu_ms(work, count):.2f}", f"{per_second(work, count):.0f}")
        )
        close()
    for name, work, close in clients(far, mail):
        used, rate = cpu_ms(work, count // 20 + 1), per_second(work, count // 4 + 1)
        rows.append((f"{name}, 10 ms away", f"{used:.2f}", f"{rate:.1f}"))
        close()
    ours = Ours(far)
    rate = per_second(lambda _: ours.send(mail), count // 4 + 4, threads=4)
    rows.append(("ours, four connections, 10 ms away", "", f"{rate:.1f}"))
    ours.transport.close()
    report.table((f"a mail of {len(mail.payload) / 1000:.0f} kB", "CPU ms", "mails a second"), rows)


def per_second(work: Work, count: int, *, threads: int = 1) -> float:
    """Return how many are done a second of real time."""
    with ThreadPoolExecutor(threads) as pool:
        clock = SystemClock()
        began = clock.monotonic()
        list(pool.map(work, range(count)))
        return count / (clock.monotonic() - began)


# --- the mail servers -----------------------------------------------------------------------------


@contextlib.contextmanager
def sink() -> Iterator[str]:
    """Run a mail server that takes everything; yield its URL."""
    found = shutil.which("smtp-sink", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if found is None:
        here, there = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(target=serve_mail, args=(there,))
        process.start()
        yield here.recv()
        here.send("end")
        process.join()
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    user = ["-u", "nobody"] if os.geteuid() == 0 else []  # it runs as nobody else's root
    running = subprocess.Popen([found, *user, f"127.0.0.1:{port}", "256"])
    try:
        wait_for(port)
        yield f"smtp://127.0.0.1:{port}?tls=none"
    finally:
        running.terminate()
        running.wait()


def wait_for(port: int) -> None:
    """Wait until somebody listens."""
    for _ in range(500):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 10):
            return
        SystemClock().sleep(0.02)
    raise SystemExit("The mail server did not start.")


def relay(pipe: Connection, port: int) -> None:
    """Pass everything on to a port, half of RTT_S late each way, until told to end."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(65_536):
            loop.call_later(RTT_S / 2, writer.write, data)
        loop.call_later(RTT_S / 2, writer.close)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pass_on(reader, there[1]), pass_on(there[0], writer))

    async def serve() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await asyncio.to_thread(pipe.recv)
        server.close()

    asyncio.run(serve())


@contextlib.contextmanager
def far_from(url: str) -> Iterator[str]:
    """Yield the URL of the same server, 10 ms away."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=relay, args=(there, urlsplit(url).port)
    )
    process.start()
    yield f"smtp://127.0.0.1:{here.recv()}?tls=none"
    here.send("end")
    process.join()


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", help="a folder with css-inline, premailer, Apprise in it")
    parser.add_argument("--quick", action="store_true", help="small sizes, for a smoke test")
    parser.add_argument("--write", action="store_true", help="keep the tables in bench/README.md")
    options = parser.parse_args()
    if options.peers:
        sys.path.append(options.peers)
    report = Report("delivery", write=options.write)
    sizes = (30, 100, 300) if options.quick else (1_000, 10_000, 100_000)
    with sink() as url, far_from(url) as far:
        growth(report, sizes, url)
        beside_others(report, 12 if options.quick else 132, url)
        first_renders(report)
        smtp_alone(report, 20 if options.quick else 400, url, far)
    report.close()


if __name__ == "__main__":
    main()
