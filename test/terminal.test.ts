import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOutput, detectMode, type Output, type OutputOptions } from '../src/cli/terminal/index.js';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('detectMode', () => {
  const tty = { stdout: { isTTY: true } };
  const pipe = { stdout: {} };

  it.each([
    ['a terminal', {}, tty, {}, 'tty', true],
    ['a pipe', {}, pipe, {}, 'plain', false],
    ['--json', { json: true }, tty, { FORCE_COLOR: '1' }, 'json', false],
    ['--plain', { plain: true }, tty, {}, 'plain', false],
    ['--no-color', { color: false }, tty, { FORCE_COLOR: '1' }, 'plain', false],
    ['color: true, as parsers report by default', { color: true }, pipe, {}, 'plain', false],
    ['NO_COLOR', {}, tty, { NO_COLOR: '1' }, 'plain', false],
    ['an empty NO_COLOR', {}, tty, { NO_COLOR: '' }, 'tty', true],
    ['TERM=dumb', {}, tty, { TERM: 'dumb' }, 'plain', false],
    ['FORCE_COLOR on a pipe', {}, pipe, { FORCE_COLOR: '1' }, 'plain', true],
    ['FORCE_COLOR over NO_COLOR', {}, tty, { FORCE_COLOR: '1', NO_COLOR: '1' }, 'tty', true],
    ['FORCE_COLOR=0', {}, tty, { FORCE_COLOR: '0' }, 'tty', false],
  ] as const)('%s', (_case, flags, streams, env, mode, color) => {
    expect(detectMode(flags, streams, env)).toMatchObject({ mode, color });
  });

  it.each([
    [{}, true],
    [{ LANG: 'C.UTF-8' }, true],
    [{ LANG: 'en_US.utf8' }, true],
    [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, false],
    [{ LANG: 'POSIX' }, false],
    [{ LANG: 'C.UTF-8', TERM: 'linux' }, false],
  ])('unicode under %j: %s', (env, unicode) => {
    expect(detectMode({}, tty, env).unicode).toBe(unicode);
  });
});

describe('on a terminal', () => {
  it('shows a spinner, then one aligned line with the time', () => {
    const { out, screen } = open();
    out.section('Networks');
    const step = out.step('Bridge');
    expect(screen.lines()).toEqual(['Networks', '  ⠋ Bridge']);
    vi.advanceTimersByTime(1600);
    expect(screen.lines()).toEqual(['Networks', '  ⠋ Bridge  2 s']);
    step.done('br-ex');
    out.step('Router').fail(new Error('EEXIST: taken'));
    out.step('IPv6').skip('not here');
    out.end();

    expect(`\n${screen.lines().join('\n')}\n`).toMatchInlineSnapshot(`
      "
      Networks
        ✓ Bridge                              br-ex                             1.60 s
        ✗ Router                              EEXIST: taken                    <0.1 ms
        – IPv6                                not here
      "
    `);
  });

  it('hides the cursor only while something runs', () => {
    const { out, screen } = open();
    expect(screen.cursorVisible).toBe(true);
    const [first, second] = [out.step('a'), out.step('b')];
    expect(screen.cursorVisible).toBe(false);
    first.done();
    expect(screen.cursorVisible).toBe(false);
    second.done();
    expect(screen.cursorVisible).toBe(true);
  });

  it('keeps the lines of what runs beneath those of what has ended', () => {
    const { out, screen } = open();
    const slow = out.step('slow');
    const fast = out.step('fast');
    slow.note('half way');
    fast.done();
    out.warn('careful');
    vi.advanceTimersByTime(160);
    expect(screen.lines().map((line) => line.trim().replace(/ {2,}.*/, ''))).toEqual([
      '✓ fast',
      '! careful',
      expect.stringMatching(/^. slow$/),
      '· half way',
    ]);
    slow.done();
    expect(screen.lines().map((line) => line.trim().replace(/ {2,}.*/, ''))).toEqual([
      '✓ fast',
      '! careful',
      '✓ slow',
      'half way',
    ]);
  });

  it('puts a long detail beneath its label, within the width', () => {
    const { out, screen } = open({ columns: 60 });
    out.step('Move the floating IP').fail(new Error(`RTM_NEWADDR 192.0.2.1/24 on qg-1: ${'very '.repeat(20)}long`));
    expect(screen.lines().length).toBeGreaterThan(2);
    expect(Math.max(...screen.lines().map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  it('draws a bar with rate and estimate, at most 20 times a second', () => {
    const { out, screen, stderr } = open({ columns: 100 });
    const progress = out.progress('Churn', 10_000);
    const before = stderr.writes.length;
    for (let index = 0; index < 1000; index++) {
      vi.advanceTimersByTime(1);
      progress.advance(5);
    }
    expect(stderr.writes.length - before).toBeLessThanOrEqual(20);
    vi.advanceTimersByTime(160);
    expect(screen.lines()[0]).toMatch(/^ {2}. Churn {2}━{18}─{18} {3}5,000 \/ 10,000 {3}50 % {2}4,464\/s {2}2 s left$/);
    progress.set(10_000);
    progress.done('all there');
    expect(screen.lines()[0]).toMatch(/^ {2}✓ Churn {31}10,000 at 8,621\/s, all there +1\.16 s$/);
    expect(screen.cursorVisible).toBe(true);
  });

  it.each([20, 40, 60, 80])('never lets a live line wrap at %i columns', (columns) => {
    const { out, screen, stderr } = open({ columns });
    const progress = out.progress('Associate and disassociate', 10_000);
    const step = out.step('A step with a rather long label, longer than some terminals');
    step.note('with a note that is also longer than one would wish for on a narrow terminal');
    progress.set(5000);
    vi.advanceTimersByTime(2000);
    for (const line of stderr.plain().split(/[\r\n]/)) expect(line.length).toBeLessThan(columns);
    expect(screen.lines()).toHaveLength(3);
    out.close();
  });

  it('erases what it drew after the terminal was made narrower', () => {
    const { out, stdout, stderr } = open({ columns: undefined });
    out.text('above');
    const [first, second] = [out.step('x'.repeat(60)), out.step('second')];
    stdout.columns = 40;
    stderr.writes.length = 0;
    first.done();
    // Its 64 columns take two rows now.
    expect(stderr.writes[0]).toBe('\r\x1b[2A\x1b[J');
    second.done();
  });

  it('close() ends what runs and restores the cursor, once', () => {
    const { out, screen, stdout, stderr } = open();
    const step = out.step('Waiting');
    const progress = out.progress('Churn', 10);
    out.close();
    const seen = screen.lines();
    expect(seen.map((line) => line.trim().split(/ {2,}/)[0])).toEqual(['■ Waiting', '■ Churn']);
    expect(screen).toMatchObject({ cursorVisible: true, column: 0 });

    const writes = stdout.writes.length + stderr.writes.length;
    out.close();
    out.end();
    step.done();
    step.note('late');
    progress.advance();
    progress.done();
    out.step('late').done();
    out.text('late');
    vi.advanceTimersByTime(1000);
    expect(stdout.writes.length + stderr.writes.length).toBe(writes);
  });

  it('holds no timer and no listener once it is idle', () => {
    const listeners = process.listenerCount('exit');
    const { out } = open();
    const step = out.step('a');
    expect(vi.getTimerCount()).toBe(1);
    step.done();
    expect(vi.getTimerCount()).toBe(0);
    expect(process.listenerCount('exit')).toBe(listeners);
  });

  it('does not let names move the cursor', () => {
    const { out, screen } = open();
    out.step('evil\x1b[2J\nname\r').done('de\x07tail');
    expect(screen.lines()).toHaveLength(1);
    expect(screen.lines()[0]).toMatch(/^ {2}✓ evil name +de tail/);
  });

  it('draws on stdout where stderr is no terminal', () => {
    const { out, stdout, stderr } = open({ stderrIsTTY: false });
    out.step('a').done();
    expect(stderr.writes).toEqual([]);
    expect(stdout.writes.join('')).toContain('\x1b[?25l');
  });

  it('has an ASCII spelling', () => {
    const { out, screen, stdout, stderr } = open({ unicode: false });
    const progress = out.progress('Churn', 4);
    progress.set(2);
    vi.advanceTimersByTime(100);
    expect(screen.lines()[0]).toContain('[###');
    progress.done();
    out.step('a').skip('b');
    out.table([{ name: undefined }], [{ key: 'name', title: 'name' }]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what is asked for
    expect(stdout.writes.join('') + stderr.writes.join('')).toMatch(/^[\x00-\x7f]*$/);
  });
});

describe('plain', () => {
  it('writes each line when it is final, without escapes', () => {
    const { out, stdout, stderr } = open({ mode: 'plain', color: false });
    tellAll(out);
    expect(stderr.writes).toEqual([]);
    expect(stdout.writes.join('')).not.toContain('\x1b');
    expect(`\n${stdout.writes.join('')}`).toMatchInlineSnapshot(`
      "
      netloom demo

      Networks
        ok      Bridge                              br-ex                                        12 ms
                203.0.113.0/24
        skipped IPv6                                no IPv6 here
        FAILED  Router                              bad address                                <0.1 ms
        warning slow machine

      one
      two

        ...     Churn                                25 %  2,500 of 10,000
        ...     Churn                                50 %  5,000 of 10,000
        ...     Churn                                75 %  7,500 of 10,000
        ok      Churn                               10,000 at 10,000/s                          1.00 s

        by          µs each    total
        ─────────   ───────   ──────
        netloom        12.5   10,000
        ip -batch     130.0      500
      "
    `);
  });

  it('is coloured when that is forced, and moves no cursor', () => {
    const { out, stdout } = open({ mode: 'plain', color: true });
    tellAll(out);
    expect(stdout.writes.join('')).toContain('\x1b[32mok');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
    expect(stdout.writes.join('')).not.toMatch(/\r|\x1b\[[\d?]*[^\dm]/);
  });

  it('writes a line at each quarter, however coarse the steps', () => {
    const { out, stdout } = open({ mode: 'plain', color: false });
    const progress = out.progress('Churn', 1000);
    for (let index = 0; index < 1000; index++) progress.advance();
    progress.done();
    const jump = out.progress('Jump', 1000);
    jump.set(600);
    jump.set(1000);
    jump.done();
    expect(stdout.plain().match(/\d+ %/g)).toEqual(['25 %', '50 %', '75 %', '50 %']);
  });
});

describe('table', () => {
  it('aligns numbers by their last digit and shortens text to the width', () => {
    const { out, screen } = open({ columns: 50 });
    out.table(
      [
        { name: 'netloom', total: 10_000, each: 1.5, note: 'one message for each address, all in one batch' },
        { name: '網路', total: 5, each: 130.25, note: null },
      ],
      [
        { key: 'name', title: 'by' },
        { key: 'total', title: 'operations' },
        { key: 'each', title: 'µs', format: (value) => `${value} µs` },
        { key: 'note', title: 'note' },
      ],
    );
    expect(`\n${screen.lines().join('\n')}\n`).toMatchInlineSnapshot(`
      "
        by        operations          µs   note
        ───────   ──────────   ─────────   ─────────────
        netloom       10,000      1.5 µs   one message …
        網路               5   130.25 µs   –
      "
    `);
  });
});

describe('json', () => {
  it('is one object, written at the end', () => {
    const { out, stdout, stderr } = open({ mode: 'json', color: false });
    const running = out.step('never ended');
    tellAll(out, () => expect(stdout.writes).toEqual([]));
    running.done();
    out.end();
    expect(stderr.writes).toEqual([]);
    expect(stdout.writes).toHaveLength(1);
    expect(stdout.writes[0]?.endsWith('}\n')).toBe(true);
    expect(JSON.parse(stdout.writes.join(''))).toEqual({
      title: 'netloom demo',
      steps: [
        { label: 'never ended', state: 'stopped', milliseconds: 0, notes: [] },
        {
          section: 'Networks',
          label: 'Bridge',
          state: 'done',
          detail: 'br-ex',
          milliseconds: 12,
          notes: ['203.0.113.0/24'],
        },
        { section: 'Networks', label: 'IPv6', state: 'skipped', detail: 'no IPv6 here', milliseconds: 0, notes: [] },
        {
          section: 'Networks',
          label: 'Router',
          state: 'failed',
          error: { name: 'TypeError', message: 'bad address', code: 'EINVAL' },
          milliseconds: 0,
          notes: [],
        },
      ],
      warnings: ['slow machine'],
      results: { churn: { count: 10_000, nanoseconds: 10 } },
    });
  });

  it('writes nothing when closed before its end', () => {
    const { out, stdout } = open({ mode: 'json' });
    out.step('a');
    out.close();
    out.end();
    expect(stdout.writes).toEqual([]);
  });
});

/** Uses every part of an output. */
function tellAll(out: Output, beforeEnd: () => void = () => {}): void {
  out.title('netloom demo');
  out.section('Networks');
  const bridge = out.step('Bridge');
  bridge.note('203.0.113.0/24');
  vi.advanceTimersByTime(12);
  bridge.done('br-ex');
  out.step('IPv6').skip('no IPv6 here');
  out.step('Router').fail(Object.assign(new TypeError('bad address'), { code: 'EINVAL' }));
  out.warn('slow machine');
  out.text(['\x1b[1mone\x1b[22m', 'two']);
  const churn = out.progress('Churn', 10_000);
  for (let index = 0; index < 100; index++) {
    vi.advanceTimersByTime(10);
    churn.advance(100);
  }
  churn.done();
  out.table(
    [
      { name: 'netloom', each: 12.5, total: 10_000 },
      { name: 'ip -batch', each: 130, total: 500 },
    ],
    [
      { key: 'name', title: 'by' },
      { key: 'each', title: 'µs each' },
      { key: 'total', title: 'total' },
    ],
  );
  out.result('churn', { count: 10_000, nanoseconds: 10n });
  beforeEnd();
  out.end();
}

function open(options: Partial<OutputOptions> & { stderrIsTTY?: boolean } = {}): {
  out: Output;
  stdout: FakeStream;
  stderr: FakeStream;
  screen: Screen;
} {
  const { stderrIsTTY = true, ...rest } = options;
  const screen = new Screen();
  const stdout = new FakeStream(screen, true);
  const stderr = new FakeStream(screen, stderrIsTTY);
  const out = createOutput({ mode: 'tty', color: true, columns: 80, ...rest, stdout, stderr });
  return { out, stdout, stderr, screen };
}

class FakeStream {
  readonly writes: string[] = [];
  columns = 80;
  readonly isTTY: boolean;
  readonly #screen: Screen;

  constructor(screen: Screen, isTTY: boolean) {
    this.#screen = screen;
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.writes.push(text);
    this.#screen.write(text);
  }

  plain(): string {
    return withoutColor(this.writes.join(''));
  }
}

/** What a person sees: as much of a terminal as the output makes use of. */
class Screen {
  cursorVisible = true;
  column = 0;
  #row = 0;
  readonly #rows: string[] = [''];

  lines(): string[] {
    const last = this.#rows.findLastIndex((row) => row !== '');
    return this.#rows.slice(0, last + 1);
  }

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal is made of them
    for (const [token, argument, command] of text.matchAll(/\x1b\[([\d?;]*)([a-zA-Z])|[\s\S]/g)) {
      if (command !== undefined) this.#control(command, argument ?? '');
      else if (token === '\r') this.column = 0;
      else if (token === '\n') this.#moveTo(this.#row + 1);
      else this.#put(token);
    }
  }

  #control(command: string, argument: string): void {
    if (command === 'm') return;
    const row = this.#rows[this.#row] ?? '';
    if (command === 'A') this.#moveTo(this.#row - Number(argument || 1), this.column);
    else if (command === 'K') this.#rows[this.#row] = row.slice(0, this.column);
    else if (command === 'J') this.#rows.splice(this.#row, Number.POSITIVE_INFINITY, row.slice(0, this.column));
    else if (argument === '?25') this.cursorVisible = command === 'h';
    else throw new Error(`unknown sequence ${argument}${command}`);
  }

  #put(character: string): void {
    const row = this.#rows[this.#row] ?? '';
    this.#rows[this.#row] = row.slice(0, this.column).padEnd(this.column) + character + row.slice(this.column + 1);
    this.column += 1;
  }

  #moveTo(row: number, column = 0): void {
    if (row < 0) throw new Error('the cursor left the screen');
    this.#row = row;
    this.column = column;
    while (this.#rows.length <= row) this.#rows.push('');
  }
}

function withoutColor(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is removed
  return text.replace(/\x1b\[[\d?;]*[a-zA-Z]/g, '');
}
