/**
 * Finds where JSON texts end in a stream that has them one after the other with nothing in between, as RFC 7047's transport does. It counts
 * brackets outside of strings, on bytes: UTF-8 has no byte below 0x80 within a character. Each byte is looked at once, however many pieces
 * a text comes in.
 */
export class JsonFramer {
  readonly #parts: Buffer[] = [];
  #depth = 0;
  #inString = false;
  #escaped = false;

  /**
   * The texts that end in this piece of the stream.
   *
   * @throws SyntaxError: something other than an object or an array, which no message is.
   */
  push(piece: Buffer): string[] {
    const texts: string[] = [];
    let start = 0;
    let depth = this.#depth;
    let inString = this.#inString;
    let escaped = this.#escaped;
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at] as number;
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === backslash) escaped = true;
        else if (byte === quote) inString = false;
      } else if (byte === openBrace || byte === openBracket) {
        if (depth++ === 0) start = at;
      } else if (depth === 0) {
        if (!isSpace(byte)) throw new SyntaxError(`byte 0x${byte.toString(16)} where a JSON object should begin`);
      } else if (byte === quote) {
        inString = true;
      } else if ((byte === closeBrace || byte === closeBracket) && --depth === 0) {
        texts.push(this.#join(piece.subarray(start, at + 1)));
      }
    }
    this.#depth = depth;
    this.#inString = inString;
    this.#escaped = escaped;
    if (depth > 0) this.#parts.push(piece.subarray(start));
    return texts;
  }

  /** Whether a text has begun and not ended. */
  get partial(): boolean {
    return this.#depth > 0;
  }

  #join(last: Buffer): string {
    if (this.#parts.length === 0) return last.toString('utf8');
    return Buffer.concat([...this.#parts.splice(0), last]).toString('utf8');
  }
}

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
