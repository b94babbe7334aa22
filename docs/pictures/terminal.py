#!/usr/bin/env python3
"""Makes a picture of a command at a terminal: runs it and writes what it shows as SVG.

    docs/pictures/terminal.py docs/pictures/info.svg build/release/cli/procpool info
    docs/pictures/terminal.py --columns 100 --seconds 3 docs/pictures/mine.svg build/release/cli/procpool mine ...

--seconds takes the picture then, of a command that still runs, and ends it by Ctrl-C.
"""

import argparse
import fcntl
import html
import os
import pathlib
import pty
import re
import select
import shlex
import signal
import struct
import termios
import time

CELL, LINE, MARGIN = 8.43, 18, 16  # of a monospaced font of 14 pixels


def screen_of(command, columns, seconds):
    """What is on the screen at the end, or after so many seconds, as lines."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        os.execvp(command[0], command)
    end = time.monotonic() + seconds if seconds else None
    output = b""
    while end is None or time.monotonic() < end:
        if not select.select([terminal], [], [], 0.05)[0]:
            continue
        try:
            output += os.read(terminal, 65536)
        except OSError:
            break
    if end is not None:
        os.kill(pid, signal.SIGINT)
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        pass
    os.waitpid(pid, 0)
    text = output.decode(errors="replace").replace("\r\n", "\n")
    # A line that was taken back shows what was written last.
    return [re.split(r"\r\x1b\[K", line)[-1] for line in text.rstrip("\n").split("\n")]


def svg(title, lines, columns):
    wrapped = [line[i : i + columns] for line in [f"$ {title}", *lines] for i in range(0, max(1, len(line)), columns)]
    width = 2 * MARGIN + columns * CELL
    height = 2 * MARGIN + LINE * len(wrapped)
    rows = []
    for i, line in enumerate(wrapped):
        kind = "command" if i == 0 else "output"
        y = MARGIN + LINE * (i + 0.75)
        rows.append(f'<text x="{MARGIN}" y="{y:.1f}" class="{kind}">{html.escape(line)}</text>')
    rows = "\n".join(rows)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" viewBox="0 0 {width:.0f} {height}">
<style>text {{ font: 14px monospace; fill: #d8dee9; white-space: pre; }} .command {{ fill: #a3be8c; }}</style>
<rect width="100%" height="100%" rx="6" fill="#20242c"/>
{rows}
</svg>
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--columns", type=int, default=80)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--title", help="the command as it is shown")
    parser.add_argument("picture", type=pathlib.Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    program = [pathlib.Path(arguments.command[0]).name, *arguments.command[1:]]
    title = arguments.title or shlex.join(program)
    lines = screen_of(arguments.command, arguments.columns, arguments.seconds)
    arguments.picture.write_text(svg(title, lines, arguments.columns))


if __name__ == "__main__":
    main()
