import { formatPrefix } from '../ip.js';
/** Addresses of a router's ports. */
import type { Address } from '../rtnetlink/addresses.js';
import { protocol } from './names.js';
import type { State } from './state.js';
import { type Change, type Step, stepOf } from './steps.js';
import { portsOf, type Wanted } from './wanted.js';

/** Of the ports that stay: addresses that are missing are added, netloom's own that are no longer wanted deleted. */
export function addressStep(wanted: Wanted, state: State): Step | undefined {
  const missing: { dev: string; address: string; nodad?: boolean }[] = [];
  const stale: { dev: string; address: string }[] = [];
  for (const port of portsOf(wanted)) {
    const dev = port.device;
    const present = state.addresses.get(dev) ?? [];
    const texts = port.addresses.map(formatPrefix);
    for (const address of texts) {
      if (present.some((one) => one.address === address)) continue;
      // The controller owns these addresses: waiting for duplicate detection would only delay the first packet.
      missing.push({ dev, address, ...(address.includes(':') ? { nodad: true } : {}) });
    }
    for (const one of present) {
      if (one.protocol !== protocol || texts.includes(one.address)) continue;
      if (port === wanted.gateway && isFloating(one, wanted)) continue;
      stale.push({ dev, address: one.address });
    }
  }
  const change = (action: Change['action'], { address, dev }: { address: string; dev: string }): Change => ({
    action,
    kind: 'address',
    subject: `${address} on ${dev}`,
  });
  const changes = [...missing.map((one) => change('create', one)), ...stale.map((one) => change('delete', one))];
  return stepOf(changes, async ({ netns, undo }) => {
    if (missing.length > 0) {
      await netns.addresses.add(
        missing.map((one) => ({ ...one, protocol })),
        { rollback: true },
      );
      undo.add(() => netns.addresses.delete(missing.map(({ dev, address }) => ({ dev, address }))));
    }
    if (stale.length > 0) {
      await netns.addresses.delete(stale, { rollback: true });
      undo.add(() => netns.addresses.add(stale.map((one) => ({ ...one, protocol }))));
    }
  });
}

/** With the 'address' binding /32s on the gateway port are floating IPs, which are looked after elsewhere. */
function isFloating({ family, prefixlen }: Address, { binding }: Wanted): boolean {
  return binding === 'address' && family === 'inet' && prefixlen === 32;
}
