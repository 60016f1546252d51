/** Looks, in light and dark. No CSS variables: not every program that shows SVG has them. */

interface Look {
  readonly light: string;
  readonly dark: string;
}

/** Networks take these in turn, so that two with the same subnet are told apart. */
const tenants: readonly Look[] = [
  { light: '#0f766e', dark: '#2dd4bf' },
  { light: '#7c3aed', dark: '#a78bfa' },
  { light: '#b45309', dark: '#fbbf24' },
  { light: '#be185d', dark: '#f472b6' },
  { light: '#4d7c0f', dark: '#a3e635' },
  { light: '#0369a1', dark: '#38bdf8' },
];
const external: Look = { light: '#1d4ed8', dark: '#60a5fa' };

export const tenantColors: number = tenants.length;

const rules: readonly (readonly [selector: string, property: string, look: Look])[] = [
  ['.page', 'fill', { light: '#f8fafc', dark: '#0b1220' }],
  ['.box', 'fill', { light: '#ffffff', dark: '#141d2f' }],
  ['.box', 'stroke', { light: '#cbd5e1', dark: '#33415c' }],
  ['.router .box', 'stroke', { light: '#64748b', dark: '#7c8aa5' }],
  ['.name', 'fill', { light: '#0f172a', dark: '#f1f5f9' }],
  ['.plain', 'fill', { light: '#334155', dark: '#cbd5e1' }],
  ['.faint', 'fill', { light: '#64748b', dark: '#8695b0' }],
  ['.good', 'fill', { light: '#15803d', dark: '#4ade80' }],
  ['.bad', 'fill', { light: '#b91c1c', dark: '#f87171' }],
  ['.icon', 'stroke', { light: '#475569', dark: '#a3b1c9' }],
  ['.bar text', 'fill', { light: '#ffffff', dark: '#0b1220' }],
  ['.label', 'stroke', { light: '#f8fafc', dark: '#0b1220' }],
  ...[external, ...tenants].flatMap((look, at) => {
    const name = at === 0 ? 'ext' : `net${at - 1}`;
    return [
      [`.${name} .fill`, 'fill', look],
      [`.${name} .wire`, 'stroke', look],
      [`.${name} .device`, 'fill', look],
    ] as const;
  }),
];

const sheet = (which: keyof Look): string =>
  rules.map(([selector, property, look]) => `${selector}{${property}:${look[which]}}`).join('');

export const css: string = [
  'text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:11px;white-space:pre}',
  '.name{font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;font-size:13px;font-weight:600}',
  '.wire{fill:none;stroke-width:1.75;stroke-linejoin:round}.trunk{stroke-width:6;stroke-linecap:round}',
  '.icon{fill:none;stroke-width:1.4;stroke-linecap:round;stroke-linejoin:round}.box{stroke-width:1.2}',
  '.device{font-weight:600}.label{paint-order:stroke;stroke-width:4;stroke-linejoin:round}',
  sheet('light'),
  `@media(prefers-color-scheme:dark){${sheet('dark')}}`,
].join('\n');
