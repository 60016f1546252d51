/** Datatypes of time: how long, at what hour, on which date. Hours and dates are the machine's local ones, as nft writes them. */

import { fromNumber, toNumber } from './bytes.js';
import type { Datatype } from './datatypes.js';
import { show, wrongValue } from './errors.js';

/** `"30s"`, `"1d2h3m4s"`, `"500ms"`, or a number of seconds; milliseconds, or undefined for anything else. */
function milliseconds(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value * 1000 : undefined;
  if (typeof value !== 'string') return undefined;
  if (/^\d{1,8}$/.test(value)) return Number(value) * 1000;
  const match = /^(?:(\d{1,8})d)?(?:(\d{1,8})h)?(?:(\d{1,8})m)?(?:(\d{1,8})s)?(?:(\d{1,8})ms)?$/.exec(value);
  if (match === null || value === '') return undefined;
  const [days, hours, minutes, seconds, ms] = match.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + ms;
}

/** Milliseconds in the kernel, seconds in JSON. */
export const time: Datatype = {
  name: 'time',
  id: 18,
  bits: 32,
  order: 'host',
  parse(value, path, type) {
    const duration = milliseconds(value);
    if (duration === undefined || duration >= 2 ** type.bits)
      throw wrongValue(path, `${show(value)} is not a time in seconds`);
    return fromNumber(duration, (type.bits + 7) >> 3, type.order);
  },
  format: (bytes, type) => Math.floor(toNumber(bytes, type.order) / 1000),
};

const DAY = 86_400;

/** Seconds east of Greenwich, at a moment. */
const offsetAt = (date: Date): number => -date.getTimezoneOffset() * 60;

const two = (number: number): string => String(number).padStart(2, '0');

/** Seconds since midnight in Greenwich; `"17:00"` is local. */
export const hour: Datatype = {
  name: 'hour',
  id: 44,
  bits: 32,
  order: 'host',
  parse(value, path) {
    const count = typeof value === 'string' && /^(?:0|[1-9]\d*)$/.test(value) ? Number(value) : value;
    if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 && count <= 0xffff_ffff)
      return fromNumber(count, 4, 'host');
    const match = typeof value === 'string' ? /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(value) : null;
    const [hours, minutes, seconds] = (match ?? []).slice(1).map((part) => Number(part ?? 0)) as [
      number?,
      number?,
      number?,
    ];
    if (hours === undefined || hours > 23 || minutes! > 59 || seconds! > 60)
      throw wrongValue(path, `${show(value)} is not an hour: "17:00", "17:00:30", or seconds`);
    const local = hours * 3600 + minutes! * 60 + seconds!;
    return fromNumber((((local - offsetAt(new Date())) % DAY) + DAY) % DAY, 4, 'host');
  },
  format(bytes) {
    const local = (toNumber(bytes, 'host') + offsetAt(new Date())) % DAY;
    const seconds = local % 60;
    const text = `${two(Math.floor(local / 3600))}:${two(Math.floor(local / 60) % 60)}`;
    return seconds === 0 ? text : `${text}:${two(seconds)}`;
  },
};

/** Nanoseconds since 1970 in the kernel; JSON has a local date, or seconds. */
export const date: Datatype = {
  name: 'time',
  id: 43,
  bits: 64,
  order: 'host',
  parse(value, path) {
    const seconds = typeof value === 'number' ? value : secondsOf(value);
    if (!Number.isSafeInteger(seconds) || seconds < 0 || seconds > 18_446_744_073)
      throw wrongValue(path, `${show(value)} is not a date: "2019-06-21 17:00:00", or seconds since 1970`);
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(seconds) * 1_000_000_000n);
    return Uint8Array.from(hostIsLittle ? bytes : bytes.reverse());
  },
  format(bytes) {
    const little = Buffer.from(hostIsLittle ? bytes : bytes.toReversed());
    const at = new Date(Number(little.readBigUInt64LE() / 1_000_000_000n) * 1000);
    const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  },
};

const hostIsLittle = fromNumber(1, 2, 'host')[0] === 1;

function secondsOf(value: unknown): number {
  if (typeof value !== 'string') return Number.NaN;
  if (/^\d+$/.test(value)) return Number(value);
  const match = /^(\d{4})-(\d{1,2})-(\d{1,2})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?$/.exec(value);
  if (match === null) return Number.NaN;
  const [year, month, day, hours, minutes, seconds] = match.slice(1).map((part) => Number(part ?? 0));
  return Math.floor(new Date(year!, month! - 1, day, hours, minutes, seconds).getTime() / 1000);
}
