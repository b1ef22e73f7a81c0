# Holds a socket that listens, as systemd does, and starts commands with it as number 3. It prints the port
# of the socket; each line that it reads is a command in JSON, for which it prints the process.
import json
import os
import socket
import sys

held = socket.socket()
held.bind(("127.0.0.1", 0))
held.listen(511)
print(held.getsockname()[1], flush=True)
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        # As the number itself, it would stay closed for the command.
        os.dup2(os.dup(held.fileno()), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)
        command = json.loads(line)
        os.execvp(command[0], command)
    print(pid, flush=True)
