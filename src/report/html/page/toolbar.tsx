/** Search, order, and groups of the table, and the filters that are in effect. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Actions } from './actions.ts';
import { Icon } from './icons.tsx';
import type { Model } from './model.ts';
import type { State } from './state.ts';
import { Text } from './text.tsx';
import { emptyText, GROUPS, number } from './words.ts';

interface Props {
  readonly model: Model;
  readonly state: State;
  readonly shown: number;
  readonly actions: Actions;
}

export const SEARCH_ID = 'search';
/** Filtering waits until the reader pauses. */
const TYPING_MS = 120;

export function Toolbar({ model, state, shown, actions }: Props): ComponentChildren {
  const groups = GROUPS.filter(({ key }) => key !== 'owner' || model.columns.some((column) => column.key === 'owner'));
  return (
    <>
      <div class="find">
        <h2 id="findings">
          Findings
          <span class="num">
            {number(shown)} of {number(model.size)}
          </span>
        </h2>
        <Search
          query={state.query}
          onQuery={(query) => actions.select({ query }, false)}
          // The first letter then does not wait for the index.
          onFocus={() => void model.texts()}
        />
        <label class="field pick narrow">
          <span class="sr">Sort the findings</span>
          <select
            value={state.sort}
            onChange={({ currentTarget: { value } }) => actions.select({ sort: value, descending: value === 'times' })}
          >
            {model.columns.map(({ key, label }) => (
              <option key={key} value={key}>{`Sort: ${label.toLowerCase()}`}</option>
            ))}
          </select>
        </label>
        <label class="field pick">
          <span class="sr">Group the findings</span>
          <select value={state.group} onChange={({ currentTarget: { value } }) => actions.select({ group: value })}>
            {groups.map(({ key, label }) => (
              <option key={key} value={key}>
                {label}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Chips {...{ state, actions }} />
    </>
  );
}

interface SearchProps {
  readonly query: string;
  readonly onQuery: (query: string) => void;
  readonly onFocus: () => void;
}

function Search({ query, onQuery, onFocus }: SearchProps): ComponentChildren {
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef(0);
  useEffect(() => {
    if (input.current !== null && document.activeElement !== input.current) input.current.value = query;
    if (query === '' && input.current !== null) input.current.value = '';
  }, [query]);
  return (
    <label class="field search">
      <Icon name="search" size={15} />
      <span class="sr">Search the findings</span>
      <input
        ref={input}
        id={SEARCH_ID}
        type="search"
        placeholder="Search, or rule:image-tag"
        autocomplete="off"
        spellcheck={false}
        maxLength={500}
        onFocus={onFocus}
        onKeyDown={({ key, currentTarget }) => {
          if (key !== 'Escape') return;
          clearTimeout(timer.current);
          if (currentTarget.value === '') currentTarget.blur();
          currentTarget.value = '';
          onQuery('');
        }}
        onInput={({ currentTarget: { value } }) => {
          clearTimeout(timer.current);
          timer.current = window.setTimeout(() => onQuery(value), TYPING_MS);
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>
  );
}

interface Chip {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly remove: () => void;
}

function Chips({ state, actions }: { readonly state: State; readonly actions: Actions }): ComponentChildren {
  const chips = chipsOf(state, actions);
  if (chips.length === 0) return null;
  return (
    <div class="chips" role="group" aria-label="Filters">
      {chips.map(({ id, label, value, remove }) => (
        <button key={id} type="button" title="Remove this filter" onClick={remove}>
          <span class="sr">Remove filter: </span>
          <span class="lbl">{label}</span>
          <span class="val">
            <Text value={value} />
          </span>
          <Icon name="close" size={11} />
        </button>
      ))}
      {chips.length > 1 && (
        <button type="button" class="all" onClick={actions.clear}>
          Clear all
        </button>
      )}
    </div>
  );
}

function chipsOf({ period, wanted, query }: State, actions: Actions): readonly Chip[] {
  const chips: Chip[] = [];
  if (period !== undefined)
    chips.push({ id: 'day', label: 'day', value: period, remove: () => actions.select({ period: undefined }) });
  for (const [key, values] of wanted)
    for (const [value, isShown] of values) {
      const label = `${isShown ? '' : 'not '}${key}`;
      const remove = (): void => actions.filter(key, value, undefined);
      chips.push({ id: `${key}=${value}`, label, value: value === '' ? emptyText(key) : value, remove });
    }
  if (query !== '') chips.push({ id: 'q', label: 'search', value: query, remove: () => actions.select({ query: '' }) });
  return chips;
}
