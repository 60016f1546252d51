/** A router as other programs see it, in a form that two routers made of one description have alike. */
import { type IpObject, ipJson, run } from '../namespaces.js';

export interface Snapshot {
  readonly links: unknown;
  readonly addresses: unknown;
  readonly routes: unknown;
  readonly rules: unknown;
  readonly nexthops: unknown;
  readonly ruleset: unknown;
}

const sorted = (values: readonly unknown[]): string[] => values.map((value) => JSON.stringify(value)).sort();

/** `exact`: with indexes and handles, which tell whether anything was made anew. */
export function snapshot(namespace: string, exact: boolean = false): Snapshot {
  const links = ipJson(namespace, 'link').map(({ ifname, mtu, flags, group, ifindex, address, ifalias }) => ({
    ifname,
    mtu,
    up: (flags as string[]).includes('UP'),
    group,
    ...(exact ? { ifindex, address, ifalias } : {}),
  }));
  const addresses = ipJson(namespace, 'address').flatMap(({ ifname, addr_info }) =>
    (addr_info as IpObject[])
      .filter(({ scope }) => scope !== 'link')
      .map(({ local, prefixlen, protocol }) => ({ ifname, local, prefixlen, protocol })),
  );
  const routes = ['inet', 'inet6'].flatMap((family) =>
    ipJson(namespace, '-f', family, 'route', 'list', 'table', 'all')
      .filter(({ dst, type }) => !/^(fe80|ff00)/.test(dst) && type !== 'multicast' && type !== 'anycast')
      .map(({ flags: _, nexthops, metric: __, ...route }) => ({
        ...route,
        ...(nexthops
          ? { nexthops: (nexthops as IpObject[]).map(({ gateway, dev, weight }) => ({ gateway, dev, weight })) }
          : {}),
      })),
  );
  const rules = ipJson(namespace, 'rule');
  const nexthops = ipJson(namespace, 'nexthop').map(({ flags: _, ...nexthop }) => nexthop);
  const { nftables } = JSON.parse(run('ip', 'netns', 'exec', namespace, 'nft', '-j', 'list', 'ruleset')) as {
    nftables: IpObject[];
  };
  const ruleset = nftables
    .filter((object) => !('metainfo' in object))
    .map((object) => {
      const [[kind, body]] = Object.entries(object) as [[string, IpObject]];
      const { handle, elem, size, ...rest } = body;
      return {
        kind,
        ...rest,
        ...(elem ? { elem: sorted(elem as unknown[]) } : {}),
        ...(exact ? { handle, size } : {}),
      };
    });
  // Rules keep their order within a chain; tables, sets and chains have none that matters.
  const chains = new Map<string, unknown[]>();
  for (const object of ruleset.filter(({ kind }) => kind === 'rule')) {
    const { family, table, chain, expr } = object as IpObject;
    const key = `${family} ${table} ${chain}`;
    chains.set(key, [...(chains.get(key) ?? []), exact ? object : expr]);
  }
  return {
    links: sorted(links),
    addresses: sorted(addresses),
    routes: sorted(routes),
    rules: sorted(rules),
    nexthops: sorted(nexthops),
    ruleset: [...sorted(ruleset.filter(({ kind }) => kind !== 'rule')), ...sorted([...chains])],
  };
}
