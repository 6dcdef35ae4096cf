/** The table of findings: sorted, grouped, and with the open finding below its row. */
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Actions } from './actions.ts';
import { Detail } from './detail.tsx';
import { Icon } from './icons.tsx';
import { type Model, weightOf } from './model.ts';
import { FindingRow, GroupRow } from './row.tsx';
import { groupName, type TableRow, type TableRows } from './rows.ts';
import type { State } from './state.ts';
import { rowButton, type TableKeys, useTableKeys } from './table-keys.ts';
import { useLayout, useRange } from './virtual.ts';
import type { Column } from './words.ts';

interface Props {
  readonly model: Model;
  readonly state: State;
  readonly rows: TableRows;
  readonly closed: ReadonlySet<string>;
  readonly hasKeys: boolean;
  readonly isPrinting: boolean;
  readonly actions: Actions;
  readonly onGroup: (id: string) => void;
}

export const TABLE_ID = 'table';

/** The group tells what its column would. */
export function shownColumns(model: Model, group: string): readonly Column[] {
  return model.columns.filter(({ key }) => key !== group);
}

export function FindingTable(props: Props): ComponentChildren {
  const { model, state, rows, isPrinting, actions } = props;
  const body = useRef<HTMLDivElement>(null);
  const [heights, setHeights] = useState<ReadonlyMap<string, number>>(new Map());
  const layout = useLayout(rows, heights);
  const [from, to] = useRange(body, layout, isPrinting);
  const keepPlace = useSteadyRow(body, rows);
  const toggle = useSame((finding: number): void => {
    keepPlace(finding);
    actions.select({ open: state.open === finding ? undefined : finding }, false);
  });
  const keys = useTableKeys({ ...props, body, layout, toggle });
  useKeptFocus(body, from, to);
  const columns = useMemo(() => shownColumns(model, state.group), [model, state.group]);
  const isPart = layout.isVirtual && !isPrinting;
  const padding = isPart
    ? {
        paddingTop: `${layout.offsets[from] ?? 0}px`,
        paddingBottom: `${(layout.offsets.at(-1) ?? 0) - (layout.offsets[to] ?? 0)}px`,
      }
    : { paddingTop: '', paddingBottom: '' };
  const compares = model.compares ? 'replay' : 'check';
  return (
    <div
      id={TABLE_ID}
      class={`card table ${compares} k-${state.group}`}
      role="table"
      aria-label="Findings"
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length}
      tabIndex={-1}
    >
      <Head {...{ columns, state, actions }} />
      <div class="body" role="rowgroup" ref={body} style={padding}>
        {rowsIn(rows, from, to).map((row, index) => (
          <Row
            key={row.id}
            {...{ ...props, row, columns, toggle, keys }}
            position={from + index + 2}
            onHeight={(id, height) => setHeights((before) => new Map(before).set(id, height))}
          />
        ))}
      </div>
    </div>
  );
}

function rowsIn(rows: TableRows, from: number, to: number): readonly TableRow[] {
  return Array.from({ length: to - from }, (_, index) => rows.at(from + index));
}

interface HeadProps {
  readonly columns: readonly Column[];
  readonly state: State;
  readonly actions: Actions;
}

function Head({ columns, state, actions }: HeadProps): ComponentChildren {
  const sortBy = (key: string): void =>
    actions.select({ sort: key, descending: state.sort === key ? !state.descending : key === 'times' });
  return (
    <div role="rowgroup">
      <div class="tr th" role="row" aria-rowindex={1}>
        {columns.map(({ key, label }) => (
          <div
            key={key}
            role="columnheader"
            class={`c-${key}`}
            {...(state.sort === key ? { 'aria-sort': state.descending ? 'descending' : 'ascending' } : {})}
          >
            <button type="button" onClick={() => sortBy(key)}>
              {label}
              <Icon name="down" size={11} />
            </button>
          </div>
        ))}
      </div>
    </div>
  );
}

interface RowProps extends Props {
  readonly row: TableRow;
  readonly position: number;
  readonly columns: readonly Column[];
  readonly toggle: (finding: number) => void;
  readonly keys: TableKeys;
  readonly onHeight: (id: string, height: number) => void;
}

function Row({ row, position, columns, toggle, keys, onHeight, ...props }: RowProps): ComponentChildren {
  const { model, state, closed, actions, onGroup } = props;
  const { id } = row;
  if (row.type === 'group')
    return (
      <GroupRow
        {...{
          position,
          group: row.group,
          name: groupName(model, row.group, state.group),
          denialWord: model.denialWords.denied,
          weighs: model.weighs,
          columns: columns.length,
        }}
        isOpen={!closed.has(id)}
        onToggle={() => onGroup(id)}
      />
    );
  if (row.type === 'detail')
    return (
      <Measured onHeight={(height) => onHeight(id, height)}>
        <Detail
          item={row.item}
          rule={model.report.rules[row.item.finding.rule]}
          {...{ actions, origin: model.report.origin, columns: columns.length }}
          hasPeers={model.run.agreement !== null}
        />
      </Measured>
    );
  return (
    <FindingRow
      {...{ item: row.item, position }}
      isOpen={state.open === row.item.index}
      isCurrent={keys.current === row.item.index}
      columns={columns}
      times={weightOf(
        model,
        row.item,
        model.periods.find((period) => period.id === state.period),
      )}
      periods={model.periods}
      linkBase={model.report.origin.linkBase}
      onToggle={toggle}
      onFocus={keys.setCurrent}
    />
  );
}

interface MeasuredProps {
  readonly onHeight: (height: number) => void;
  readonly children: ComponentChildren;
}

/** `display: contents`, so that the rows are children of the body for the browser. */
function Measured({ onHeight, children }: MeasuredProps): ComponentChildren {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const observed = box.current?.firstElementChild;
    if (!observed) return undefined;
    let last = 0;
    const observer = new ResizeObserver(() => {
      const { height } = observed.getBoundingClientRect();
      if (height > 0 && Math.abs(height - last) > 1) onHeight((last = height));
    });
    observer.observe(observed);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={box} class="measured" role="presentation">
      {children}
    </div>
  );
}

/** The same function each time, which calls the latest. */
function useSame(call: (finding: number) => void): (finding: number) => void {
  const latest = useRef(call);
  latest.current = call;
  return useCallback((finding) => latest.current(finding), []);
}

/** The row that is clicked stays where it is when the open finding above it closes. */
function useSteadyRow(body: { readonly current: HTMLElement | null }, rows: TableRows): (finding: number) => void {
  const place = useRef<{ readonly finding: number; readonly top: number } | undefined>(undefined);
  const topOf = (finding: number): number | undefined => rowButton(body.current, finding)?.getBoundingClientRect().top;
  useLayoutEffect(() => {
    const before = place.current;
    place.current = undefined;
    const top = before && topOf(before.finding);
    if (before !== undefined && top !== undefined && top !== before.top) scrollBy(0, top - before.top);
  }, [rows]);
  return (finding) => {
    const top = topOf(finding);
    place.current = top === undefined ? undefined : { finding, top };
  };
}

/** When the row with the focus leaves the page, the table takes the focus, so that the keyboard stays in it. */
function useKeptFocus(body: { readonly current: HTMLElement | null }, from: number, to: number): void {
  const hadFocus = useRef(false);
  useLayoutEffect(() => {
    if (hadFocus.current && document.activeElement === document.body)
      document.getElementById(TABLE_ID)?.focus({ preventScroll: true });
    hadFocus.current = body.current?.contains(document.activeElement) ?? false;
  });
  useEffect(() => {
    const update = (): void => {
      hadFocus.current = body.current?.contains(document.activeElement) ?? false;
    };
    addEventListener('focusin', update);
    return () => removeEventListener('focusin', update);
  }, [from, to]);
}
