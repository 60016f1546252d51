const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `12,345` */
export function count(value: number | bigint): string {
  return grouped.format(value);
}

/** `<0.1 ms`, `0.4 ms`, `12 ms`, `1.24 s`, `59.9 s`, `2 min 05 s` */
export function duration(milliseconds: number): string {
  if (milliseconds < 0.05) return '<0.1 ms';
  if (milliseconds < 9.95) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${milliseconds.toFixed(0)} ms`;
  if (milliseconds < 9_995) return `${(milliseconds / 1000).toFixed(2)} s`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  return wholeSeconds(milliseconds);
}

/** `7 s`, `2 min 05 s` */
export function wholeSeconds(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** Per second: `9,120/s`, `3.4/s`. */
export function rate(perSecond: number): string {
  return perSecond < 10 ? `${perSecond.toFixed(1)}/s` : `${count(perSecond)}/s`;
}
