"""Why pip failed, in one sentence with a way out, read from what it printed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from AutoLabelLib.core.errors import SetupError

# In the order in which they are asked: without a network pip says at last that there is no such version.
_CAUSES = (
    (
        r"No space left on device|Errno 28|not enough space on the disk|Disk quota exceeded|Errno 122",
        "The disk is full.",
        "Free some space, then try again: what was downloaded so far is used.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerificationError",
        "The server of the Python packages could not be trusted (its certificate failed).",
        "A proxy or a virus scanner may be in between: ask your administrator, or try another network.",
    ),
    (
        r"ProxyError|Tunnel connection failed|407 Proxy",
        "The proxy of this network did not let the download pass.",
        "Set HTTPS_PROXY for Slicer, or try another network.",
    ),
    (
        r"name resolution|NewConnectionError|getaddrinfo failed|Name or service not known|Network is unreachable"
        r"|No route to host|Connection refused|Connection reset|ConnectTimeout|Read timed out|ReadTimeout"
        r"|nodename nor servname|Max retries exceeded|IncompleteRead|Connection broken|RemoteDisconnected",
        "The server of the Python packages cannot be reached.",
        "Check the network connection, then try again; what was downloaded so far is used.",
    ),
    (
        r"WinError 32|being used by another process|WinError 5\b.*\.(pyd|dll)",
        "Some files of the package are in use.",
        "Restart Slicer, and install before anything is segmented.",
    ),
    (
        r"Permission denied|Errno 13|Access is denied|WinError 5\b|Read-only file system",
        "The folder of Slicer's Python cannot be written to.",
        "Install Slicer into a folder of your own, or choose another Python for the computation below.",
    ),
    (
        r"ResolutionImpossible|conflicting dependencies|No matching distribution|Could not find a version",
        "No version of a package fits this Slicer and what is installed in it.",
        "Choose another Python for the computation below, or use the current Slicer.",
    ),
    (
        r"No module named pip",
        "This Slicer's Python has no pip.",
        "Install Slicer again, or choose another Python for the computation below.",
    ),
)


def pip_failure(code: int, lines: Sequence[str]) -> SetupError:
    """Return why a run of pip failed.

    Args:
        code: Its exit code.
        lines: What it printed.
    """
    text = "\n".join(lines)
    for pattern, message, hint in _CAUSES:
        if re.search(pattern, text):
            return SetupError(message, hint)
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    last = f": {errors[-1].rstrip('.')}" if errors else ""
    return SetupError(f"pip ended with exit code {code}{last}.", "The log below tells more.")
