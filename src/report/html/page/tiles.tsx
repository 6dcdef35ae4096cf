/** How many objects or findings have each result; a tile is a filter. */
import type { ComponentChildren } from 'preact';
import type { Actions } from './actions.ts';
import type { Matches } from './match.ts';
import type { Model } from './model.ts';
import { isFiltered, type State } from './state.ts';
import { amount, number, type Tile } from './words.ts';

interface Props {
  readonly model: Model;
  readonly state: State;
  readonly matches: Matches;
  readonly actions: Actions;
}

interface CountedTile extends Pick<Tile, 'key' | 'label' | 'note'> {
  readonly tone: Tile['tone'] | undefined;
  readonly count: number;
}

export function Tiles({ model, state, matches, actions }: Props): ComponentChildren {
  return (
    <div class="card tiles" role="group" aria-label="What to show">
      {countedTiles(model, state, matches).map(({ key, label, tone, note, count }) => (
        <button key={key} type="button" aria-pressed={state.show === key} onClick={() => actions.select({ show: key })}>
          <b class="num">{number(count)}</b>
          <i>
            {tone !== undefined && <span class={`dot ${tone}`} />}
            {label}
          </i>
          <small>{note}</small>
        </button>
      ))}
    </div>
  );
}

function countedTiles(model: Model, state: State, { tiles, all }: Matches): readonly CountedTile[] {
  const { run, compares } = model;
  const filtered = isFiltered(state);
  const known: Readonly<Record<string, number>> = run.totals.changes ?? {};
  const counted = model.tiles.map((tile) => ({
    ...tile,
    // Without a filter, reviews without findings count as well.
    count: filtered || !compares ? (tiles.get(tile.key) ?? 0) : (known[tile.key] ?? 0),
  }));
  return [...counted, { key: '', tone: undefined, ...allTile(model, filtered, all) }];
}

function allTile(
  { run, weighs, reviewCount }: Model,
  filtered: boolean,
  all: number,
): Pick<CountedTile, 'label' | 'note' | 'count'> {
  if (!weighs)
    return { label: 'All findings', note: filtered ? 'that match' : `in ${amount(reviewCount, 'object')}`, count: all };
  if (filtered) return { label: 'All reviews', note: 'that match', count: all };
  return { label: 'All reviews', note: 'in the recordings', count: run.totals.objects };
}
