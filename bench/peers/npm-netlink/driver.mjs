// The npm package `netlink` as a driver (../../README.md has the protocol). It knows no namespaces: each run is a process that
// starts in a new one (unshare(1)), warms up, and says how long it took.
import { execFile } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const { FlagsNew, createRtNetlink } = (await import('netlink')).default;

const inet = 2;
const loopback = 1;
/** Of the first that is added: floating IPs from 198.18.1.0 on; and of those that warm it up, elsewhere. */
const first = { counted: 0xc6120000 + 256, warmUp: 0x0b000000 };

const bytes = (address) => Buffer.from([address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255]);

const addRoute = (socket, address) =>
  socket.newRoute(
    { family: inet, dstLen: 32, table: 255, protocol: 'BOOT', scope: 'HOST', type: 'LOCAL' },
    { dst: bytes(address), oif: loopback },
    { flags: FlagsNew.CREATE | FlagsNew.EXCL },
  );

const addAddress = (socket, address) =>
  socket.newAddress(
    { family: inet, prefixlen: 32, index: loopback },
    { local: bytes(address), address: bytes(address) },
    { flags: FlagsNew.CREATE | FlagsNew.EXCL },
  );

async function sequential(socket, add, from, count) {
  for (let at = 0; at < count; at++) await add(socket, from + at);
}

/** Not `route-add-concurrent`: 1,000 requests at once end the process, by a native exception that nobody catches. */
const scenarios = {
  'route-add-sequential': { add: addRoute, list: 'getRoutes', warmUp: 1000 },
  // More addresses would make the kernel's own list of them longer.
  'address-add': { add: addAddress, list: 'getAddresses', warmUp: 100 },
};

/** Inside the namespace. */
async function measure({ scenario, size }) {
  const { add, list, warmUp } = scenarios[scenario];
  const socket = createRtNetlink();
  await socket.setLink({ index: loopback, flags: { up: true }, change: { up: true } });
  await sequential(socket, add, first.warmUp, warmUp);
  const start = process.hrtime.bigint();
  await sequential(socket, add, first.counted, size);
  const ns = Number(process.hrtime.bigint() - start);
  const ours = (await socket[list]({ family: inet })).filter(({ attrs }) => {
    const address = attrs.local ?? attrs.dst;
    return address !== undefined && address[0] === 198;
  });
  if (ours.length !== size) throw new Error(`the kernel has ${ours.length}, not ${size}`);
  return { ns, operations: size };
}

const self = fileURLToPath(import.meta.url);

function inNewNamespace(request) {
  if (!(request.scenario in scenarios))
    return Promise.resolve({ skip: `the package has no way to do ${request.scenario}` });
  return new Promise((resolve) => {
    const args = ['--net', process.execPath, self, JSON.stringify(request)];
    execFile('unshare', args, (error, stdout, stderr) => {
      if (error)
        resolve({
          error:
            stderr
              .trim()
              .split('\n')
              .find((line) => /Error/.test(line)) ?? error.message,
        });
      else resolve(JSON.parse(stdout));
    });
  });
}

const [question] = process.argv.slice(2);
if (question !== undefined) {
  process.stdout.write(`${JSON.stringify(await measure(JSON.parse(question)))}\n`);
  process.exit(0);
}
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await inNewNamespace(JSON.parse(line)))}\n`);
}
