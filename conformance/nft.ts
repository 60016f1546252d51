/** nft(8) in a namespace, as the oracle. */
import { spawn } from 'node:child_process';
import { Netns } from '../src/index.js';

export type NftObject = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
  readonly crashed: boolean;
}

/** nft could not print what the kernel holds. */
export class NftCrash extends Error {
  readonly lab: Lab;

  constructor(lab: Lab, said: string) {
    super(`nft crashed: ${said}`);
    this.lab = lab;
  }
}

/** A namespace without a name, with the devices that rules name, in which nft and netloom both work. */
export class Lab {
  readonly netns: Netns;

  private constructor(netns: Netns) {
    this.netns = netns;
  }

  static async open(): Promise<Lab> {
    const netns = await Netns.create();
    await netns.links.set('lo', { up: true });
    await netns.links.add(['d0', 'd1'].map((name) => ({ kind: 'ifb', name }) as const));
    return new Lab(netns);
  }

  close(): Promise<void> {
    return this.netns.close();
  }

  /** What nft prints; `input` is what it reads. */
  nft(args: readonly string[], input = ''): Promise<Printed> {
    const enter = `--net=/proc/${process.pid}/fd/${this.netns.fd}`;
    // In its interactive mode nft keeps a history in the home directory.
    const { LD_PRELOAD: _, ...inherited } = process.env;
    const env = { ...inherited, HOME: '/dev/null' };
    const child = spawn('nsenter', [enter, 'nft', ...args], {
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: 20_000,
      killSignal: 'SIGKILL',
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    // It may end before it has read everything.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (_code, signal) =>
        resolve({
          stdout: Buffer.concat(out).toString(),
          stderr: Buffer.concat(err).toString(),
          crashed: signal !== null,
        }),
      );
    });
  }

  /** `nft -j list ruleset`, without metainfo. */
  async listed(): Promise<NftObject[]> {
    const { nftables } = JSON.parse(await this.#print(['-j', 'list', 'ruleset'])) as { nftables: NftObject[] };
    return nftables.filter((object) => !('metainfo' in object));
  }

  /** `nft --debug=netlink list ruleset`. */
  code(): Promise<string> {
    return this.#print(['--debug=netlink', 'list', 'ruleset']);
  }

  async #print(args: readonly string[]): Promise<string> {
    const { stdout, stderr, crashed } = await this.nft(args);
    // It goes on without what it does not understand, and leaves out what else comes after.
    if (crashed || stderr.includes('Error')) throw new NftCrash(this, stderr.trim());
    return stdout;
  }

  /**
   * Commands one by one, each a transaction of its own, so that a bad one spoils no other: nft's interactive mode reads a line
   * at a time. Resolves to what it said of each.
   */
  async feed(commands: readonly string[], json: boolean): Promise<string[]> {
    const complaints: string[] = [];
    while (complaints.length < commands.length) {
      // nft says what is wrong, not always where. A line that is wrong for certain stands behind each command.
      const lines = commands.slice(complaints.length).flatMap((command) => [command, MARK]);
      const { stderr, crashed } = await this.nft([...(json ? ['-j'] : []), '-i'], `${lines.join('\n')}\n`);
      const parts = stderr.split(`${MARK}\n`);
      // The last "Error:" of a part is the mark's own.
      complaints.push(
        ...parts.slice(0, -1).map((part) => tidy(part.slice(0, Math.max(0, part.lastIndexOf('Error:'))))),
      );
      if (crashed) complaints.push(`nft crashed: ${tidy(parts.at(-1)!)}`);
      else if (complaints.length < commands.length) throw new Error(`nft ended early: ${stderr.slice(-1000)}`);
    }
    return complaints;
  }
}

const MARK = '@@@@';

/** Without the carets under the mark before. */
const tidy = (text: string): string => text.replace(/^\^[\^~]*\n/, '').trim();
