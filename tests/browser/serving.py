"""`streamlit run` on a free port, for the browser tests and for the measuring of pages."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import IO


def serve(script: Path, out: IO[str] | int) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server of a script and wait until it answers; gives back its process and its address.

    Raises
    ------
    RuntimeError
        It ended, or did not answer within half a minute.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--server.port", str(port), "--server.headless", "true", "--server.address", "127.0.0.1", "--server.fileWatcherType", "none"]
    command = [sys.executable, "-m", "streamlit", "run", script.name, *options]
    process = subprocess.Popen(command, cwd=script.parent, stdout=out, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
            return process, url
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    process.terminate()
    raise RuntimeError("the server does not start")
