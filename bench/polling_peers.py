"""What bench/polling.py lets the peers' own interpreter do; nothing of ours is imported here.

python polling_peers.py reader URLS DATABASE
python polling_peers.py curl KEPT_URL FRESH_URL CA_FILE ETAG COUNT
"""

import json
import sys
from pathlib import Path
from time import process_time


def read_all(urls: str, database: str) -> None:
    """Do what `reader add` and `reader update` do."""
    from reader import make_reader

    with make_reader(database) as reader:
        known = {feed.url for feed in reader.get_feeds()}
        for url in Path(urls).read_text().split():
            if url not in known:
                reader.add_feed(url)
        for result in reader.update_feeds_iter(scheduled=False, workers=8):
            if isinstance(result.value, Exception):
                raise result.value


def curl(kept: str, fresh: str, ca_file: str, etag: str, count: str) -> None:
    """Print the CPU milliseconds of a 304 on a kept connection, and of a fresh HTTPS one."""
    import pycurl

    def cost(handle: "pycurl.Curl", times: int) -> float:
        handle.setopt(pycurl.WRITEFUNCTION, lambda _: None)
        best = float("inf")
        for _ in range(3):
            began = process_time()
            for _ in range(times):
                handle.perform()
            best = min(best, (process_time() - began) / times * 1000)
        return best

    one = pycurl.Curl()
    one.setopt(pycurl.URL, kept)
    one.setopt(pycurl.HTTPHEADER, [f"If-None-Match: {etag}"])
    other = pycurl.Curl()
    other.setopt(pycurl.URL, fresh)
    other.setopt(pycurl.CAINFO, ca_file)
    other.setopt(pycurl.FRESH_CONNECT, 1)
    other.setopt(pycurl.FORBID_REUSE, 1)
    print(json.dumps([cost(one, 4 * int(count)), cost(other, int(count))]))


if __name__ == "__main__":
    {"reader": read_all, "curl": curl}[sys.argv[1]](*sys.argv[2:])
