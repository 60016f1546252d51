/** SVG, as a parser of XML sees it: what it says, and whether anything lies over anything else. */
import { execFileSync } from 'node:child_process';

export interface XmlElement {
  readonly tag: string;
  readonly classes: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
}

/** By Python's parser, which refuses what is not well-formed. */
export function parseAll(documents: readonly string[]): XmlElement[][] {
  const script = `
import json, sys, xml.etree.ElementTree as tree
def walk(node, classes):
    own = classes + node.get('class', '').split()
    yield {'tag': node.tag.split('}')[1], 'classes': own, 'attributes': node.attrib, 'text': node.text or ''}
    for child in node:
        yield from walk(child, own)
print(json.dumps([list(walk(tree.fromstring(one.encode()), [])) for one in json.load(sys.stdin)]))`;
  const input = JSON.stringify(documents);
  return JSON.parse(execFileSync('python3', ['-c', script], { input, encoding: 'utf8', maxBuffer: 1 << 28 }));
}

export const parse = (document: string): XmlElement[] => parseAll([document])[0] as XmlElement[];

export const textsOf = (svg: string): string[] => parse(svg).map(({ text }) => text);

interface Area {
  readonly what: string;
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

/** What lies over something else, in words. */
export function overlaps(all: readonly XmlElement[]): string[] {
  const elements = all.filter(({ classes }) => !classes.includes('icon'));
  const page = areaOf(elements.find(({ classes }) => classes.includes('page')) as XmlElement);
  const rects = elements.filter(({ tag, classes }) => tag === 'rect' && !classes.includes('page'));
  const boxes = rects.map(areaOf);
  const texts = elements.filter(({ tag }) => tag === 'text').map(areaOfText);
  const labels = elements.filter(({ tag, classes }) => tag === 'text' && classes.includes('label')).map(areaOfText);
  const wires = elements
    .filter(({ tag, classes }) => tag === 'path' && classes.includes('wire') && !classes.includes('trunk'))
    .flatMap(({ attributes }) => segmentsOf(attributes['d'] as string));
  const cards = rects.filter(({ classes }) => classes.includes('box')).map(areaOf);
  return [
    ...pairs(boxes),
    ...pairs(texts),
    ...between(labels, boxes),
    ...between(wires, labels),
    ...between(wires, cards),
    ...texts
      .filter(
        (text) => !labels.some((label) => label.what === text.what && label.x1 === text.x1 && label.y1 === text.y1),
      )
      .filter((text) => !boxes.some((box) => contains(box, text)))
      .map(({ what }) => `${what} is not within its box`),
    ...[...boxes, ...texts].filter((one) => !contains(page, one)).map(({ what }) => `${what} is not on the page`),
  ];
}

function areaOf({ attributes, classes }: XmlElement): Area {
  const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) => Number(attributes[name] ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  return { what: `${classes.join('.')} at ${x},${y}`, x1: x, y1: y, x2: x + width, y2: y + height };
}

/** Of an em, in DejaVu Sans Bold: the letters of names in these tests. */
const bold: Readonly<Record<string, number>> = {
  ...{ q: 0.716, r: 0.493, o: 0.687, u: 0.712, t: 0.478, e: 0.678, b: 0.716, h: 0.712, d: 0.716, c: 0.593, p: 0.716 },
  ...{ i: 0.343, w: 0.924, x: 0.645, l: 0.343, '-': 0.415, M: 0.995, '…': 1, 虛: 1 },
};

/** With its letters' height; in DejaVu Sans Mono each is 0.602 em wide. */
function areaOfText({ attributes, classes, text }: XmlElement): Area {
  const isName = classes.includes('name');
  const [x, y] = [Number(attributes['x']), Number(attributes['y'])];
  const mono = (letter: string): number => (letter === '虛' ? 1.204 : 0.602);
  const em = [...text].reduce((sum, letter) => sum + (isName ? (bold[letter] ?? 0.696) : mono(letter)), 0);
  const width = em * (isName ? 13 : 11);
  return { what: `'${text}'`, x1: x, y1: y - (isName ? 10 : 8.5), x2: x + width, y2: y + 2.5 };
}

/** Of a path in right angles; a wire may touch what it ends at. */
function segmentsOf(path: string): Area[] {
  const points = path
    .split(/[ML]/)
    .slice(1)
    .map((point) => point.split(' ').map(Number) as [number, number]);
  return points.slice(1).map(([x2, y2], at) => {
    const [x1, y1] = points[at] as [number, number];
    const grow = x1 === x2 ? { x: 0.8, y: -1 } : { x: -1, y: 0.8 };
    return {
      what: `the wire at ${x1},${y1}`,
      x1: Math.min(x1, x2) - grow.x,
      y1: Math.min(y1, y2) - grow.y,
      x2: Math.max(x1, x2) + grow.x,
      y2: Math.max(y1, y2) + grow.y,
    };
  });
}

function meet(a: Area, b: Area): boolean {
  return a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;
}

function contains(outer: Area, inner: Area): boolean {
  return outer.x1 <= inner.x1 && outer.y1 <= inner.y1 && outer.x2 >= inner.x2 && outer.y2 >= inner.y2;
}

function pairs(areas: readonly Area[]): string[] {
  return areas.flatMap((a, at) => between([a], areas.slice(at + 1)));
}

function between(some: readonly Area[], others: readonly Area[]): string[] {
  return some.flatMap((a) => others.filter((b) => meet(a, b)).map((b) => `${a.what} over ${b.what}`));
}
