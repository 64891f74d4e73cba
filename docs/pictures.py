"""Make the pictures that the README shows, from what the demo really sends; needs Chromium.

    python docs/pictures.py

Colours are reduced, so that the files stay small.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
#: name -> width, height, and further words for the browser
SHOTS = {
    "digest.png": (640, 900, ()),
    "digest-phone-dark.png": (360, 740, ("--force-dark-mode", "--blink-settings=preferredColorScheme=0")),
}  # fmt: skip


def main() -> None:
    """Run the demo and photograph its first mail."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        sys.exit("Chromium is needed: apt-get install chromium")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        demo = [sys.executable, "-m", "alerts", "demo", "--folder", str(folder / "demo")]
        subprocess.run(demo, check=True, stdout=subprocess.DEVNULL)
        for picture, (width, height, more) in SHOTS.items():
            subprocess.run(
                [
                    browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
                    "--no-first-run", "--disable-background-networking", "--hide-scrollbars",
                    "--disable-component-update", "--disable-sync",
                    f"--user-data-dir={folder / 'profile'}", f"--window-size={width},{height}",
                    f"--screenshot={HERE / picture}", *more,
                    (folder / "demo" / "mail-1.html").as_uri(),
                ],
                check=True,
                capture_output=True,
            )  # fmt: skip
            print(HERE / picture)


if __name__ == "__main__":
    main()
