/**
 * `nft -f`: commands become one transaction; what they list comes after it.
 *
 * What commands need to know of the kernel is read first, and the transaction is only good for the generation that it was read in: if
 * another one comes between, the kernel answers ERESTART, and all is read and compiled anew.
 */

import { release } from 'node:os';
import { NetlinkError } from '../errors.js';
import { subjectOf } from '../netlink/call.js';
import { abortable, deadline } from '../netlink/call-options.js';
import type { CallOptions, Channel, Request } from '../netlink/channel.js';
import { inScratch } from './check.js';
import { type CompiledOperation, commandList, compileCommands } from './compile.js';
import { checkBoolean, checkUint, isObject, oneOf } from './errors.js';
import { families } from './filter.js';
import type { Command } from './json.js';
import { type Interfaces, listObjects } from './listing.js';
import { withNames } from './names.js';
import { isPast, type Needed, needsOf, readNeeded } from './needed.js';
import { compileQueries, type Query } from './queries.js';
import { resetObjects } from './resets.js';
import { crowdedTables, settleNames } from './set-names.js';
import { toRequest } from './transaction.js';
import type { Family } from './wire.js';

export interface ApplyOptions extends CallOptions {
  /** Of objects that name none; default 'ip', as in nft(8). */
  readonly family?: Family;
  /** Only if the ruleset is still of this generation (`ns.nft.generation()`); else NetlinkError ERESTART, and nothing is done. */
  readonly ifGeneration?: number;
  /**
   * Changes nothing: the commands are carried out in a namespace that is made for them, is given the ruleset as it is, and goes. What they list
   * is listed there; there are no handles to echo. Needs CAP_SYS_ADMIN.
   */
  readonly check?: boolean;
  /** Resolves to the commands, with the handles of what they have made, as `nft -j -e -a` prints them. */
  readonly echo?: boolean;
}

/** Commands as libnftables-json(5) has them: the array that stands under `nftables`, or the whole object. */
export type Commands = readonly Command[] | { readonly nftables: readonly Command[] };

/** Objects, or commands, as nft prints them. */
export type Printed = Record<string, unknown>;

/** Sends requests as one transaction, and resolves to the handles of what those that ask for it have made. */
export type Commit = (
  requests: readonly Request[],
  options: CallOptions,
  explain: ((error: NetlinkError, request: Request, row: number) => NetlinkError) | undefined,
  generation: number | undefined,
) => Promise<readonly Made[]>;

/** `command`: index of the command that made it; a rule's comes behind those of its sets. */
export interface Made {
  readonly command: number;
  readonly handle: number;
  readonly anonymous: boolean;
}

/** How often commands are compiled anew when the ruleset changes under them. */
const attempts = 10;

export interface Kernel {
  readonly channel: Channel;
  readonly interfaces: Interfaces;
  readonly commit: Commit;
  /** One after the other: what depends on a generation would else fail for those beside it. */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  /** Whether one is under way, which what is asked for later comes after. */
  readonly isTurning: () => boolean;
  /** A namespace that nobody else sees. */
  readonly scratch: () => Promise<Scratch>;
}

export interface Scratch {
  readonly nft: { readonly kernel: Kernel };
  readonly links: {
    readonly add: (spec: readonly { readonly kind: 'bridge'; readonly name: string }[]) => Promise<void>;
  };
  readonly close: () => Promise<void>;
}

export async function applyCommands(kernel: Kernel, commands: Commands, options: ApplyOptions): Promise<Printed[]> {
  checkOptions(options);
  const list = commandList(commands);
  const queries = compileQueries(list, options.family);
  if (options.check === true)
    return inScratch(kernel, list, options, (copy) => finish(copy, list, [], queries, options));
  return finish(kernel, list, await change(kernel, list, options), queries, options);
}

async function finish(
  kernel: Pick<Kernel, 'channel' | 'interfaces'>,
  list: readonly unknown[],
  made: readonly Made[],
  queries: readonly Query[],
  options: ApplyOptions,
): Promise<Printed[]> {
  const answers = new Map<number, readonly Printed[]>();
  // One after the other, as they stand: a reset tells what a listing behind it does not show any more.
  for (const query of queries) answers.set(query.command, await answer(kernel, query, options));
  return options.echo === true ? echoed(list, made, answers) : [...answers.values()].flat();
}

async function change(kernel: Kernel, list: readonly unknown[], options: ApplyOptions): Promise<readonly Made[]> {
  let asks = false;
  const interfaces: Interfaces = (limits) => {
    asks = true;
    return kernel.interfaces(limits);
  };
  const compiling = compileAlone({ ...kernel, interfaces }, list, options);
  // While it asks for the numbers of devices, what is asked for later would overtake it.
  if (asks) return inTurn(kernel, list, compiling, options);
  const alone = await compiling;
  if (alone !== undefined && !kernel.isTurning() && crowdedTables(alone).length === 0)
    return kernel.commit(alone, options, explain(options), options.ifGeneration);
  return inTurn(kernel, list, alone, options);
}

/** What waits hears its signal meanwhile, and the time that it waits counts. */
function inTurn(
  kernel: Kernel,
  list: readonly unknown[],
  alone: Request[] | undefined | Promise<Request[] | undefined>,
  options: ApplyOptions,
): Promise<readonly Made[]> {
  const limits: ApplyOptions = { ...options, timeout: undefined, ...deadline(options) };
  // Its failure is told when its turn comes.
  if (alone instanceof Promise) alone.catch(() => {});
  return abortable(() => kernel.inTurn(async () => attempt(kernel, list, await alone, limits)), limits);
}

/** `alone`: what needs nothing of the kernel but names for its sets. */
async function attempt(
  kernel: Kernel,
  list: readonly unknown[],
  alone: Request[] | undefined,
  options: ApplyOptions,
): Promise<readonly Made[]> {
  for (let count = 1; ; count++) {
    const { requests, generation } =
      alone === undefined ? await compileKnowing(kernel, list, options) : { requests: alone };
    const only = await settleNames(kernel.channel, requests, count < attempts, options);
    const good = requests.length === 0 ? undefined : (generation ?? only);
    try {
      return await kernel.commit(requests, options, explain(options), options.ifGeneration ?? good);
    } catch (error) {
      if (!isPast(error) || options.ifGeneration !== undefined || count === attempts) throw error;
    }
  }
}

/** What the kernel's own words leave out. */
export function explain({ ifGeneration }: ApplyOptions): (error: NetlinkError, request: Request) => NetlinkError {
  return (error, request) => {
    const words =
      error.code === 'ERESTART'
        ? `the ruleset is not of generation ${ifGeneration ?? 'that it was read in'} any more`
        : lacks(error)
          ? "this kernel knows no 'destroy' (Linux 6.3 and later do): look what there is, and delete that"
          : undefined;
    if (words === undefined) return error;
    return new NetlinkError({
      ...error,
      kernelMessage: words,
      subject: subjectOf(request),
    });
  };
}

/** An older kernel refuses a message that it does not know without a word. */
function lacks({ code, syscall, kernelMessage }: NetlinkError): boolean {
  if (code !== 'EINVAL' || kernelMessage !== undefined || !syscall.startsWith('NFT_MSG_DESTROY')) return false;
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return major < 6 || (major === 6 && minor < 3);
}

/** The requests that commands become, and the generation that they are good for, where that matters. */
export async function compileRequests(
  kernel: Compiling,
  list: readonly unknown[],
  options: ApplyOptions,
): Promise<Compiled> {
  const requests = await compileAlone(kernel, list, options);
  return requests === undefined ? compileKnowing(kernel, list, options) : { requests };
}

type Compiling = Pick<Kernel, 'channel' | 'interfaces'>;

interface Compiled {
  readonly requests: Request[];
  readonly generation?: number;
}

/** What commands become by themselves; undefined where something has to be asked for, which is found by trying, as most need nothing. */
async function compileAlone(
  kernel: Compiling,
  list: readonly unknown[],
  options: ApplyOptions,
): Promise<Request[] | undefined> {
  let asked = false;
  const ask = (): undefined => {
    asked = true;
  };
  try {
    const requests = await compile(kernel, list, { findSet: ask, findRules: ask, findChain: ask }, options);
    return asked ? undefined : requests;
  } catch (error) {
    if (asked) return undefined;
    throw error;
  }
}

async function compileKnowing(kernel: Compiling, list: readonly unknown[], options: ApplyOptions): Promise<Compiled> {
  const { generation, ...needed } = await readNeeded(kernel.channel, needsOf(list, options.family), options);
  return { requests: await compile(kernel, list, needed, options), generation };
}

async function compile(
  { interfaces }: Compiling,
  list: readonly unknown[],
  needed: Omit<Needed, 'generation'>,
  { family, echo, ...options }: ApplyOptions,
): Promise<Request[]> {
  const compiled = await withNames(
    (names): CompiledOperation[] => compileCommands(list as readonly Command[], { ...names, ...needed, family }),
    () => interfaces(options),
  );
  return compiled.map((op) => toRequest(op, list[op.command], echo === true));
}

function answer(
  { channel, interfaces }: Pick<Kernel, 'channel' | 'interfaces'>,
  query: Query,
  options: ApplyOptions,
): Promise<Printed[]> {
  return 'list' in query
    ? listObjects(channel, interfaces, query.list, options)
    : resetObjects(channel, interfaces, query.reset, options);
}

/** The commands as they were given; what was made has a handle, and a listing stands where it was asked for. */
function echoed(
  list: readonly unknown[],
  made: readonly Made[],
  answers: ReadonlyMap<number, readonly Printed[]>,
): Printed[] {
  const handles = new Map(made.filter(({ anonymous }) => !anonymous).map(({ command, handle }) => [command, handle]));
  return list.flatMap((command, i): readonly Printed[] => {
    const answered = answers.get(i);
    if (answered !== undefined) return answered;
    const handle = handles.get(i);
    const given = command as Printed;
    if ('metainfo' in given) return [];
    return [handle === undefined ? given : withHandle(given, handle)];
  });
}

/** `{"add": {"rule": {...}}}`, or `{"rule": {...}}`. */
function withHandle(command: Printed, handle: number): Printed {
  const [verb, body] = Object.entries(command)[0] as [string, Printed];
  const [kind, object] = Object.entries(body)[0] as [string, unknown];
  const nested = verbs.includes(verb) && isObject(object);
  return { [verb]: nested ? { [kind]: { ...object, handle } } : { ...body, handle } };
}

const verbs: readonly string[] = ['add', 'create', 'insert', 'replace', 'rename'];

function checkOptions({ family, ifGeneration, check, echo }: ApplyOptions): void {
  if (family !== undefined) oneOf(family, 'options.family', families);
  if (ifGeneration !== undefined) checkUint(ifGeneration, 'options.ifGeneration');
  if (check !== undefined) checkBoolean(check, 'options.check');
  if (echo !== undefined) checkBoolean(echo, 'options.echo');
}
