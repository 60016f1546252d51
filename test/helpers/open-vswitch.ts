/** An Open vSwitch of a test's own: its database in a folder of its own, ovs-vswitchd in a namespace, in user space. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Netns } from '../../src/index.js';
import { run } from './namespaces.js';

const schema = '/usr/share/openvswitch/vswitch.ovsschema';

export const noDatabase: boolean = !existsSync(schema);

/** Internal ports are tun(4) devices, which an ordinary user may not make. */
export const noOpenVswitch: boolean = noDatabase || !mayUseTun();

export interface Database {
  readonly folder: string;
  readonly socket: string;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

export interface Switch extends Database {
  /** `ovs-vsctl`: the oracle. */
  vsctl(...args: string[]): string;
  /** `ovs-vsctl list TABLE RECORD`, sets and maps as the protocol writes them. */
  record(table: string, record: string): Record<string, unknown>;
  /** ovs-vswitchd; undefined while there is none. */
  vswitchd: ChildProcess | undefined;
  startVswitchd(): Promise<void>;
  stopVswitchd(): Promise<void>;
}

const quiet = ['-vconsole:off', '-vsyslog:off'];

/** ovsdb-server with an empty database of its own, by default one of Open vSwitch's. */
export async function startDatabase(schemaFile: string = schema): Promise<Database> {
  const folder = mkdtempSync(join(tmpdir(), 'nlt-ovs-'));
  const file = join(folder, 'conf.db');
  const socket = join(folder, 'db.sock');
  run('ovsdb-tool', 'create', file, schemaFile);
  const child = spawn('ovsdb-server', [file, `--remote=punix:${socket}`, ...quiet], daemonOptions(folder));
  const stop = async (): Promise<void> => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await listens(socket);
  } catch (error) {
    await stop();
    throw error;
  }
  return { folder, socket, process: child, stop };
}

/** The same with ovs-vswitchd, in a namespace: its bridges' devices are there. */
export async function startOpenVswitch(netns: Netns): Promise<Switch> {
  const database = await startDatabase();
  const { folder, socket } = database;
  const vsctl = (...args: string[]): string => run('ovs-vsctl', `--db=unix:${socket}`, '-vsyslog:off', ...args);
  const daemons: Switch = {
    ...database,
    vsctl,
    record(table, record) {
      const { headings, data } = JSON.parse(vsctl('--format=json', 'list', table, record)) as Listing;
      return Object.fromEntries(headings.map((heading, at) => [heading, data[0]?.[at]]));
    },
    vswitchd: undefined,
    async startVswitchd() {
      daemons.vswitchd = netns.spawn('ovs-vswitchd', [`unix:${socket}`, ...quiet], daemonOptions(folder));
      // Waits until it acts.
      vsctl('--timeout=20', 'set', 'Open_vSwitch', '.', 'external_ids:up=yes');
    },
    async stopVswitchd() {
      await end(daemons.vswitchd);
      daemons.vswitchd = undefined;
    },
    async stop() {
      await daemons.stopVswitchd();
      await database.stop();
    },
  };
  try {
    vsctl('--no-wait', 'init');
    await daemons.startVswitchd();
    return daemons;
  } catch (error) {
    await daemons.stop();
    throw error;
  }
}

function daemonOptions(folder: string): SpawnOptions {
  const { LD_PRELOAD: _, ...env } = process.env;
  return { env: { ...env, OVS_RUNDIR: folder, OVS_DBDIR: folder, OVS_LOGDIR: folder }, stdio: 'ignore' };
}

interface Listing {
  readonly headings: readonly string[];
  readonly data: readonly (readonly unknown[])[];
}

async function end(program: ChildProcess | undefined): Promise<void> {
  if (program === undefined || program.exitCode !== null || program.signalCode !== null) return;
  const ended = once(program, 'exit');
  program.kill('SIGTERM');
  // A stopped process hears SIGTERM only when it goes on.
  program.kill('SIGCONT');
  await ended;
}

/** The path is there a moment before anybody listens. */
async function listens(path: string): Promise<void> {
  for (let tries = 0; !(await accepts(path)); tries++) {
    if (tries === 500) throw new Error(`nothing listens on ${path}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection({ path });
    connection.on('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.on('error', () => resolve(false));
  });
}

function mayUseTun(): boolean {
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
