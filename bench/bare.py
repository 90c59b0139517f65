"""The reference: the same programs as bare processes, in the same tree, timed without any of our code around them.

Started by bare.ts inside the runtime root (chroot, own tmpfs on /box and /program). Reads one JSON request per line on
stdin, answers one JSON line. posix_spawn and CLOCK_MONOTONIC: the cost of this runner is about 0.1 ms per process.
"""

import fnmatch
import json
import os
import shutil
import sys
import threading
import time


def run(argv, env, stdin_path, cwd):
    """Runs argv to its end with stdout into a pipe that is read whole. Returns the exit status."""
    read_fd, write_fd = os.pipe()
    executable = shutil.which(argv[0], path=env.get("PATH"))
    pid = os.posix_spawn(
        executable,
        argv,
        env,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, stdin_path, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, write_fd, 1),
            (os.POSIX_SPAWN_CLOSE, read_fd),
        ],
    )
    os.close(write_fd)
    while os.read(read_fd, 65536):
        pass
    os.close(read_fd)
    return os.waitpid(pid, 0)[1]


def wipe(folder):
    """A second run must not profit from what the first left, such as object files and build caches."""
    for entry in os.scandir(folder):
        if entry.path == __file__:
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


def once(case):
    """One job as a user would run it by hand: write the source, compile, run."""
    os.chdir("/box")
    with open(case["sourceFile"], "w") as source:
        source.write(case["code"])
    if case["compile"] is not None:
        if run(case["compile"]["argv"], case["env"], "/dev/null", "/box") != 0:
            raise RuntimeError("bare compile failed")
        for name in os.listdir("/box"):
            if any(fnmatch.fnmatch(name, pattern) for pattern in case["compile"]["outputs"]):
                shutil.copy(name, "/program/" + name)
    status = run(case["run"]["argv"], case["env"], case.get("stdin", "/dev/null"), "/box")
    if status != 0:
        raise RuntimeError("bare run failed: %d" % status)


def latency(case):
    for folder in ("/box", "/tmp", "/program"):
        wipe(folder)
    started = time.monotonic()
    once(case)
    return {"ms": (time.monotonic() - started) * 1000}


def rate(case, parallel, seconds):
    """Processes per second with `parallel` in flight. Only for cases without a compile step (one /box for all)."""
    done = [0] * parallel
    until = time.monotonic() + seconds

    def work(slot):
        while time.monotonic() < until:
            once(case)
            done[slot] += 1

    started = time.monotonic()
    threads = [threading.Thread(target=work, args=(slot,)) for slot in range(parallel)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"perSecond": sum(done) / (time.monotonic() - started)}


for line in sys.stdin:
    request = json.loads(line)
    if request["op"] == "latency":
        answer = latency(request["case"])
    else:
        answer = rate(request["case"], request["parallel"], request["seconds"])
    print(json.dumps(answer), flush=True)
