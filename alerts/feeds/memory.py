"""The fetcher without a network: it answers from what was put in. For tests and simulations."""

from __future__ import annotations

import hashlib

from alerts.model import Feed, FetchedBody, FetchFailure, NotModified, Validators


class MemoryFetcher:
    """Serves documents by URL with an ETag, 304 to who has them, or fails as told."""

    def __init__(self) -> None:
        self.asked: list[str] = []  # URLs in the order they were asked for
        self._answers: dict[str, FetchedBody | FetchFailure] = {}

    def put(self, url: str, body: str | bytes, content_type: str = "application/xml") -> None:
        """Serve `body` at `url` from now on."""
        data = body.encode() if isinstance(body, str) else body
        etag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        self._answers[url] = FetchedBody(200, data, content_type, Validators(etag, None, url), url)

    def fail(self, url: str, failure: FetchFailure) -> None:
        """Fail at `url` from now on."""
        self._answers[url] = failure

    def fetch(
        self,
        feed: Feed,
        validators: Validators,
        _accept: str = "",
        _deadline_s: float | None = None,
    ) -> FetchedBody | NotModified | FetchFailure:
        """Answer as a well-behaved server would."""
        self.asked.append(feed.url)
        answer = self._answers.get(feed.url)
        if answer is None:
            return FetchFailure("http", "Its server answers 404 Not Found.", status=404)
        if isinstance(answer, FetchedBody) and answer.validators.etag == validators.etag:
            return NotModified(Validators())
        return answer
