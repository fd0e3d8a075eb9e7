"""Runs a command in a terminal of its own: in-terminal.py '{"size": [rows, columns], "steps": [[TEXT, ACTION], ...]}' COMMAND...

Each step waits until TEXT has been written since the step before, then acts: "key:q", "signal:TERM", "size:10,40", "continue"
(once it has stopped).
Prints what was written up to each step and after the last, the exit status, and whether the terminal is set as it was.
"""
import fcntl, json, os, pty, select, signal, struct, subprocess, sys, termios, time

PATIENCE = 30
plan = json.loads(sys.argv[1])
terminal, inside = pty.openpty()


def resize(rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def read_until(text):
    """What is written until `text` is there; without one, until the command has ended."""
    written = b""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        ended = child.poll() is not None
        if select.select([terminal], [], [], 0.05)[0]:
            written += os.read(terminal, 65536)
        elif ended:
            break
        if text is not None and text.encode() in written:
            return written.decode("utf8", "replace")
    if text is not None:
        child.kill()
        sys.exit(f"{text} was never written, but {written!r}")
    return written.decode("utf8", "replace")


resize(*plan["size"])
before = termios.tcgetattr(inside)
child = subprocess.Popen(
    sys.argv[2:],
    stdin=inside,
    stdout=inside,
    stderr=inside,
    start_new_session=True,
    preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
)
frames = []
for text, action in plan["steps"]:
    frames.append(read_until(text))
    kind, _, value = action.partition(":")
    if kind == "key":
        os.write(terminal, value.encode())
    elif kind == "signal":
        child.send_signal(getattr(signal, "SIG" + value))
    elif kind == "continue":
        os.waitid(os.P_PID, child.pid, os.WSTOPPED)
        child.send_signal(signal.SIGCONT)
    elif kind == "size":
        resize(*map(int, value.split(",")))
frames.append(read_until(None))
status = child.poll()
if status is None:
    child.kill()
print(json.dumps({"frames": frames, "status": status, "restored": termios.tcgetattr(inside) == before}))
