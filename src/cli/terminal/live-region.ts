import { clip, paint, type Span, spansWidth } from '../../text/spans.js';

/** What output needs of a stream; `process.stdout` is one. */
export interface TerminalStream {
  write(text: string): unknown;
  on?(event: 'error', listener: (error: Error) => void): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** Something that is still going on: asked for its lines each time the region is drawn. */
export interface LiveItem {
  lines(width: number): readonly (readonly Span[])[];
}

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const ERASE_LINE_REST = '\x1b[K';
const ERASE_BELOW = '\x1b[J';
const REFRESH_MS = 80;
/** 20 frames a second. */
const MIN_FRAME_MS = 50;

/**
 * The last lines of the terminal, redrawn in place while items are in it. Between two frames the cursor stands,
 * hidden, at the start of the region's last line, so that an echoed `^C` or a stray write is painted over.
 */
export class LiveRegion {
  readonly #stream: TerminalStream;
  readonly #columns: () => number;
  readonly #color: boolean;
  readonly #ellipsis: string;
  readonly #items = new Set<LiveItem>();
  /** Widths of the lines on screen: the terminal may have been made narrower, and have wrapped them, since. */
  #drawn: readonly number[] = [];
  #lastFrame = '';
  #lastFrameAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #cursorHidden = false;
  readonly #onExit = (): void => {
    // An uncaught error's stack may stand where the region was: take nothing away above the cursor.
    this.#stream.write(`${ERASE_BELOW}${SHOW_CURSOR}`);
  };

  constructor(options: { stream: TerminalStream; columns: () => number; color: boolean; unicode: boolean }) {
    this.#stream = options.stream;
    this.#columns = options.columns;
    this.#color = options.color;
    this.#ellipsis = options.unicode ? '…' : '...';
  }

  add(item: LiveItem): void {
    this.#items.add(item);
    this.#timer ??= setInterval(() => this.refresh(), REFRESH_MS).unref();
    this.#hideCursor();
    this.#draw();
  }

  remove(item: LiveItem): void {
    if (!this.#items.delete(item)) return;
    this.#erase();
    if (this.#items.size === 0) this.close();
    else this.#draw();
  }

  /** Draws now unless the last frame is younger than 1/20 s; the timer catches up with what was left out. */
  refresh(): void {
    if (performance.now() - this.#lastFrameAt >= MIN_FRAME_MS) this.#draw();
  }

  /** Runs `write` with the region out of the way: what it writes scrolls up above the region. */
  above(write: () => void): void {
    this.#erase();
    write();
    this.#draw();
  }

  /** Leaves an empty line with a visible cursor. May be called at any time and repeatedly. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#items.clear();
    this.#erase();
    if (!this.#cursorHidden) return;
    this.#cursorHidden = false;
    process.off('exit', this.#onExit);
    this.#stream.write(SHOW_CURSOR);
  }

  #draw(): void {
    if (this.#items.size === 0) return;
    // In the terminal's last column some would wrap.
    const width = this.#columns() - 1;
    const lines = [...this.#items]
      .flatMap((item) => [...item.lines(width)])
      // A region taller than the screen could not be erased.
      .slice(-Math.max(1, (this.#stream.rows ?? 24) - 1))
      .map((spans) => clip(spans, width, this.#ellipsis));
    const frame = lines.map((spans) => paint(spans, this.#color) + ERASE_LINE_REST).join('\n');
    this.#lastFrameAt = performance.now();
    if (frame === this.#lastFrame) return;
    this.#stream.write(`${this.#home()}${frame}${ERASE_BELOW}\r`);
    this.#lastFrame = frame;
    this.#drawn = lines.map(spansWidth);
  }

  #erase(): void {
    if (this.#drawn.length === 0) return;
    this.#stream.write(`${this.#home()}${ERASE_BELOW}`);
    this.#drawn = [];
    this.#lastFrame = '';
  }

  /** Moves to the start of the region's first line. */
  #home(): string {
    const columns = Math.max(1, this.#columns());
    // The cursor stands on the first row of the last line, however many rows that line takes now.
    const up = this.#drawn.slice(0, -1).reduce((rows, width) => rows + Math.max(1, Math.ceil(width / columns)), 0);
    return up > 0 ? `\r\x1b[${up}A` : '\r';
  }

  #hideCursor(): void {
    if (this.#cursorHidden) return;
    this.#cursorHidden = true;
    this.#stream.write(HIDE_CURSOR);
    // However the process ends, an uncaught error included, the cursor comes back.
    process.once('exit', this.#onExit);
  }
}
