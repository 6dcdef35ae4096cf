/** Who is affected: bars by owner, namespace, rule, and registry. A bar is a filter. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Share } from '../report-data.ts';
import type { Actions } from './actions.ts';
import type { Count, Matches } from './match.ts';
import type { Key } from './finding-keys.ts';
import type { Model } from './model.ts';
import type { State } from './state.ts';
import { plain, Text } from './text.tsx';
import { emptyText, type Facet, number } from './words.ts';

interface Props {
  readonly model: Model;
  readonly state: State;
  readonly matches: Matches;
  readonly actions: Actions;
}

export function Facets(props: Props): ComponentChildren {
  const { model } = props;
  const { facets } = model;
  if (facets.length === 0) return null;
  return (
    <section class={`card who n${facets.length}`} aria-label="Who is affected">
      {facets.map(({ key, label }) => (
        <FacetBars key={key} facet={{ key, label }} {...props} />
      ))}
      <p class="foot key">
        {model.run.share === null ? (
          <span>
            <i class="sw deny" />
            {model.denialWords.denied}
          </span>
        ) : (
          <span>
            <i class="sw tick" />
            where the bar would end if everybody were affected alike: past it, hit harder than the rest
          </span>
        )}
        <span>Click filters, Shift-click leaves a value out</span>
      </p>
    </section>
  );
}

const FEW = 5;
/** More bars are no overview. */
const MAX_BARS = 200;

function FacetBars({ facet: { key, label }, model, state, matches, actions }: Props & { readonly facet: Facet }) {
  const [isWide, setWide] = useState(false);
  const counts = sortedCounts(matches.facets.get(key));
  const picked = state.wanted.get(key);
  const shown = withPicked(counts, isWide ? MAX_BARS : FEW, picked);
  const most = Math.max(1, ...shown.map(([, { number: each }]) => each));
  const expected = expectedCounts(key, counts, model);
  const tone = toneOf(state.show);
  return (
    <div role="group" aria-label={label}>
      <h2>
        {label}
        <span class="num">{counts.length > 1 ? number(counts.length) : ''}</span>
      </h2>
      {shown.map(([value, count]) => (
        <Bar
          key={value}
          {...{ name: key, value, count, most, tone }}
          expected={expected(value)}
          how={picked?.get(value)}
          onPick={(how) => actions.filter(key, value, how)}
        />
      ))}
      {counts.length === 0 && <p class="soft none">nothing</p>}
      <More more={counts.length - FEW} isWide={isWide} onClick={() => setWide(!isWide)} />
    </div>
  );
}

type Counted = readonly [value: string, count: Count];

function sortedCounts(counts: ReadonlyMap<string, Count> | undefined): readonly Counted[] {
  return [...(counts ?? [])].toSorted(
    ([left, one], [right, other]) => other.number - one.number || (left < right ? -1 : 1),
  );
}

/** A filter that is in effect has its bar, so that it can be removed. */
function withPicked(
  counts: readonly Counted[],
  most: number,
  picked: ReadonlyMap<string, boolean> | undefined,
): readonly Counted[] {
  const shown = counts.slice(0, most);
  const missing = [...(picked?.keys() ?? [])].filter((value) => !shown.some(([each]) => each === value));
  return [...shown, ...missing.map((value) => counts.find(([each]) => each === value) ?? ([value, NONE] as const))];
}

interface MoreProps {
  readonly more: number;
  readonly isWide: boolean;
  readonly onClick: () => void;
}

function More({ more, isWide, onClick }: MoreProps): ComponentChildren {
  if (more <= 0) return null;
  return (
    <button type="button" class="more" aria-expanded={isWide} onClick={onClick}>
      {isWide ? 'show fewer' : `${number(more)} more`}
    </button>
  );
}

const NONE: Count = { number: 0, denied: 0 };

function toneOf(show: string): string {
  if (show === 'newly-allowed') return 'ok';
  return show === 'warn' || show === 'changed' ? 'warn' : '';
}

/** How often each value would occur if all were affected alike. */
function expectedCounts(key: Key, counts: readonly Counted[], { run }: Model): (value: string) => number | undefined {
  const share = run.share;
  if (share === null || !isShared(key) || run.totals.objects === 0) return () => undefined;
  const sum = counts.reduce((total, [, { number: each }]) => total + each, 0);
  return (value) => {
    const own = share[key][value];
    return own === undefined ? undefined : (own / run.totals.objects) * sum;
  };
}

function isShared(key: Key): key is keyof Share & Key {
  return key === 'owner' || key === 'namespace';
}

interface BarProps {
  readonly name: Key;
  readonly value: string;
  readonly count: Count;
  readonly most: number;
  readonly tone: string;
  readonly expected: number | undefined;
  readonly how: boolean | undefined;
  readonly onPick: (how: boolean | undefined) => void;
}

function Bar({ name, value, count, most, tone, expected, how, onPick }: BarProps): ComponentChildren {
  const width = (each: number): number => Math.min(100, (each / most) * 100);
  const pick = (event: MouseEvent): void => onPick(how === undefined ? !(event.shiftKey || event.altKey) : undefined);
  const title = `${plain(value) || emptyText(name)}: ${number(count.number)}${count.denied > 0 && count.denied < count.number ? `, ${number(count.denied)} denied` : ''}`;
  return (
    <button
      type="button"
      class={`facet${how === false ? ' not' : ''}`}
      aria-pressed={how !== undefined}
      title={title}
      onClick={pick}
    >
      <span class={`name${value === '' ? ' none' : ''}`}>
        {value === '' ? emptyText(name) : <Text value={value} />}
      </span>
      <span class="val num">{number(count.number)}</span>
      {how === false && <span class="sr">left out</span>}
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect class="t" width="100" height="6" rx="1" />
        <rect class={`v ${tone}`} width={width(count.number)} height="6" rx="1" />
        {count.denied > 0 && <rect class="v deny" width={width(count.denied)} height="6" rx="1" />}
        {expected !== undefined && (
          <rect class="x" x={Math.min(99.2, width(expected))} y="-2" width="0.8" height="10" />
        )}
      </svg>
    </button>
  );
}
