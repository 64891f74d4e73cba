"""Make the pictures of the documents from what the demo really sends; needs Chromium.

python docs/pictures.py
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import slack_page
import small_png

HERE = Path(__file__).parent
_DARK = ("--blink-settings=preferredColorScheme=0",)
_MOST_BYTES = 150_000
#: Two dots a pixel, letters in shades of one colour, and nobody to talk to.
_QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-quic", "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-lcd-text"),
    "--force-device-scale-factor=2",
)


@dataclass(frozen=True)
class Shot:
    """One picture: of which page, how wide and high at most, in which mode."""

    name: str
    page: str
    width: int
    height: int
    is_dark: bool = False


SHOTS = (
    Shot("digest.png", "mail.html", 640, 900),
    Shot("digest-dark.png", "mail.html", 640, 900, is_dark=True),
    Shot("digest-phone.png", "mail.html", 360, 740),
    Shot("digest-phone-dark.png", "mail.html", 360, 740, is_dark=True),
    Shot("slack.png", "slack.html", 640, 1200),
    Shot("slack-dark.png", "slack.html", 640, 1200, is_dark=True),
)


def main() -> None:
    """Run the demo and photograph its first mail and its first Slack message."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        sys.exit("Chromium is needed: apt-get install chromium")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        demo = [sys.executable, "-m", "alerts", "demo", "--folder", str(folder / "demo")]
        subprocess.run(demo, check=True, stdout=subprocess.DEVNULL)
        mail, message = (min((folder / "demo").glob(n)) for n in ("mail-*.html", "slack-*.json"))
        document = json.loads(message.read_text(encoding="utf-8"))
        drawn = slack_page.page(document, "Madison News Alerts")
        shutil.copy(mail, folder / "mail.html")
        (folder / "slack.html").write_text(drawn, encoding="utf-8")
        for shot in SHOTS:
            picture = small_png.small(_taken(browser, shot, folder), margin=32)
            if len(picture) > _MOST_BYTES:
                sys.exit(f"{shot.name} has {len(picture):,} bytes")
            (HERE / shot.name).write_bytes(picture)
            print(f"{shot.name}: {len(picture):,} bytes")


def _taken(browser: str, shot: Shot, folder: Path) -> bytes:
    picture, page = folder / shot.name, folder / shot.page
    size = f"--window-size={shot.width},{shot.height}"
    mode = _DARK if shot.is_dark else ()
    options = [*_QUIET, f"--user-data-dir={folder / 'profile'}", size, *mode]
    subprocess.run(
        [browser, *options, f"--screenshot={picture}", page.as_uri()],
        check=True,
        capture_output=True,
    )
    return picture.read_bytes()


if __name__ == "__main__":
    main()
