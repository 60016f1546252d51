/** `tty`: live and coloured, for a person; `plain`: lines only, for a log; `json`: one object, for a program. */
export type OutputMode = 'tty' | 'plain' | 'json';

/** The flags as parsed. `color: true` is what a parser reports when `--no-color` is absent, so it forces nothing. */
export interface ModeFlags {
  readonly json?: boolean | undefined;
  readonly plain?: boolean | undefined;
  readonly color?: boolean | undefined;
}

/** What the terminal can show. */
export interface TerminalTraits {
  readonly mode: OutputMode;
  readonly color: boolean;
  readonly unicode: boolean;
}

/**
 * Chooses the mode from the flags, the streams and the environment.
 *
 * A flag beats FORCE_COLOR, which beats NO_COLOR (as in Node itself), which beats what the stream is. NO_COLOR and
 * TERM=dumb mean plain lines, not just no colour: who asks for one wants no cursor movement either.
 */
export function detectMode(
  flags: ModeFlags,
  streams: { readonly stdout: { readonly isTTY?: boolean | undefined } },
  env: Readonly<Record<string, string | undefined>>,
): TerminalTraits {
  const unicode = speaksUnicode(env);
  if (flags.json === true) return { mode: 'json', color: false, unicode };

  const isTerminal = streams.stdout.isTTY === true && env.TERM !== 'dumb';
  const forced = flags.color === false ? undefined : forcedColor(env);
  const refused = flags.color === false || (forced === undefined && (env.NO_COLOR ?? '') !== '');
  return {
    mode: isTerminal && !refused && flags.plain !== true ? 'tty' : 'plain',
    color: !refused && (forced ?? (isTerminal && flags.plain !== true)),
    unicode,
  };
}

function forcedColor(env: Readonly<Record<string, string | undefined>>): boolean | undefined {
  if (env.FORCE_COLOR === undefined) return undefined;
  return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
}

/** An unset locale (containers) says nothing about the terminal, which nearly always speaks UTF-8. */
function speaksUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  // The kernel's own console has box-drawing characters but no ticks and no spinner.
  if (env.TERM === 'linux') return false;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return locale === '' || /utf-?8/i.test(locale);
}
