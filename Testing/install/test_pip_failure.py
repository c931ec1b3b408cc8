from __future__ import annotations

import pytest

from AutoLabelLib.install.pip_failure import pip_failure

NO_NETWORK = """\
WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by 'NewConnectionError('<HTTPSConnection>:
Failed to establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/monai/
ERROR: Could not find a version that satisfies the requirement monai>=1.5 (from versions: none)
ERROR: No matching distribution found for monai>=1.5"""


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        (NO_NETWORK, "cannot be reached"),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: [WinError 5] Access is denied: 'C:\\\\Program Files\\\\Slicer\\\\x.txt'", "cannot be written"),
        ("ERROR: Could not install packages: [Errno 13] Permission denied: '/opt/Slicer/lib'", "cannot be written"),
        ("[WinError 32] The process cannot access the file because it is being used by another process", "in use"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'))", "certificate"),
        ("ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 403'))", "proxy"),
        ("ERROR: Cannot install monai because these package versions have conflicting dependencies.", "No version"),
        ("PythonSlicer: No module named pip", "no pip"),
        ("ERROR: Something nobody has seen before.", "Something nobody has seen before."),
        ("", "exit code 2"),
    ],
)
def test_every_failure_says_what_happened_and_what_to_do(printed: str, told: str) -> None:
    error = pip_failure(2, printed.splitlines())
    assert told in error.message
    assert error.hint.endswith(".")
    assert "Traceback" not in str(error)
