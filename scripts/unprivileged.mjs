// For users who may not change the machine's network: the same command inside a user, network and mount
// namespace of its own (`unshare -Urnm`), with a private /run so that /run/netns can be written.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { which } from './packages.mjs';
import { Stop, say } from './say.mjs';

const CAP_NET_ADMIN = 12n;
const CAP_SYS_ADMIN = 21n;

/** Whether this process may make network namespaces and mounts where it is. */
export function isPrivileged() {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]}`);
  return process.getuid() === 0 && [CAP_NET_ADMIN, CAP_SYS_ADMIN].every((bit) => (effective >> bit) & 1n);
}

const unshare = ['--user', '--map-root-user', '--net', '--mount', '--propagation', 'private', '--'];

// exec all the way down: the process that is started is the one that is signalled and whose exit code counts.
// setpriv asks the kernel for SIGTERM should this parent be killed; only now, since unshare(2) forgets the request.
const inside = 'mount -t tmpfs -o mode=755 tmpfs /run && exec setpriv --pdeathsig TERM "$@"';

function whyNot() {
  const sysctl = (name) => {
    try {
      return readFileSync(`/proc/sys/${name}`, 'utf8').trim();
    } catch {
      return undefined;
    }
  };
  if (sysctl('kernel/unprivileged_userns_clone') === '0') {
    return 'kernel.unprivileged_userns_clone is 0 (sudo sysctl kernel.unprivileged_userns_clone=1 allows it)';
  }
  if (sysctl('kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return 'kernel.apparmor_restrict_unprivileged_userns is 1 (sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0 allows it)';
  }
  if (sysctl('user/max_user_namespaces') === '0') return 'user.max_user_namespaces is 0';
  return undefined;
}

/** Runs `command` in namespaces of its own; resolves to the exit code the caller should end with. */
export async function runUnprivileged(command, args) {
  const program = which('unshare');
  const trial = spawnSync(program, [...unshare, 'sh', '-c', inside, 'sh', 'true'], { encoding: 'utf8' });
  if (trial.status !== 0) {
    const reason = whyNot() ?? (trial.stderr.trim() || `unshare ended with ${trial.status ?? trial.signal}`);
    throw new Stop(`run this as root: this user may not make a user namespace: ${reason}`);
  }
  say('not root: running in a user namespace of its own');
  const env = { ...process.env, NETLOOM_UNPRIVILEGED: '1' };
  return forward(spawn(program, [...unshare, 'sh', '-c', inside, 'sh', command, ...args], { stdio: 'inherit', env }));
}

/** The same for those who may: no namespace, but the child still learns of it when this process is killed. */
export function runHere(command, args) {
  const [program, ...rest] = which('setpriv')
    ? ['setpriv', '--pdeathsig', 'TERM', command, ...args]
    : [command, ...args];
  return forward(spawn(program, rest, { stdio: 'inherit' }));
}

/** Hands this process's signals to the child and the child's end to the caller. */
export function forward(child) {
  const handlers = ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => {
    const handler = () => child.kill(signal);
    process.on(signal, handler);
    return [signal, handler];
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      for (const [name, handler] of handlers) process.off(name, handler);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}
