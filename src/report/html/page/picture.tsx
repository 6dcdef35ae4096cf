/** Where it runs: Node > Pod > containers in start order > image > registry > credential, as a drawing and as a list. */
import type { ComponentChildren } from 'preact';
import { cut } from './image-text.ts';
import type { Item } from './model.ts';
import { Outline } from './outline.tsx';
import { plain } from './text.tsx';
import { type Box, type Column, type Link, podOf, type Way, wayOf } from './way.ts';
import { DECISIONS } from './words.ts';

const LEFTS = [0, 115, 277, 451, 741, 955];
const WIDTHS = [92, 138, 150, 266, 190, 162];
const WIDTH = 1119;
const TITLE = 30;
const HEIGHT = 46;
const GAP = 14;
/** The widths of characters at the size of the drawing. */
const CODE_CHARACTER = 6.62;
const CHARACTER = 6.1;
const NOTE_CHARACTER = 5.35;

export function Picture({ item }: { readonly item: Item }): ComponentChildren {
  const pod = podOf(item);
  if (pod === undefined || pod.containers.length === 0) return null;
  const way = wayOf(item, pod);
  const tone = DECISIONS[item.finding.after].tone;
  return (
    <section class="pic" aria-label="Where it runs">
      <h3>Where it runs</h3>
      <div class="scroll">
        <Drawing way={way} tone={tone === 'calm' ? 'warn' : tone} />
      </div>
      <Outline item={item} pod={pod} place={way.place} />
    </section>
  );
}

function Drawing({ way, tone }: { readonly way: Way; readonly tone: string }): ComponentChildren {
  const { columns, links } = way;
  const rows = Math.max(...columns.map(({ boxes }) => boxes.length));
  const all = heightOf(rows);
  const topOf = (column: number, index: number): number =>
    TITLE + (all - heightOf(columns[column]?.boxes.length ?? 0)) / 2 + index * (HEIGHT + GAP);
  // What is lit is drawn last, above the others.
  const ordered = [...links].sort((one, other) => Number(one.isOn) - Number(other.isOn));
  return (
    <svg class="tree" viewBox={`0 0 ${WIDTH} ${TITLE + all + 2}`} aria-hidden="true">
      {columns.map(({ title }, column) => (
        <text key={title} class="h" x={LEFTS[column] ?? 0} y="14">
          {title}
        </text>
      ))}
      {ordered.map((link, index) => (
        <path key={index} class={link.isOn ? 'on' : ''} d={curve(link, topOf)} />
      ))}
      {columns.map((column, at) =>
        column.boxes.map((box, index) => (
          <BoxDrawing key={`${at}.${index}`} {...{ box, column, at, tone }} top={topOf(at, index)} />
        )),
      )}
    </svg>
  );
}

function heightOf(boxes: number): number {
  return boxes * HEIGHT + (boxes - 1) * GAP;
}

function curve({ column, from, to }: Link, topOf: (column: number, index: number) => number): string {
  const left = (LEFTS[column] ?? 0) + (WIDTHS[column] ?? 0);
  const right = LEFTS[column + 1] ?? 0;
  const [start, end] = [topOf(column, from) + HEIGHT / 2, topOf(column + 1, to) + HEIGHT / 2];
  const middle = (left + right) / 2;
  return `M${left} ${start}C${middle} ${start} ${middle} ${end} ${right} ${end}`;
}

interface BoxProps {
  readonly box: Box;
  readonly column: Column;
  readonly at: number;
  readonly top: number;
  readonly tone: string;
}

function BoxDrawing({ box, column, at, top, tone }: BoxProps): ComponentChildren {
  const { title, note, isOn, isFaulty } = box;
  const left = LEFTS[at] ?? 0;
  const width = WIDTHS[at] ?? 0;
  const room = width - 20;
  const name = isFaulty ? `bad ${tone}` : isOn ? 'on' : '';
  const titleSpace = Math.floor(room / (column.isCode ? CODE_CHARACTER : CHARACTER));
  return (
    <g class={name}>
      <title>{plain(note === '' ? title : `${title}, ${note}`)}</title>
      <rect x={left + 0.5} y={top + 0.5} width={width} height={HEIGHT} rx="7" />
      <text class={column.isCode ? 'm b' : 'b'} x={left + 11} y={top + (note === '' ? 28 : 20)}>
        {cut(plain(title), titleSpace)}
      </text>
      {note !== '' && (
        <text class="s" x={left + 11} y={top + 36}>
          {cut(plain(note), Math.floor(room / NOTE_CHARACTER))}
        </text>
      )}
    </g>
  );
}
