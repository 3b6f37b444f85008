"""Programs on a pseudo-terminal."""

import fcntl
import os
import pty
import struct
import subprocess
import termios

from conftest import MPI


def on_a_terminal(command, columns, stdout=subprocess.DEVNULL, **environment):
    """What a terminal shows of the command's stderr; its exit code must be 0. `stdout`: a file, or "terminal"."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    running = subprocess.Popen([*map(str, command)], env=os.environ | {"TERM": "xterm"} | MPI | environment, stdin=subprocess.DEVNULL,
                               stdout=theirs if stdout == "terminal" else stdout, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert running.wait(timeout=60) == 0, shown.decode()
    return shown.decode()
