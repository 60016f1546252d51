/** Router advertisements (RFC 4861): one radvd a router, for the interfaces that send them. See neutron/agent/linux/ra.py. */
import { existsSync } from 'node:fs';
import { formatPrefix, networkOf } from '../ip.js';
import type { Netns } from '../netns/netns.js';
import { namespaceId } from '../services/process.js';
import type { Services } from '../services/services.js';
import type { ServiceReference, ServiceSpec } from '../services/spec.js';
import { compare, type ServiceState } from '../services/state.js';
import { metadataAddress } from './names.js';
import type { Step } from './steps.js';
import { type Interface, isLinkLocal, type Wanted } from './wanted.js';

const configuration = 'radvd.conf';
const pidFile = 'radvd.pid';

/** IPv6 needs links to carry so much (RFC 8200): radvd advertises no less. */
const minimumMtu = 1280;

/** An option holds more, but Neutron gives three, and clients take as few as that. */
const serversOfOption = 3;

export const advertiser = (routerId: string): ServiceReference => ({ kind: 'radvd', id: routerId });

/** What there is of a router's radvd. Most have none, which one look at the directory tells. */
export async function readAdvertiser(services: Services, routerId: string): Promise<ServiceState> {
  const reference = advertiser(routerId);
  const directory = services.directory(reference);
  if (existsSync(directory)) return services.read(reference, [configuration]);
  return { directory, exists: false, process: undefined, surplus: [], loaded: undefined, files: new Map() };
}

/** In the namespace `netns`; undefined before there is one. */
export function advertisementStep(
  wanted: Wanted,
  state: ServiceState,
  services: Services,
  netns: Netns | undefined,
): Step | undefined {
  const text = configurationOf(wanted);
  const reference = advertiser(wanted.id);
  const before = state.files.get(configuration);
  const directory = services.directory(reference);
  const spec = (site: Netns, content: string): ServiceSpec => ({
    ...reference,
    netns: site,
    command: 'radvd',
    args: ['-C', `${directory}/${configuration}`, '-p', `${directory}/${pidFile}`, '-m', 'stderr'],
    files: [{ name: configuration, content, onChange: 'reload' }],
    pidFile,
  });
  if (text === '') {
    if (!state.exists) return undefined;
    return {
      changes: () => [{ action: 'delete', kind: 'service', subject: 'radvd' }],
      run: async ({ netns: site, undo }) => {
        if (before !== undefined) undo.add(() => services.apply(spec(site, before)));
        await services.stop(reference);
      },
    };
  }
  const { action, reason } = netns
    ? compare(spec(netns, text), state, namespaceId(`/proc/self/fd/${netns.fd}`))
    : ({ action: 'start', reason: '' } as const);
  if (action === 'none') return undefined;
  const change = state.exists
    ? ({ action: 'update', kind: 'service', subject: 'radvd', detail: `${action}: ${reason}` } as const)
    : ({ action: 'create', kind: 'service', subject: 'radvd' } as const);
  return {
    changes: () => [change],
    run: async ({ netns: site, undo }) => {
      undo.add(() => (before === undefined ? services.stop(reference) : services.apply(spec(site, before))));
      await services.apply(spec(site, text));
    },
  };
}

/** radvd.conf(5); empty when no interface advertises. */
export function configurationOf({ interfaces, metadataPort }: Wanted): string {
  return interfaces.map((port) => interfaceText(port, metadataPort !== undefined)).join('');
}

function interfaceText({ device, mtu, addresses, routerAdvertisement }: Interface, metadata: boolean): string {
  if (!routerAdvertisement) return '';
  const { mode, dnsServers = [], maxInterval = 100, minInterval = 30 } = routerAdvertisement;
  const prefixes = addresses.filter(({ family, bytes }) => family === 'ip6' && !isLinkLocal(bytes)).map(networkOf);
  const lines = [
    'AdvSendAdvert on;',
    `MinRtrAdvInterval ${minInterval};`,
    `MaxRtrAdvInterval ${maxInterval};`,
    ...(mtu !== undefined && mtu >= minimumMtu ? [`AdvLinkMTU ${mtu};`] : []),
    ...(mode === 'dhcpv6-stateless' ? ['AdvOtherConfigFlag on;'] : []),
    ...(mode === 'dhcpv6-stateful' ? ['AdvManagedFlag on;'] : []),
    ...groups(dnsServers, serversOfOption).map((servers) => `RDNSS ${servers.join(' ')} { };`),
    ...[...new Set(prefixes.map(formatPrefix))].map(
      (prefix) => `prefix ${prefix} { AdvOnLink on; AdvAutonomous ${mode === 'dhcpv6-stateful' ? 'off' : 'on'}; };`,
    ),
    ...(metadata ? [`route ${metadataAddress.ip6}/128 { };`] : []),
  ];
  return `interface ${device} {\n${lines.map((line) => `  ${line}\n`).join('')}};\n`;
}

function groups<T>(list: readonly T[], size: number): T[][] {
  const count = Math.ceil(list.length / size);
  return Array.from({ length: count }, (_, at) => list.slice(at * size, at * size + size));
}
