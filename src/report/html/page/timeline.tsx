/** When it happened: all reviews in steps, with those that change, and a button for each day. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Actions } from './actions.ts';
import type { Matches } from './match.ts';
import { isIn, type Model } from './model.ts';
import type { Period } from './periods.ts';
import { numberedBars } from './numbered-bars.ts';
import type { State } from './state.ts';
import { amount, number } from './words.ts';

interface Props {
  readonly model: Model;
  readonly state: State;
  readonly matches: Matches;
  readonly actions: Actions;
  readonly isPrinting: boolean;
}

interface Steps {
  readonly all: readonly number[];
  readonly denied: readonly number[];
  readonly allowed: readonly number[];
}

export function Timeline({ model, state, matches, actions, isPrinting }: Props): ComponentChildren {
  const { timeline } = model.run;
  if (timeline === null) return null;
  const steps = { all: timeline.all, ...matches.steps };
  return (
    <section class="card time" aria-labelledby="h-time">
      <div class="head">
        <h2 id="h-time">When</h2>
        <p class="key">
          <span>
            <i class="sw" />
            reviews
          </span>
          <span>
            <i class="sw deny" />
            {model.denialWords.denied}
          </span>
          {model.compares && (
            <span>
              <i class="sw ok" />
              {model.denialWords.allowed}
            </span>
          )}
        </p>
      </div>
      <Plot {...{ steps, periods: model.periods, period: state.period, isPrinting }} minutes={timeline.stepMinutes} />
      <div class={`days n${model.periods.length}`} role="group" aria-label="Filter by day">
        {model.periods.map((period) => (
          <PeriodButton key={period.id} {...{ period, steps, isPicked: state.period === period.id, actions }} />
        ))}
      </div>
    </section>
  );
}

function sumIn(values: readonly number[], { from, to }: Pick<Period, 'from' | 'to'>): number {
  return values.slice(from, to).reduce((sum, value) => sum + value, 0);
}

interface PeriodProps {
  readonly period: Period;
  readonly steps: Steps;
  readonly isPicked: boolean;
  readonly actions: Actions;
}

function PeriodButton({ period, steps, isPicked, actions }: PeriodProps): ComponentChildren {
  const denied = sumIn(steps.denied, period);
  return (
    <button
      type="button"
      aria-pressed={isPicked}
      onClick={() => actions.select({ period: isPicked ? undefined : period.id })}
    >
      <b>
        {period.weekday}
        <span class="long"> {period.day}</span>
      </b>{' '}
      <span class="num">
        {number(sumIn(steps.all, period))}
        <span class="sr"> reviews</span>
      </span>
      {denied > 0 && (
        <>
          <span> · </span>
          <em class="num">
            {number(denied)}
            <span class="long"> denied</span>
          </em>
        </>
      )}
    </button>
  );
}

interface PlotProps {
  readonly steps: Steps;
  readonly periods: readonly Period[];
  readonly period: string | undefined;
  readonly minutes: number;
  readonly isPrinting: boolean;
}

const HEIGHT = 128;
const TOP = 20;
const PRINT_WIDTH = 652;
/** Narrower bars are merged. */
const MIN_BAR = 7;

function Plot({ steps, periods, period, minutes, isPrinting }: PlotProps): ComponentChildren {
  const box = useRef<HTMLDivElement>(null);
  const measured = useWidth(box);
  const width = isPrinting ? PRINT_WIDTH : measured;
  const merged = Math.max(1, Math.ceil((steps.all.length * MIN_BAR) / width));
  const bars = barsOf(steps, merged);
  const most = niceMaximum(Math.max(1, ...bars.map(({ all }) => all)));
  const scale = { width: width / bars.length, y: (value: number) => TOP + (HEIGHT - TOP) * (1 - value / most) };
  const numbered = numberedBars(bars, scale.width);
  const picked = periods.find(({ id }) => id === period);
  return (
    <div class="plot">
      <div ref={box}>
        <svg
          viewBox={`0 0 ${width} ${HEIGHT + 1}`}
          height={HEIGHT + 1}
          role="img"
          aria-label={`Reviews over time in steps of ${stepText(minutes * merged)}. The days below have the same numbers.`}
        >
          {[0, most / 2, most].map((value) => {
            const y = Math.round(scale.y(value)) + 0.5;
            return <line key={value} class="grid" x1="0" x2={width} y1={y} y2={y} />;
          })}
          {periods.slice(1).map(({ from }) => {
            const x = Math.round((from / steps.all.length) * width) + 0.5;
            return <line key={from} class="grid" x1={x} x2={x} y1={TOP} y2={HEIGHT} stroke-dasharray="2 3" />;
          })}
          {bars.map((bar, index) => (
            <PlotBar
              key={index}
              {...{ bar, index, scale }}
              hasNumber={numbered.has(index)}
              isDim={picked !== undefined && !isIn(picked, bar.from)}
            />
          ))}
          {[most / 2, most].map((value) => (
            <text key={value} class="axis" x="0" y={scale.y(value) - 4}>
              {number(value)}
            </text>
          ))}
        </svg>
      </div>
    </div>
  );
}

/** Of the element, which can change. */
function useWidth(box: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(1180);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(240, entry?.contentRect.width ?? 0)));
    if (box.current !== null) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return width;
}

interface Bar {
  readonly from: number;
  readonly all: number;
  readonly denied: number;
  readonly allowed: number;
}

function barsOf({ all, denied, allowed }: Steps, merged: number): readonly Bar[] {
  return Array.from({ length: Math.ceil(all.length / merged) }, (_, index) => {
    const range = { from: index * merged, to: (index + 1) * merged };
    return { from: range.from, all: sumIn(all, range), denied: sumIn(denied, range), allowed: sumIn(allowed, range) };
  });
}

/** 20, 30, 40, 60, …: its half is a round number as well. */
function niceMaximum(most: number): number {
  const unit = 10 ** Math.floor(Math.log10(most));
  const nice = [1, 2, 3, 4, 6, 8, 10].find((each) => each * unit >= most) ?? 10;
  return Math.max(2, nice * unit);
}

function stepText(minutes: number): string {
  return minutes % 60 === 0 ? amount(minutes / 60, 'hour') : `${minutes} minutes`;
}

interface PlotBarProps {
  readonly bar: Bar;
  readonly index: number;
  readonly scale: { readonly width: number; readonly y: (value: number) => number };
  readonly hasNumber: boolean;
  readonly isDim: boolean;
}

/** The least height that is seen. */
const MIN_HEIGHT = 5;

function PlotBar({ bar, index, scale, hasNumber, isDim }: PlotBarProps): ComponentChildren {
  const { all, denied, allowed } = bar;
  const x = index * scale.width + 1;
  const width = Math.max(2, scale.width - 2);
  const top = scale.y(all);
  const heightOf = (value: number): number => (value === 0 ? 0 : Math.max(MIN_HEIGHT, HEIGHT - scale.y(value)));
  const low = heightOf(denied);
  const high = heightOf(allowed);
  const center = x + width / 2;
  return (
    <g class={isDim ? 'off' : ''}>
      {all > 0 && <rect class="all" x={x} y={top} width={width} height={HEIGHT - top} rx="1.5" />}
      {low > 0 && <rect class="deny" x={x} y={HEIGHT - low} width={width} height={low} rx="1.5" />}
      {high > 0 && (
        <rect class="ok" x={x} y={HEIGHT - low - high - (low > 0 ? 1 : 0)} width={width} height={high} rx="1.5" />
      )}
      {denied > 0 && <path class="deny" d={`M${center - 4} ${top - 11}h8l-4 6z`} />}
      {hasNumber && (
        <text class="n" x={center} y={top - 14} text-anchor="middle">
          {number(denied)}
        </text>
      )}
    </g>
  );
}
