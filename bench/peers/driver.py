"""What the Python peers have in common: the protocol of bench/README.md, and a run's own namespaces."""

import ctypes
import gc
import json
import os
import socket
import subprocess
import sys
import time

CLONE_NEWNET = 0x40000000
GATEWAY = 'qg-0'
OUTSIDE = 'outside'

_libc = ctypes.CDLL(None, use_errno=True)


class Skip(Exception):
    """A scenario, or a size of it, that this driver does not do."""


def serve(scenarios):
    """A scenario is called with a Sandbox, a size and a batch.

    It returns how many operations there are, what does them, and what looks at them afterwards.
    """
    for line in sys.stdin:
        print(json.dumps(_answer(scenarios, json.loads(line))), flush=True)


def _answer(scenarios, request):
    scenario = scenarios.get(request['scenario'])
    if scenario is None:
        return {'skip': 'this peer does not do it'}
    try:
        with Sandbox() as box:
            operations, run, verify = scenario(box, request['size'], request.get('batch', 0))
            # Whether the set-up's garbage is collected in the timed part is chance.
            gc.collect()
            start = time.perf_counter_ns()
            run()
            elapsed = time.perf_counter_ns() - start
            verify()
        return {'ns': elapsed, 'operations': operations}
    except Skip as skip:
        return {'skip': str(skip)}
    except Exception as error:
        return {'error': f'{type(error).__name__}: {error}'}


class Sandbox:
    """A fresh namespace with a gateway port, whose other end is in a second one.

    Leaving waits until the kernel has taken the namespace apart, so that this work falls into nobody's timed part.
    """

    def __enter__(self):
        self._home = _open_netns()
        _unshare()
        self._outside = _open_netns()
        _unshare()
        self.inside = _open_netns()
        self._cleanup = []
        outside = f'/proc/{os.getpid()}/fd/{self._outside}'
        ip('link', 'add', GATEWAY, 'type', 'veth', 'peer', 'name', OUTSIDE, 'netns', outside)
        ip('link', 'set', 'lo', 'up')
        ip('link', 'set', GATEWAY, 'up')
        ip('address', 'add', '198.19.255.1/15', 'dev', GATEWAY)
        setns(self._outside)
        ip('link', 'set', OUTSIDE, 'up')
        setns(self.inside)
        return self

    def __exit__(self, *_):
        for step in reversed(self._cleanup):
            step()
        setns(self._outside)
        os.close(self.inside)
        for _ in range(10_000):
            if OUTSIDE not in (name for _, name in socket.if_nameindex()):
                break
            time.sleep(0.001)
        setns(self._home)
        os.close(self._outside)
        os.close(self._home)

    def leave(self):
        """Back to where the driver was started, for a scenario whose namespaces have names."""
        setns(self._home)

    def defer(self, step):
        """Runs when the sandbox is left; the last one first."""
        self._cleanup.append(step)


def ip(*arguments):
    subprocess.run(['ip', *arguments], check=True)


def ip_batch(lines):
    subprocess.run(['ip', '-batch', '-'], input='\n'.join(lines), text=True, check=True)


def setns(fd):
    _check(_libc.setns(fd, CLONE_NEWNET))


def own_netns():
    """Moves the driver into a namespace of its own."""
    _unshare()
    ip('link', 'set', 'lo', 'up')


def _unshare():
    _check(_libc.unshare(CLONE_NEWNET))


def _check(result):
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _open_netns():
    return os.open('/proc/thread-self/ns/net', os.O_RDONLY | os.O_CLOEXEC)


def floating(i):
    return _dotted((198 << 24) + (18 << 16) + 256 + i)


def fixed(i):
    return _dotted((10 << 24) + 256 + i)


def gateway(router):
    return _dotted((198 << 24) + (19 << 16) + (128 << 8) + 1 + router)


def _dotted(number):
    return socket.inet_ntoa(number.to_bytes(4, 'big'))


def expect(what, is_, should):
    if is_ != should:
        raise RuntimeError(f'{what}: the kernel has {is_}, not {should}')
