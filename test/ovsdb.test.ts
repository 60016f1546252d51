/** The database protocol, against ovsdb-server; ovsdb-client is the oracle. What a server would not do on demand is done by one of the test's own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  Ovsdb,
  OvsdbError,
  type OvsdbUpdate,
  ovsdbAtoms,
  ovsdbMap,
  ovsdbNamedUuid,
  ovsdbOptional,
  ovsdbRecord,
  ovsdbSet,
} from '../src/index.js';
import { JsonFramer } from '../src/ovs/framing.js';
import { cleanUp, rejection, run } from './helpers/namespaces.js';
import { type Database, noDatabase, startDatabase } from './helpers/open-vswitch.js';

const columns = {
  title: { type: 'string' },
  pages: { type: { key: { type: 'integer', minInteger: 1 }, min: 0, max: 1 } },
  authors: { type: { key: 'string', min: 0, max: 'unlimited' } },
  notes: { type: { key: 'string', value: 'string', min: 0, max: 'unlimited' } },
  sequels: { type: { key: { type: 'uuid', refTable: 'Book' }, min: 0, max: 'unlimited' } },
};
const schema = {
  name: 'Library',
  version: '1.0.0',
  tables: { Book: { isRoot: true, indexes: [['title']], columns } },
};

/** A database with one table, and a connection to it. */
async function library(): Promise<{ server: Database; db: Ovsdb; books(): unknown[] }> {
  const file = join(folder(), 'library.ovsschema');
  writeFileSync(file, JSON.stringify(schema));
  const server = await startDatabase(file);
  cleanUp(() => server.stop());
  const db = await Ovsdb.connect({ socket: server.socket, database: 'Library' });
  cleanUp(() => db.close());
  const books = (): unknown[] => {
    const text = run(
      'ovsdb-client',
      '--format=json',
      'dump',
      `unix:${server.socket}`,
      'Library',
      'Book',
      'pages',
      'title',
    );
    return (JSON.parse(text) as { data: unknown[] }).data;
  };
  return { server, db, books };
}

/** A folder that goes with the test. */
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'nlt-ovsdb-'));
  cleanUp(async () => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A server that says what the test has it say. */
async function pretender(
  answer: (message: Message, connection: Socket) => void,
): Promise<{ socket: string; heard: Message[] }> {
  const path = join(folder(), 'db.sock');
  const heard: Message[] = [];
  const server: Server = createServer((connection) => {
    const framer = new JsonFramer();
    connection.on('error', () => undefined);
    connection.on('data', (piece) => {
      for (const text of framer.push(piece)) {
        const message = JSON.parse(text) as Message;
        heard.push(message);
        answer(message, connection);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  cleanUp(async () => void server.close());
  return { socket: path, heard };
}

interface Message {
  readonly id: unknown;
  readonly method?: string;
  readonly params?: readonly unknown[];
  readonly result?: unknown;
}

const insert = (title: string, row: object = {}) => ({ op: 'insert', table: 'Book', row: { title, ...row } }) as const;
const titled = (title: string) => [['title', '==', title]] as const;

test('texts are found in a stream however it is cut', () => {
  const json = fc.array(fc.oneof(fc.object(), fc.array(fc.jsonValue())), { maxLength: 5 });
  fc.assert(
    fc.property(json, fc.array(fc.nat(), { maxLength: 20 }), (values, cuts) => {
      const texts = values.map((value) => JSON.stringify(value));
      const stream = Buffer.from(texts.join(' '));
      const ends = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].sort((a, b) => a - b);
      const framer = new JsonFramer();
      const found = [...ends, stream.length].flatMap((end, at) => framer.push(stream.subarray(ends[at - 1] ?? 0, end)));
      expect(found).toEqual(texts);
      expect(framer.partial).toBe(false);
    }),
  );
});

describe.skipIf(noDatabase)('transact', () => {
  test('does what RFC 7047 says, operation by operation', async () => {
    const { db, books } = await library();
    const [first, second] = await db.transact([
      {
        ...insert('Dune', { pages: 412, authors: 'Herbert', notes: ovsdbMap({ shelf: 'A', '"}{': 'ü\\' }) }),
        'uuid-name': 'dune',
      },
      insert('Prequel', { sequels: ovsdbNamedUuid('dune') }),
    ]);
    expect(books()).toEqual([
      [['set', []], 'Prequel'],
      [412, 'Dune'],
    ]);

    const results = await db.transact([
      { op: 'select', table: 'Book', where: titled('Prequel'), columns: ['sequels', '_uuid'] },
      { op: 'mutate', table: 'Book', where: titled('Dune'), mutations: [['pages', '+=', 1]] },
      {
        op: 'mutate',
        table: 'Book',
        where: titled('Dune'),
        mutations: [['authors', 'insert', ovsdbSet(['Anderson'])]],
      },
      { op: 'update', table: 'Book', where: titled('Prequel'), row: { pages: 5 } },
      { op: 'wait', table: 'Book', where: titled('Dune'), columns: ['pages'], until: '==', rows: [{ pages: 413 }] },
      { op: 'comment', comment: 'counted again' },
      { op: 'select', table: 'Book', where: titled('Dune') },
    ]);
    expect(results[0].rows).toEqual([{ sequels: first.uuid, _uuid: second.uuid }]);
    expect(results.slice(1, 6)).toEqual([{ count: 1 }, { count: 1 }, { count: 1 }, {}, {}]);
    const dune = results[6].rows[0];
    expect(ovsdbAtoms(dune?.['authors'])).toEqual(['Anderson', 'Herbert']);
    expect(ovsdbOptional(dune?.['pages'])).toBe(413);
    expect(ovsdbRecord(dune?.['notes'])).toEqual({ shelf: 'A', '"}{': 'ü\\' });
    expect(books()).toEqual([
      [5, 'Prequel'],
      [413, 'Dune'],
    ]);

    expect(await db.transact([{ op: 'delete', table: 'Book', where: [] }])).toEqual([{ count: 2 }]);
    expect(books()).toEqual([]);
  });

  test('is all or nothing, and says which operation failed and why', async () => {
    const { db, books } = await library();
    const impossible = insert('Pamphlet', { pages: 0 });
    const error = await rejection(db.transact([insert('Dune'), impossible, insert('Emma')]), OvsdbError);
    expect(error).toMatchObject({
      code: 'ERR_OVSDB_OPERATION',
      error: 'constraint violation',
      operation: 1,
      request: impossible,
    });
    expect(error.message).toBe(`operations[1], insert Book: constraint violation: ${error.details}`);
    expect(books()).toEqual([]);

    // An index is looked at when all operations have been carried out.
    const twice = await rejection(db.transact([insert('Dune'), insert('Dune')]), OvsdbError);
    expect(twice).toMatchObject({ error: 'constraint violation', operation: undefined });
    expect(books()).toEqual([]);
  });

  test('a thousand at once are each answered', async () => {
    const { db, books } = await library();
    const titles = Array.from({ length: 1000 }, (_, index) => `volume ${index}`);
    const found = await Promise.all(
      titles.map(async (title) => {
        const [, { rows }] = await db.transact([
          insert(title),
          { op: 'select', table: 'Book', where: titled(title), columns: ['title'] },
        ]);
        return rows[0]?.['title'];
      }),
    );
    expect(found).toEqual(titles);
    expect(books()).toHaveLength(1000);
  });

  test('aborting: what has not left is never sent, and what waits at the server is given up', async () => {
    const { db, books } = await library();
    const early = new AbortController();
    const never = db.transact([insert('Never')], { signal: early.signal });
    early.abort();
    await expect(never).rejects.toThrow('aborted');

    const patience = new AbortController();
    const wait = {
      op: 'wait',
      table: 'Book',
      where: titled('Dune'),
      columns: ['title'],
      until: '!=',
      rows: [],
    } as const;
    const waiting = db.transact([wait, insert('Sequel')], { signal: patience.signal });
    const impatient = db.transact([wait, insert('Other sequel')], { timeout: 50 });
    await db.echo();
    patience.abort();
    await expect(waiting).rejects.toThrow('aborted');
    await expect(impatient).rejects.toMatchObject({ name: 'TimeoutError' });

    await db.transact([insert('Dune')]);
    expect(books()).toEqual([[['set', []], 'Dune']]);
  });

  test.each([
    ['operations', 'insert', 'ERR_INVALID_ARG_TYPE'],
    ['operations[0]', ['insert'], 'ERR_INVALID_ARG_TYPE'],
    ['operations[1].op', [{ op: 'comment' }, { op: 'drop' }], 'ERR_INVALID_ARG_VALUE'],
  ])('%s is checked before anything is sent', async (path, operations, code) => {
    const { db } = await library();
    const error = await rejection(db.transact(operations as never), TypeError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(`${path}: `) });
  });
});

describe.skipIf(noDatabase)('monitor', () => {
  test('tells what there is, and then what another program changes', async () => {
    const { server, db } = await library();
    await db.transact([insert('Dune', { pages: 412 })]);
    const other = (operation: object): string =>
      run('ovsdb-client', 'transact', `unix:${server.socket}`, JSON.stringify(['Library', operation]));
    const told: unknown[] = [];
    for await (const { initial, changes } of db.monitor({ Book: ['title', 'pages'] })) {
      told.push(...changes.map(({ uuid: _, ...change }) => change));
      if (initial) other(insert('Emma'));
      else if (told.length === 2) other({ op: 'update', table: 'Book', where: titled('Dune'), row: { pages: 500 } });
      else if (told.length === 3) other({ op: 'update', table: 'Book', where: [], row: { authors: 'unwatched' } });
      if (told.length === 3) other({ op: 'delete', table: 'Book', where: titled('Emma') });
      if (told.length === 4) break;
    }
    const none = ['set', []];
    expect(told).toEqual([
      { type: 'initial', table: 'Book', new: { title: 'Dune', pages: 412 } },
      { type: 'insert', table: 'Book', new: { title: 'Emma', pages: none } },
      { type: 'modify', table: 'Book', old: { pages: 412 }, new: { title: 'Dune', pages: 500 } },
      { type: 'delete', table: 'Book', old: { title: 'Emma', pages: none } },
    ]);
  });

  test('its signal ends it; so does a table that there is not', async () => {
    const { db } = await library();
    const stop = new AbortController();
    const seen: OvsdbUpdate[] = [];
    const watching = (async () => {
      for await (const update of db.monitor({ Book: 'all' }, { signal: stop.signal })) {
        seen.push(update);
        stop.abort(new Error('seen enough'));
      }
    })();
    await expect(watching).rejects.toThrow('seen enough');
    expect(seen).toEqual([{ initial: true, changes: [] }]);

    const error = await rejection(db.monitor({ Shelf: 'all' }).next(), OvsdbError);
    expect(error).toMatchObject({ code: 'ERR_OVSDB_REQUEST', message: expect.stringContaining('Shelf') });
  });

  test('a consumer that does not keep up is told so, and the connection lives on', async () => {
    const rows = Object.fromEntries(Array.from({ length: 40_000 }, (_, index) => [`r${index}`, { new: {} }]));
    const { socket } = await pretender(({ id, method, params }, connection) => {
      connection.write(JSON.stringify({ id, result: method === 'monitor' ? {} : [], error: null }));
      const update = JSON.stringify({ id: null, method: 'update', params: [params?.[1], { T: rows }] });
      if (method === 'monitor') connection.write(update + update);
    });
    const db = await Ovsdb.connect({ socket });
    cleanUp(() => db.close());
    const updates = db.monitor({ T: 'all' });
    expect((await updates.next()).value).toEqual({ initial: true, changes: [] });
    await db.echo();
    expect((await updates.next()).value?.changes).toHaveLength(40_000);
    await expect(updates.next()).rejects.toMatchObject({ code: 'ERR_OVSDB_OVERRUN' });
    await db.echo();
  });
});

describe('the connection', () => {
  test('nothing listens', async () => {
    const error = await rejection(Ovsdb.connect({ socket: 'unix:/nonexistent/db.sock' }), OvsdbError);
    expect(error).toMatchObject({ code: 'ERR_OVSDB_CONNECTION', cause: { code: 'ENOENT' } });
    expect(error.message).toBe('connect /nonexistent/db.sock: ENOENT: is ovsdb-server running?');
  });

  test.skipIf(noDatabase)('the server dies in the middle of a transaction', async () => {
    const { server, db } = await library();
    const updates = db.monitor({ Book: 'all' });
    await updates.next();
    const waiting = db.transact([{ op: 'wait', table: 'Book', where: [], columns: ['title'], until: '!=', rows: [] }]);
    const next = updates.next();
    await db.echo();
    server.process.kill('SIGKILL');
    const lost = { code: 'ERR_OVSDB_CONNECTION', message: expect.stringContaining(`${server.socket} was lost`) };
    await expect(waiting).rejects.toMatchObject(lost);
    await expect(next).rejects.toMatchObject(lost);
    await expect(db.echo()).rejects.toMatchObject(lost);
    await db.closed;
  });

  test('closing rejects what is under way', async () => {
    const { socket } = await pretender(() => undefined);
    const db = await Ovsdb.connect({ socket });
    const waiting = db.echo();
    await Promise.all([db.close(), expect(waiting).rejects.toMatchObject({ code: 'ERR_OVSDB_CLOSED' })]);
    await expect(db.transact([])).rejects.toMatchObject({ code: 'ERR_OVSDB_CLOSED' });
  });

  test('the server asks whether anybody is there', async () => {
    const { socket, heard } = await pretender(({ id, method }, connection) => {
      if (method !== 'echo') return;
      connection.write('{"method":"echo","params":["are you"],"id":"probe"}');
      connection.write('{"method":"steal","params":[],"id":"lock"}');
      connection.write(JSON.stringify({ id, result: [], error: null }));
    });
    const db = await Ovsdb.connect({ socket });
    cleanUp(() => db.close());
    await db.echo();
    await expect
      .poll(() => heard.slice(1))
      .toEqual([
        { id: 'probe', result: ['are you'], error: null },
        { id: 'lock', result: null, error: 'unknown method' },
      ]);
  });

  test.each([
    ['not JSON', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['broken JSON', '{"id": 1, "result": nil}'],
  ])('what listens speaks another protocol: %s', async (_, words) => {
    const { socket } = await pretender((_message, connection) => void connection.write(words));
    const db = await Ovsdb.connect({ socket });
    await expect(db.echo()).rejects.toMatchObject({ code: 'ERR_OVSDB_PROTOCOL' });
    await db.closed;
  });

  test('a reply of 100,000 rows', async () => {
    const rows = Array.from({ length: 100_000 }, (_, index) => ({ name: `"{[${index}`, pages: ['set', [index]] }));
    const { socket } = await pretender(({ id }, connection) => {
      connection.write(JSON.stringify({ id, result: [{ rows }], error: null }));
    });
    const db = await Ovsdb.connect({ socket });
    cleanUp(() => db.close());
    const [answer] = await db.transact([{ op: 'select', table: 'Book', where: [] }]);
    expect(answer.rows.map(({ name }) => name)).toEqual(rows.map(({ name }) => name));
  });

  test('requests of one tick arrive whole and in order', async () => {
    const { socket, heard } = await pretender(({ id }, connection) => {
      connection.write(JSON.stringify({ id, result: [{}], error: null }));
    });
    const db = await Ovsdb.connect({ socket, database: 'D' });
    cleanUp(() => db.close());
    const comment = (index: number) => ({ op: 'comment', comment: `${index}` }) as const;
    await Promise.all([1, 2, 3].map((index) => db.transact([comment(index)])));
    expect(heard.map(({ params }) => params)).toEqual([1, 2, 3].map((index) => ['D', comment(index)]));
  });
});
